//! From what the system says to what is told: notices are folded, paths looked at, folders
//! watched and listed, and what is known kept. All that touches the system goes through
//! [`System`], so that the rest can be tried on one that is made up.
//!
//! Two rules keep it right whatever comes late. What is known is exactly what has been told. And a
//! folder is watched first and listed then: what came before is in the listing, what comes after
//! is said, and what is both is known by then. A look sees the present, a notice speaks of the
//! past; where they disagree, the notices that put it right are on their way.

mod listing;
mod looking;
mod operating;

use std::collections::{BTreeSet, VecDeque};
use std::mem;
use std::path::{Path, PathBuf};
use std::time::Duration;

use daemoneye_eventbus::FilesystemEvent;
use daemoneye_eventbus::event::FilesystemOperation;
use tracing::warn;

use self::listing::Listing;
use self::looking::Glimpse;
use super::coverage::{Coverage, MOST_NAMED};
use super::dialect::Dialect;
use super::event::{EARLIER_LOSS, event};
use super::fold::Fold;
use super::folders::Folders;
use super::known::Known;
use super::notice::{Notice, Stamp};
use super::operation::{Operation, Settled};
use super::scope::Scope;
use super::sight::Sight;
use super::system::System;
use crate::config::FsmondConfig;

/// Events after which a step ends, so that they are sent before more are made.
const EVENTS_PER_STEP: usize = 4_096;
/// Listings after which a step ends, so that a signal to stop is seen.
const LISTINGS_PER_STEP: usize = 256;
/// Bytes of hashed files after which a step ends, for the same reason; the last file may be longer.
const HASHED_BYTES_PER_STEP: u64 = 64 << 20;
/// How often it is looked whether a folder that is gone is back.
const RETURN_POLL_NS: u64 = 5_000_000_000;
/// How often everything is compared where nobody tells that something was lost: to list very many
/// folders takes seconds.
const COMPARISON_NS: u64 = 600_000_000_000;

/// Keeps track of what is watched.
#[derive(Debug)]
pub(super) struct Tracker<S> {
    system: S,
    dialect: Dialect,
    scope: Scope,
    /// Size up to which files are hashed, bytes; `None` to hash none.
    hash_limit_bytes: Option<u64>,
    /// Bytes hashed in this step.
    hashed_bytes: u64,
    max_known_paths: usize,
    settle_ns: u64,
    fold: Fold,
    known: Known,
    folders: Folders,
    /// Folders to watch and list before anything else, in this order.
    listings: VecDeque<Listing>,
    /// Notices to take, in this order.
    backlog: VecDeque<Notice>,
    /// Notices that were lost, until everything is compared.
    overflow: Option<Overflow>,
    overflows: u64,
    /// When to compare everything though nothing is known to be lost, monotonic nanoseconds; `None`
    /// where losses are told, and before everything is watched.
    comparison_ns: Option<u64>,
    /// Folders to begin with that are not there, or not any more.
    gone: BTreeSet<PathBuf>,
    /// When to look for them, monotonic nanoseconds.
    look_for_gone_ns: u64,
    /// The present, as the step was told.
    now: Stamp,
    told: Vec<FilesystemEvent>,
}

/// What came of a step.
#[derive(Debug)]
pub(super) struct Advanced {
    pub(super) events: Vec<FilesystemEvent>,
    /// Whether there is more to do at once, before anything new is taken in.
    pub(super) is_more: bool,
}

/// Notices that were lost in short succession.
#[derive(Debug)]
struct Overflow {
    /// How many were counted.
    dropped: u64,
    /// When everything will be compared, monotonic nanoseconds.
    due_ns: u64,
}

