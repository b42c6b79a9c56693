//! What a broker writes down so that the next one, after it was killed, knows its clients (W6):
//! digests of session keys, and the subscriptions that publishers may wait for.
//!
//! Entries are appended as things change, and nothing waits for the disk: what a killed process has
//! written is in the system's hands. A host that stops takes its clients with it. Events are not
//! written down; their publishers keep them.

mod entry;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::subscription::Life;
use crate::acl::Principal;
use crate::contract::EventSubscription;
use crate::identity::{SecretDigest, mode_open_to_others, private};
use entry::Entry;

/// The longest a journal gets, bytes. A subscription that does not fit is not written down: after a
/// restart nobody waits for it.
pub const MAX_JOURNAL_BYTES: usize = 16 << 20;
/// What every journal begins with: a file that does not is somebody else's.
const HEAD: &[u8] = b"eventbus journal 1\n";
/// A journal is written anew when so much of it is of the past, bytes, and half of it.
const COMPACT_AT_BYTES: usize = 64 << 10;

/// Why there is no journal.
#[derive(Debug, Error)]
pub enum JournalError {
    /// It cannot be read or written.
    #[error("cannot use the journal {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may read or write it.
    #[error("the journal {} may be read by others (mode {mode:03o}); it must be its owner's alone: chmod 600", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It holds something else, which is left as it is.
    #[error("{} is no journal of a broker: name another file", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Another broker uses it.
    #[error("the journal {} is in use by another broker", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
}

/// An open journal; no other broker opens it as long as it is.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// A file beside it, locked: the journal itself is replaced now and then, and a lock would stay
    /// with the one that went.
    _lock: File,
    /// What it says today, encoded, by what it is about.
    live: BTreeMap<About, Vec<u8>>,
    live_bytes: usize,
    bytes: usize,
    /// A write failed: what is new is not remembered.
    is_broken: bool,
}

/// What an entry is about; the later of two is what holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Key { id: String },
    Subscription { id: String },
}

/// What an earlier broker has left.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    pub(super) keys: Vec<(Principal, SecretDigest)>,
    pub(super) subscriptions: Vec<(Life, EventSubscription)>,
}

impl Journal {
    /// Opens a journal, or begins one; what its last broker has left.
    ///
    /// It may end within an entry, where that broker was killed: the rest is cut off.
    pub(super) fn open(path: &Path) -> Result<(Self, Recovered), JournalError> {
        let failed = |source| JournalError::Io { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        private(options.read(true).write(true).create(true).truncate(false));
        // Made, so that it has a name of its own: by whatever names it is called, it has one lock.
        options.open(path).map_err(failed)?;
        let path = &path.canonicalize().map_err(failed)?;
        let lock_path = path.with_added_extension("lock");
        let lock = options.open(&lock_path).map_err(failed)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => JournalError::InUse { path: path.to_owned() },
            TryLockError::Error(source) => failed(source),
        })?;
        // Only now, as another broker may have replaced it until it had to let go.
        let mut file = options.open(path).map_err(failed)?;
        if let Some(mode) = mode_open_to_others(&file).map_err(failed)? {
            return Err(JournalError::Open { path: path.to_owned(), mode });
        }
        let mut bytes = Vec::new();
        let limit = MAX_JOURNAL_BYTES as u64;
        Read::by_ref(&mut file).take(limit).read_to_end(&mut bytes).map_err(failed)?;
        // A broker that was killed may have left the beginning of the head.
        if HEAD.starts_with(&bytes) {
            file.rewind().and_then(|()| file.write_all(HEAD)).map_err(failed)?;
            bytes = HEAD.to_vec();
        }
        let Some(entries) = bytes.strip_prefix(HEAD) else {
            return Err(JournalError::Foreign { path: path.to_owned() });
        };
        let (live, valid) = entry::read_all(entries);
        let valid = HEAD.len() + valid;
        file.set_len(valid as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
        let recovered = entry::recover(live.values());
        let journal = Self {
            path: path.to_owned(),
            live_bytes: live.values().map(Vec::len).sum(),
            live,
            file,
            _lock: lock,
            bytes: valid,
            is_broken: false,
        };
        Ok((journal, recovered))
    }

    /// A session key was opened.
    pub(super) fn key_opened(&mut self, principal: &Principal, digest: &SecretDigest) {
        self.set(Entry::key(principal, digest));
    }

    /// A subscription began, or goes on.
    pub(super) fn subscribed(&mut self, life: &Life, subscription: &EventSubscription) {
        self.set(Entry::subscription(life, subscription));
    }

    /// A subscription ended, if it was written down.
    pub(super) fn ended(&mut self, id: &str) {
        let about = About::Subscription { id: id.to_owned() };
        let Some(before) = self.live.remove(&about) else { return };
        self.live_bytes -= before.len();
        self.append(&Entry::ended(id).bytes);
    }

    /// The broker ends in order: nobody will come back to what it had.
    pub(super) fn clear(&mut self) {
        self.live.clear();
        self.live_bytes = 0;
        let wrote = self.write_anew();
        self.note(wrote);
    }

    fn set(&mut self, entry: Entry) {
        let Entry { about, bytes } = entry;
        let before = self.live.get(&about).map_or(0, Vec::len);
        if self.live_bytes - before + bytes.len() > MAX_JOURNAL_BYTES / 2 {
            tracing::warn!(?about, "no room in the journal; it is not remembered");
            if self.live.remove(&about).is_some() {
                // What it was before holds no longer: it must not come back.
                self.live_bytes -= before;
                let wrote = self.write_anew();
                self.note(wrote);
            }
            return;
        }
        self.append(&bytes);
        self.live_bytes = self.live_bytes - before + bytes.len();
        self.live.insert(about, bytes);
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.is_broken {
            return;
        }
        let past = self.bytes.saturating_sub(self.live_bytes);
        let is_mostly_past = past > COMPACT_AT_BYTES.max(self.live_bytes);
        let wrote = if is_mostly_past || self.bytes + bytes.len() > MAX_JOURNAL_BYTES {
            self.write_anew().and_then(|()| self.write(bytes))
        } else {
            self.write(bytes)
        };
        self.note(wrote);
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.bytes += bytes.len();
        Ok(())
    }

    fn note(&mut self, wrote: io::Result<()>) {
        if let Err(error) = wrote {
            self.is_broken = true;
            let path = self.path.display();
            tracing::error!(%path, %error, "the journal cannot be written; what is new is not remembered");
        }
    }

    /// Writes what holds today, and nothing of the past. Beside the old one first, so that a broker that
    /// is killed meanwhile leaves one of the two whole.
    fn write_anew(&mut self) -> io::Result<()> {
        let live = self.live.values().flatten();
        let whole: Vec<u8> = HEAD.iter().chain(live).copied().collect();
        let beside = self.path.with_added_extension("new");
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        // New, so that nobody has had it open since before its mode was set.
        options.read(true).write(true).create_new(true);
        let mut file = private(&mut options).open(&beside)?;
        file.write_all(&whole)?;
        // The old one is closed before it is replaced: Windows replaces no open file.
        self.file = file;
        self.bytes = whole.len();
        std::fs::rename(&beside, &self.path)
    }
}

#[cfg(test)]
mod tests;
