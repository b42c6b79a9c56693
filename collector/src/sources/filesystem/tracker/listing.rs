//! Watching and listing folders: the first time, when they are new, and to compare.

use std::path::{Path, PathBuf};
use std::{io, mem};

use daemoneye_eventbus::event::FilesystemOperation;
use tracing::warn;

use super::super::coverage::MORE_WATCHES;
use super::super::event::{DROPPED, OVERFLOW, REASON, add_metadata};
use super::super::folders::Refusal;
use super::super::notice::{Happening, What};
use super::super::sight::{Difference, Sight};
use super::super::system::{System, WatchError};
use super::{Overflow, RETURN_POLL_NS, Tracker, is_folder};

/// A folder to watch and list.
#[derive(Debug)]
pub(super) struct Listing {
    folder: PathBuf,
    purpose: Purpose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To know what is there; nothing is told.
    First,
    /// To tell what is in a folder that appeared; one that was made here was filled here, too.
    New { is_made: bool },
    /// To tell how it differs from what is known.
    Again,
}

impl Listing {
    pub(super) fn first(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), purpose: Purpose::First }
    }

    pub(super) fn of_new(folder: &Path, is_made: bool) -> Self {
        Self { folder: folder.to_owned(), purpose: Purpose::New { is_made } }
    }

    pub(super) fn again(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), purpose: Purpose::Again }
    }

    pub(super) fn is_first(&self) -> bool {
        self.purpose == Purpose::First
    }
}

impl<S: System> Tracker<S> {
    /// Lets a folder be watched and listed, if it shall be.
    pub(super) fn enter(&mut self, listing: Listing) {
        if self.scope.enters(&listing.folder) {
            self.listings.push_back(listing);
        }
    }

    /// Watches a folder, lists it, and does with it what it was entered for.
    pub(super) fn list(&mut self, listing: Listing) {
        let Listing { folder, purpose } = listing;
        let entries = match self.watch_and_list(&folder) {
            Ok(entries) => entries,
            Err(WatchError::Refused(refusal)) => return self.refuse(&folder, refusal),
            // The folder it was in says so; where nobody watches that, it is seen here.
            Err(WatchError::Gone) if self.scope.is_start(&folder) => {
                return self.delete(&folder, false, self.now);
            }
            Err(WatchError::Gone) => return,
        };
        self.watch_files(&entries);
        match purpose {
            Purpose::First => self.learn(&entries),
            Purpose::New { is_made } => {
                for (path, sight) in entries {
                    self.find(&path, sight, is_made);
                }
            }
            Purpose::Again => self.compare(&folder, &entries),
        }
    }

    /// Tells that notices were lost. The other half of a rename is not waited for: it may be among
    /// them.
    pub(super) fn tell_loss(&mut self, overflow: &Overflow) {
        let left = self.fold.end_all_departures();
        self.apply_all(left);
        self.tell_bulk(OVERFLOW, overflow.dropped);
    }

    /// Tells on every watched path that anything may have happened there.
    pub(super) fn tell_bulk(&mut self, reason: &str, dropped: u64) {
        let roots: Vec<_> = self.scope.roots().map(Path::to_owned).collect();
        for root in roots {
            let sight = self.system.look(&root);
            if let Some(event) = self.tell(FilesystemOperation::Bulk, &root, sight, self.now) {
                add_metadata(event, REASON, reason);
                if dropped > 0 {
                    add_metadata(event, DROPPED, &dropped.to_string());
                }
            }
        }
    }

    /// Lets everything be compared. Folders may have moved unseen, and their watches speak of where
    /// they were; or they have failed, and nobody told: such watches are set anew.
    pub(super) fn compare_all(&mut self) {
        let starts: Vec<_> = self.scope.starts().cloned().collect();
        for start in starts {
            if self.dialect.watches_each_folder() || self.dialect.loses_silently() {
                self.leave(&start, true);
            }
            let complete = self.known.is_complete();
            self.enter(if complete { Listing::again(&start) } else { Listing::first(&start) });
        }
    }

    /// Looks whether a folder to begin with that is gone is back, or has come as a file.
    pub(super) fn look_for_gone(&mut self) {
        self.look_for_gone_ns = self.now.monotonic_ns.saturating_add(RETURN_POLL_NS);
        for path in mem::take(&mut self.gone) {
            let sight = self.system.look(&path);
            if is_folder(sight) {
                self.come_back(&path);
            } else if !sight.is_some_and(|sight| self.come_as_file(&path, sight)) {
                self.gone.insert(path);
            }
        }
    }

    /// Unless the folder it is in is watched, and has said so.
    fn come_back(&mut self, folder: &Path) {
        if !self.folders.contains(folder) {
            self.system.unwatch(folder);
            self.move_in(folder, self.now);
        }
    }

    /// Whether it is wanted as a file; it is watched through its folder from then on.
    fn come_as_file(&mut self, path: &Path, sight: Sight) -> bool {
        let folder = if sight.is_file() { self.scope.turn_to_file(path) } else { None };
        match folder {
            Some(folder) if self.folders.contains(&folder) => self.find(path, sight, false),
            Some(folder) => self.enter(Listing::of_new(&folder, false)),
            None => return false,
        }
        true
    }