impl<S: System> Tracker<S> {
    /// A tracker that will watch everything in its scope with its first steps, and tell nothing of
    /// what it finds then.
    pub(super) fn new(system: S, dialect: Dialect, scope: Scope, config: &FsmondConfig) -> Self {
        let mut known = Known::new(config.max_known_paths);
        let (mut listings, mut gone) = (VecDeque::new(), BTreeSet::new());
        for start in scope.starts() {
            let Some(sight) = system.look(start) else {
                gone.insert(start.clone());
                continue;
            };
            if scope.reports(start) {
                known.put(start, Some(sight));
            }
            listings.push_back(Listing::first(start));
        }
        Self {
            system,
            dialect,
            scope,
            hash_limit_bytes: config.hash_content.then_some(config.hash_limit_bytes),
            hashed_bytes: 0,
            max_known_paths: config.max_known_paths,
            settle_ns: nanoseconds(config.settle),
            fold: Fold::new(config.settle, dialect),
            known,
            folders: Folders::default(),
            listings,
            backlog: VecDeque::new(),
            overflow: None,
            overflows: 0,
            comparison_ns: None,
            gone,
            look_for_gone_ns: 0,
            now: Stamp::default(),
            told: Vec::new(),
        }
    }

    /// Tells that an earlier life of the source has lost what it saw. To be called before the first
    /// step, whose events begin with this.
    pub(super) fn tell_earlier_loss(&mut self, now: Stamp) {
        self.now = now;
        self.tell_bulk(EARLIER_LOSS, 0);
    }

    /// Takes notices in, and tells what they come to now. Blocks while it looks.
    pub(super) fn advance(&mut self, notices: Vec<Notice>, now: Stamp) -> Advanced {
        self.now = now;
        self.backlog.extend(notices);
        let mut listed = 0;
        while listed < LISTINGS_PER_STEP
            && self.told.len() < EVENTS_PER_STEP
            && self.hashed_bytes < HASHED_BYTES_PER_STEP
        {
            if let Some(listing) = self.listings.pop_front() {
                self.list(listing);
                listed += 1;
            } else if let Some(notice) = self.backlog.pop_front() {
                self.take(notice);
            } else {
                self.settle();
                if self.listings.is_empty() {
                    return self.progress(false);
                }
            }
        }
        self.progress(true)
    }

    /// Takes the last notices in, and tells all that waits. Blocks while it looks.
    pub(super) fn finish(mut self, notices: Vec<Notice>, now: Stamp) -> Vec<FilesystemEvent> {
        self.listings.retain(|listing| !listing.is_first());
        let mut events = self.run(notices, now);
        loop {
            if let Some(overflow) = self.overflow.take() {
                self.tell_loss(&overflow);
                self.compare_all();
            }
            let rest = self.fold.finish();
            self.apply_all(rest);
            let mut more = self.run(Vec::new(), now);
            if more.is_empty() {
                return events;
            }
            events.append(&mut more);
        }
    }

    fn progress(&mut self, is_more: bool) -> Advanced {
        self.hashed_bytes = 0;
        Advanced { events: mem::take(&mut self.told), is_more }
    }

    /// When there is something to do without a notice, monotonic nanoseconds.
    pub(super) fn due_ns(&self) -> Option<u64> {
        let overflow = self.overflow.as_ref().map(|overflow| overflow.due_ns);
        let look = (!self.gone.is_empty()).then_some(self.look_for_gone_ns);
        [self.fold.due_ns(), overflow, self.comparison_ns, look].into_iter().flatten().min()
    }

    /// What is not as it should be.
    pub(super) fn coverage(&self) -> Coverage {
        let named = self.folders.first_refused(MOST_NAMED).into_iter();
        let named = named.map(|(folder, why)| format!("{} ({why})", folder.display()));
        Coverage {
            is_watching: self.folders.watched() > 0,
            overflows: self.overflows,
            unwatched: self.folders.refused(),
            unwatched_named: named.collect(),
            is_out_of_watches: self.folders.is_out_of_watches(),
            exceeded_paths: (!self.known.is_complete()).then_some(self.max_known_paths),
            gone: self.gone.iter().map(|path| path.display().to_string()).collect(),
        }
    }

