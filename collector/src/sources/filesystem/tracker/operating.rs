//! What each operation does to what is known, watched and told.

use std::path::Path;

use daemoneye_eventbus::event::FilesystemOperation;
use tracing::warn;

use super::super::event::{STILL_OPEN, add_metadata, shown};
use super::super::notice::Stamp;
use super::super::operation::{Operation, Settled};
use super::super::sight::Sight;
use super::super::system::System;
use super::listing::Listing;
use super::looking::Glimpse;
use super::{RETURN_POLL_NS, Tracker, is_folder};

impl<S: System> Tracker<S> {
    pub(super) fn apply(&mut self, operation: Operation) {
        let Operation { path, what, at } = operation;
        match what {
            Settled::Created => self.create(&path, at),
            Settled::MovedIn => self.move_in(&path, at),
            Settled::Modified { still_open } => self.modify(&path, still_open, at),
            Settled::Attributes => self.touch(&path, FilesystemOperation::Attributes, at),
            Settled::Accessed => self.touch(&path, FilesystemOperation::Accessed, at),
            Settled::Deleted => self.delete(&path, false, at),
            Settled::MovedOut => self.delete(&path, true, at),
            // Of any other folder, the one it is in has said more.
            Settled::MovedAway if self.scope.is_start(&path) => self.delete(&path, true, at),
            Settled::MovedAway => {}
            Settled::Renamed { from } => self.rename(&from, &path, at),
            Settled::Changed { content } => self.look_at(vec![Glimpse { path, content, at }]),
        }
    }

    pub(super) fn create(&mut self, path: &Path, at: Stamp) {
        let is_entered = self.folders.contains(path);
        if is_entered && !self.known.is_complete() {
            // A listing has told it, and nobody remembers.
            return;
        }
        let sight = self.system.look(path);
        let is_news = self.known.appear(path, sight);
        if is_news {
            self.tell(FilesystemOperation::Created, path, sight, at);
        }
        if is_folder(sight) && !is_entered {
            self.enter(if is_news { Listing::of_new(path, true) } else { Listing::again(path) });
        }
    }

    pub(super) fn move_in(&mut self, path: &Path, at: Stamp) {
        let sight = self.system.look(path);
        let is_news = !self.known.is_known_as(path, sight);
        if is_news {
            // It takes the place of what was there, and nothing is left of what was below that.
            self.leave(path, false);
            let gone = self.known.vanish(path);
            for below in gone.iter().filter(|gone| gone.as_path() != path) {
                self.tell(FilesystemOperation::Deleted, below, None, at);
            }
            self.known.appear(path, sight);
            self.tell(FilesystemOperation::Created, path, sight, at);
        }
        if is_folder(sight) && !self.folders.contains(path) {
            self.enter(if is_news { Listing::of_new(path, false) } else { Listing::again(path) });
        }
    }

    pub(super) fn modify(&mut self, path: &Path, still_open: bool, at: Stamp) {
        let sight = self.system.look(path);
        if sight.is_none() && self.known.is_unknown(path) {
            return;
        }
        self.known.refresh(path, sight);
        self.known.tell_content(path);
        let digest = self.digest(path, sight);
        if let Some(event) = self.tell(FilesystemOperation::Modified, path, sight, at) {
            event.content_sha256 = digest.map(Into::into);
            if still_open {
                add_metadata(event, STILL_OPEN, "true");
            }
        }
    }

    /// Attributes changed, or it was opened.
    pub(super) fn touch(&mut self, path: &Path, operation: FilesystemOperation, at: Stamp) {
        let sight = self.system.look(path);
        let is_old = sight.is_none() && self.known.is_unknown(path);
        // Folders are opened to be listed, above all by this source.
        let is_listed = operation == FilesystemOperation::Accessed && is_folder(sight);
        if is_old || is_listed {
            return;
        }
        self.known.refresh(path, sight);
        self.tell(operation, path, sight, at);
    }

    /// It is gone, or gone elsewhere, and so is all that is known below it.
    pub(super) fn delete(&mut self, path: &Path, is_elsewhere: bool, at: Stamp) {
        self.leave(path, is_elsewhere);
        for gone in self.known.vanish(path) {
            self.tell(FilesystemOperation::Deleted, &gone, None, at);
        }
        if self.scope.is_start(path) && self.gone.insert(path.to_owned()) {
            warn!(path = %path.display(), "what is watched is gone");
            self.look_for_gone_ns = self.now.monotonic_ns.saturating_add(RETURN_POLL_NS);
        }
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path, at: Stamp) {
        self.leave(from, true);
        if self.known.is_unknown(from) {
            // A listing has told it by its new name, or it never had the old one here.
            self.move_in(to, at);
            return;
        }
        self.leave(to, false);
        self.known.rename(from, to);
        let sight = self.system.look(to);
        self.known.refresh(to, sight);
        if let Some(event) = self.tell(FilesystemOperation::Renamed, to, sight, at) {
            event.previous_path = Some(shown(from));
        }
        if is_folder(sight) {
            self.enter(Listing::again(to));
        } else if sight.is_some() {
            // A folder may have come by the old name since, and was looked at for this.
            for below in self.known.clear_below(to) {
                self.tell(FilesystemOperation::Deleted, &below, None, at);
            }
        }
    }

    fn digest(&mut self, path: &Path, sight: Option<Sight>) -> Option<String> {
        let limit_bytes = self.hash_limit_bytes?;
        let file = sight.filter(|sight| sight.is_file() && sight.size_bytes <= limit_bytes)?;
        self.hashed_bytes = self.hashed_bytes.saturating_add(file.size_bytes);
        self.system.digest(path, limit_bytes)
    }
}