    /// What is in a folder that is watched from now on, as far as anybody wants to know.
    fn watch_and_list(&mut self, folder: &Path) -> Result<Vec<(PathBuf, Sight)>, WatchError> {
        let is_watched_for_itself =
            self.dialect.watches_each_folder() || self.scope.is_start(folder);
        let watched = if !is_watched_for_itself {
            Ok(())
        } else if self.folders.is_full() && !self.folders.contains(folder) {
            Err(WatchError::Refused(Refusal::NoneLeft))
        } else {
            self.system.watch(folder)
        };
        match watched {
            Ok(()) => self.grant(folder),
            Err(WatchError::Refused(refusal)) => self.refuse(folder, refusal),
            Err(WatchError::Gone) => return Err(WatchError::Gone),
        }
        let listing = self.system.list(folder).map_err(|error| list_error(&error))?;
        Ok(listing.into_iter().filter(|(path, _)| self.scope.reports(path)).collect())
    }

    fn grant(&mut self, folder: &Path) {
        if !self.folders.is_full() {
            self.folders.enter(folder, None);
        }
    }

    /// A path is not watched, or not listed; the first time is worth a word.
    fn refuse(&mut self, path: &Path, refusal: Refusal) {
        let is_out_of_watches = refusal == Refusal::NoneLeft;
        let reason = refusal.to_string();
        if !self.folders.is_full() && self.folders.enter(path, Some(refusal)) {
            let remedy = if is_out_of_watches { MORE_WATCHES } else { "see its permissions" };
            let path = path.display();
            warn!(%path, reason, remedy, "cannot watch; there may be more");
        }
    }

    /// Files that need a watch of their own get one.
    fn watch_files(&mut self, entries: &[(PathBuf, Sight)]) {
        if !self.dialect.watches_each_file() {
            return;
        }
        for (path, _) in entries.iter().filter(|(_, sight)| !sight.is_folder()) {
            if let Err(WatchError::Refused(refusal)) = self.system.watch(path) {
                self.refuse(path, refusal);
            }
        }
    }

    fn learn(&mut self, entries: &[(PathBuf, Sight)]) {
        for (path, sight) in entries {
            self.known.put(path, Some(*sight));
            self.known.tell_content(path);
            if sight.is_folder() {
                self.enter(Listing::first(path));
            }
        }
    }

    /// Something is found in a folder; it is told unless it has been.
    pub(super) fn find(&mut self, path: &Path, sight: Sight, is_made: bool) {
        let at = self.now;
        let is_news = self.known.appear(path, Some(sight));
        if is_news {
            self.tell(FilesystemOperation::Created, path, Some(sight), at);
            if is_made && sight.has_content() {
                let settled = self.fold.find_written(path.to_owned(), at);
                self.apply_all(settled);
            }
        }
        if sight.is_folder() && !self.folders.contains(path) {
            self.enter(if is_news { Listing::of_new(path, is_made) } else { Listing::again(path) });
        }
    }

    /// Tells how the content of a folder differs from what is known.
    fn compare(&mut self, folder: &Path, entries: &[(PathBuf, Sight)]) {
        let at = self.now;
        let comparison = self.known.compare(folder, entries);
        let is_known_folder =
            |(path, sight): &&(PathBuf, Sight)| sight.is_folder() && self.known.contains(path);
        let kept: Vec<_> = entries.iter().filter(is_known_folder).cloned().collect();
        for (from, to) in comparison.renamed {
            self.rename(&from, &to, at);
        }
        for path in comparison.missing {
            self.delete(&path, true, at);
        }
        for (path, sight) in comparison.found {
            self.find(&path, sight, true);
        }
        for (path, sight, difference) in comparison.changed {
            self.differ(&path, sight, difference);
        }
        for (path, _) in kept {
            self.enter(Listing::again(&path));
        }
    }

    /// Tells a difference; where notices may be on their way that say the same, it waits for them.
    fn differ(&mut self, path: &Path, sight: Sight, difference: Difference) {
        let at = self.now;
        if difference.another {
            self.delete(path, true, at);
            self.find(path, sight, true);
            return;
        }
        self.known.put(path, Some(sight));
        let mut settled = Vec::new();
        if difference.content && self.dialect.tells_closing() {
            settled.append(&mut self.fold.find_written(path.to_owned(), at));
        } else if difference.content {
            self.modify(path, false, at);
        }
        if difference.attributes {
            let path = path.to_owned();
            settled.append(&mut self.fold.take(Happening { path, what: What::Attributes, at }));
        }
        self.apply_all(settled);
    }
}

/// What is no folder any more is gone as one.
fn list_error(error: &io::Error) -> WatchError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => WatchError::Gone,
        _ => WatchError::Refused(Refusal::Other { reason: error.to_string() }),
    }
}