    /// Steps until nothing is left to do now.
    fn run(&mut self, notices: Vec<Notice>, now: Stamp) -> Vec<FilesystemEvent> {
        let mut progress = self.advance(notices, now);
        let mut events = progress.events;
        while progress.is_more {
            progress = self.advance(Vec::new(), now);
            events.append(&mut progress.events);
        }
        events
    }

    fn take(&mut self, notice: Notice) {
        match notice {
            Notice::Overflow { at, dropped } => self.lose(at, dropped),
            Notice::Happened(happening) => {
                if self.is_concerned(&happening.path) {
                    let settled = self.fold.take(happening);
                    self.apply_all(settled);
                }
            }
        }
    }

    /// Whether a notice may be news. A watch that was for a folder under another name speaks of
    /// that name still: what it says is old, and found where the folder is now.
    fn is_concerned(&self, path: &Path) -> bool {
        let is_entered = |folder: &Path| self.folders.contains(folder);
        let is_told = self.scope.reports(path) || is_entered(path);
        is_told
            && (!self.dialect.watches_each_folder()
                || is_entered(path)
                || path.parent().is_some_and(is_entered))
    }

    /// Notices were lost; everything is compared once that has settled.
    fn lose(&mut self, at: Stamp, dropped: u64) {
        self.overflows += 1;
        if let Some(overflow) = &mut self.overflow {
            overflow.dropped += dropped;
            return;
        }
        // Of 0 nobody knows how many there were.
        let count = (dropped > 0).then_some(dropped);
        warn!(dropped = count, "notifications were lost; comparing everything with what is known");
        let due_ns = at.monotonic_ns.saturating_add(self.settle_ns);
        self.overflow = Some(Overflow { dropped, due_ns });
    }

    /// Does what is due.
    fn settle(&mut self) {
        let now_ns = self.now.monotonic_ns;
        let settled = self.fold.settle(now_ns);
        self.apply_all(settled);
        if let Some(overflow) = self.overflow.take_if(|overflow| overflow.due_ns <= now_ns) {
            self.tell_loss(&overflow);
            self.compare_all();
        }
        if self.dialect.loses_silently() {
            self.compare_unasked(now_ns);
        }
        if !self.gone.is_empty() && self.look_for_gone_ns <= now_ns {
            self.look_for_gone();
        }
    }

    /// Compares everything when that is due; the first time it is only put off.
    fn compare_unasked(&mut self, now_ns: u64) {
        if self.comparison_ns.is_some_and(|due_ns| due_ns > now_ns) {
            return;
        }
        let next_ns = now_ns.saturating_add(COMPARISON_NS);
        if self.comparison_ns.replace(next_ns).is_some() {
            self.compare_all();
        }
    }

    /// Applies what is settled in its order; looks come last, all together.
    fn apply_all(&mut self, operations: Vec<Operation>) {
        let mut glimpses = Vec::new();
        for operation in operations {
            if let Settled::Changed { content } = operation.what {
                glimpses.push(Glimpse { path: operation.path, content, at: operation.at });
            } else {
                self.apply(operation);
            }
        }
        if !glimpses.is_empty() {
            self.look_at(glimpses);
        }
    }

    /// A folder is no longer there, nor any below it; what is elsewhere would speak of this place.
    fn leave(&mut self, folder: &Path, is_elsewhere: bool) {
        for left in self.folders.leave(folder) {
            if is_elsewhere {
                self.system.unwatch(&left);
            }
        }
    }

    /// Makes an event, if anybody wants to know, to be completed by the caller.
    fn tell(
        &mut self,
        operation: FilesystemOperation,
        path: &Path,
        sight: Option<Sight>,
        at: Stamp,
    ) -> Option<&mut FilesystemEvent> {
        if !self.scope.reports(path) {
            return None;
        }
        self.told.push(event(operation, path, sight, at));
        self.told.last_mut()
    }
}

fn is_folder(sight: Option<Sight>) -> bool {
    sight.is_some_and(|sight| sight.is_folder())
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

// The paths of the world that is made up are those of Unix.
#[cfg(all(test, unix))]
mod tests;
