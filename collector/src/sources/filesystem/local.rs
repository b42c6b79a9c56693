//! The system this runs on: the library's watcher, and the files themselves.
//!
//! The watcher calls back on a thread of its own, which must never wait: what it says goes into a
//! bounded channel, and what finds no room there is counted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use notify::{Config, ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tracing::{debug, warn};

use super::dialect::Dialect;
use super::digest::digest;
use super::folders::Refusal;
use super::notice::{Notice, Stamp};
use super::sight::{Sight, look};
use super::system::{System, WatchError};
use super::translate::translate;

/// Notices that wait for the source; as many as Linux itself keeps for a watcher.
const QUEUED_NOTICES: usize = 16_384;
/// Notices taken at once.
const BATCH: usize = 1_024;

/// The watcher of this system.
#[derive(Debug)]
pub(super) struct LocalSystem {
    watcher: RecommendedWatcher,
    mode: RecursiveMode,
}

/// What the watcher says.
#[derive(Debug)]
pub(super) struct Feed {
    notices: mpsc::Receiver<Notice>,
    /// How many found no room since the last time.
    dropped: Arc<AtomicU64>,
}

impl LocalSystem {
    /// A watcher that watches nothing yet, and what it will say.
    pub(super) fn open(
        dialect: Dialect,
        recursive: bool,
        accesses: bool,
    ) -> notify::Result<(Self, Feed)> {
        let (sender, notices) = mpsc::channel(QUEUED_NOTICES);
        let dropped = Arc::<AtomicU64>::default();
        let counter = Arc::clone(&dropped);
        let listen = move |said: notify::Result<Event>| {
            for notice in heard(said, dialect, accesses) {
                if sender.try_send(notice).is_err() {
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        let config = Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(listen, config)?;
        let whole_trees = recursive && !dialect.watches_each_folder();
        let mode = if whole_trees { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        Ok((Self { watcher, mode }, Feed { notices, dropped }))
    }
}

/// An error of the watcher means that it did not say all it had to.
fn heard(said: notify::Result<Event>, dialect: Dialect, accesses: bool) -> Vec<Notice> {
    let at = Stamp::now();
    match said {
        Ok(event) => translate(event, dialect, accesses, at),
        Err(error) => {
            warn!(%error, "the system's watcher failed");
            vec![Notice::Overflow { at, dropped: 0 }]
        }
    }
}

impl System for LocalSystem {
    fn watch(&mut self, path: &Path) -> Result<(), WatchError> {
        self.watcher.watch(path, self.mode).map_err(|error| match path.try_exists() {
            // On Windows the library says no more than that it will not.
            Ok(false) => WatchError::Gone,
            _ => watch_error(&error),
        })
    }

    fn unwatch(&mut self, path: &Path) {
        // The library forgets by itself what is gone.
        if let Err(error) = self.watcher.unwatch(path) {
            debug!(path = %path.display(), %error, "was not watched");
        }
    }

    fn look(&self, path: &Path) -> Option<Sight> {
        look(path).ok()
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<(PathBuf, Sight)>> {
        let mut listing = Vec::new();
        for entry in folder.read_dir()? {
            let entry = entry?;
            // One that is gone by now is told as removed.
            if let Ok(metadata) = entry.metadata() {
                listing.push((entry.path(), Sight::of(&metadata)));
            }
        }
        listing.sort_by(|(path, _), (other, _)| path.cmp(other));
        Ok(listing)
    }

    fn digest(&self, path: &Path, limit_bytes: u64) -> Option<String> {
        digest(path, limit_bytes)
            .inspect_err(|error| debug!(path = %path.display(), %error, "cannot hash"))
            .ok()
            .flatten()
    }
}

fn watch_error(error: &notify::Error) -> WatchError {
    match &error.kind {
        ErrorKind::PathNotFound => WatchError::Gone,
        ErrorKind::Io(cause) if cause.kind() == io::ErrorKind::NotFound => WatchError::Gone,
        ErrorKind::Io(cause) => refused(cause.to_string()),
        ErrorKind::MaxFilesWatch => WatchError::Refused(Refusal::NoneLeft),
        _ => refused(error.to_string()),
    }
}

fn refused(reason: String) -> WatchError {
    WatchError::Refused(Refusal::Other { reason })
}

impl Feed {
    /// Waits for notices and takes those that are there; none when the watcher has ended. Cancel
    /// safe.
    pub(super) async fn wait(&mut self, notices: &mut Vec<Notice>) -> usize {
        self.notices.recv_many(notices, BATCH).await
    }

    /// Takes what is there now, up to a batch.
    pub(super) fn take_batch(&mut self, notices: &mut Vec<Notice>) {
        self.take(notices, BATCH);
    }

    /// Takes all that is there at the end.
    pub(super) fn take_rest(&mut self, notices: &mut Vec<Notice>) {
        self.notices.close();
        self.take(notices, QUEUED_NOTICES);
    }

    /// Takes what is there, and says what is missing.
    fn take(&mut self, notices: &mut Vec<Notice>, most: usize) {
        let ready = std::iter::from_fn(|| self.notices.try_recv().ok());
        notices.extend(ready.take(most));
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            notices.push(Notice::Overflow { at: Stamp::now(), dropped });
        }
    }
}
