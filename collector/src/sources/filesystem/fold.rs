//! Folding what the system says into operations: from many statements to one thing that happened.
//! No clock, no system: every statement brings its time, and whoever asks brings the present.
//!
//! What is made, removed or renamed is told at once and in its order. The rest waits: writes for
//! the closing of the file, attributes and accesses for more of the same, one who left a name for
//! one who came to another, and what only says "look" for quiet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::dialect::Dialect;
use super::notice::{Happening, Stamp, What};
use super::operation::{Operation, Settled};
use super::pairing::{Departure, Departures};
use super::pending::Pending;
use super::subtree;

/// Paths of which something waits at once; beyond that nothing waits any longer, and what belongs
/// together may be told in parts.
const MAX_PENDING: usize = 16_384;

/// What has been said and is not told yet.
#[derive(Debug)]
pub(super) struct Fold {
    settle_ns: u64,
    tells_closing: bool,
    pending: BTreeMap<PathBuf, Pending>,
    departures: Departures,
}

impl Fold {
    pub(super) fn new(settle: Duration, dialect: Dialect) -> Self {
        Self {
            settle_ns: u64::try_from(settle.as_nanos()).unwrap_or(u64::MAX),
            tells_closing: dialect.tells_closing(),
            pending: BTreeMap::new(),
            departures: Departures::default(),
        }
    }

    /// Takes one statement in, and returns what is settled by it.
    pub(super) fn take(&mut self, happening: Happening) -> Vec<Operation> {
        let Happening { path, what, at } = happening;
        let mut settled = self.end_departures(&path, what);
        match what {
            What::Created => settled.push(Operation { path, what: Settled::Created, at }),
            What::Written => self.wait(path, &mut settled, |pending, _| pending.write(at)),
            What::Closed => settled.extend(self.close(path, at)),
            What::Attributes => self.wait(path, &mut settled, |pending, settle_ns| {
                pending.change_attributes(at, settle_ns);
            }),
            What::Opened => {
                self.wait(path, &mut settled, |pending, settle_ns| pending.open(at, settle_ns));
            }
            What::Changed { content } => self.wait(path, &mut settled, |pending, settle_ns| {
                pending.change(content, at, settle_ns);
            }),
            What::Removed => self.end(path, Settled::Deleted, at, &mut settled),
            What::MovedAway => self.end(path, Settled::MovedAway, at, &mut settled),
            What::MovedFrom { cookie } => {
                settled.append(&mut self.depart(Departure { path, cookie, at }));
            }
            What::MovedTo { cookie } => self.arrive(path, cookie, at, &mut settled),
        }
        settled
    }

    /// A file was found that had been written before anybody watched: its closing may come yet.
    pub(super) fn find_written(&mut self, path: PathBuf, at: Stamp) -> Vec<Operation> {
        let mut settled = Vec::new();
        if self.tells_closing {
            self.wait(path, &mut settled, |pending, settle_ns| {
                pending.find_written(at, settle_ns);
            });
        } else {
            self.wait(path, &mut settled, |pending, settle_ns| pending.change(true, at, settle_ns));
        }
        settled
    }

    /// What has waited long enough: who left, then the rest in the order of its time.
    pub(super) fn settle(&mut self, now_ns: u64) -> Vec<Operation> {
        let mut settled = Vec::new();
        let left_ns = now_ns.checked_sub(self.settle_ns);
        for departure in left_ns.map(|ns| self.departures.take_until(ns)).unwrap_or_default() {
            settled.append(&mut self.leave(departure));
        }
        settled.append(&mut self.take_due(now_ns));
        settled
    }

    /// Everything that waits, at the end.
    pub(super) fn finish(&mut self) -> Vec<Operation> {
        let mut settled = self.end_all_departures();
        settled.append(&mut self.take_due(u64::MAX));
        settled
    }

    /// Whoever left is gone: the other half will not come any more.
    pub(super) fn end_all_departures(&mut self) -> Vec<Operation> {
        let left = self.departures.take_until(u64::MAX);
        left.into_iter().flat_map(|departure| self.leave(departure)).collect()
    }

    /// When the first wait ends, monotonic nanoseconds.
    pub(super) fn due_ns(&self) -> Option<u64> {
        let left_ns = self.departures.first_ns().map(|ns| ns.saturating_add(self.settle_ns));
        self.pending.values().filter_map(Pending::due_ns).chain(left_ns).min()
    }

    /// Adds to what waits of a path.
    fn wait(
        &mut self,
        path: PathBuf,
        settled: &mut Vec<Operation>,
        add: impl FnOnce(&mut Pending, u64),
    ) {
        if self.pending.len() >= MAX_PENDING && !self.pending.contains_key(&path) {
            settled.append(&mut self.take_due(u64::MAX));
        }
        add(self.pending.entry(path).or_default(), self.settle_ns);
    }

    fn close(&mut self, path: PathBuf, at: Stamp) -> Option<Operation> {
        let pending = self.pending.get_mut(&path)?;
        let was_written = pending.close();
        if pending.is_empty() {
            self.pending.remove(&path);
        }
        let what = Settled::Modified { still_open: false };
        was_written.then_some(Operation { path, what, at })
    }

    /// A path has an end, and so has all that waits of it and below it.
    fn end(&mut self, path: PathBuf, what: Settled, at: Stamp, settled: &mut Vec<Operation>) {
        settled.append(&mut self.flush(&path));
        settled.push(Operation { path, what, at });
    }

    /// One left: until its other half comes, nobody knows whether it is renamed or gone.
    fn depart(&mut self, departure: Departure) -> Vec<Operation> {
        let oldest = self.departures.add(departure);
        oldest.map(|oldest| self.leave(oldest)).unwrap_or_default()
    }

    fn arrive(
        &mut self,
        path: PathBuf,
        cookie: Option<usize>,
        at: Stamp,
        settled: &mut Vec<Operation>,
    ) {
        // Of what was there before under this name.
        settled.append(&mut self.flush(&path));
        let what = match self.departures.partner(cookie) {
            Some(departure) => {
                self.carry(&departure.path, &path);
                Settled::Renamed { from: departure.path }
            }
            None => Settled::MovedIn,
        };
        settled.push(Operation { path, what, at });
    }

    /// What waits of a path goes with it to its new name.
    fn carry(&mut self, from: &Path, to: &Path) {
        for (path, pending) in subtree::take(&mut self.pending, from) {
            self.pending.insert(subtree::moved(&path, from, to), pending);
        }
    }

    /// Those who left the name that is spoken of now are gone: their other half would have come
    /// before. When the name itself goes, so are those who left from below it.
    fn end_departures(&mut self, path: &Path, what: What) -> Vec<Operation> {
        let goes = matches!(what, What::Removed | What::MovedFrom { .. } | What::MovedAway);
        let left = self.departures.take_from(path, goes);
        left.into_iter().flat_map(|departure| self.leave(departure)).collect()
    }

    fn leave(&mut self, departure: Departure) -> Vec<Operation> {
        let mut settled = self.flush(&departure.path);
        let Departure { path, at, .. } = departure;
        settled.push(Operation { path, what: Settled::MovedOut, at });
        settled
    }

    /// Ends all waits at and below a path.
    fn flush(&mut self, top: &Path) -> Vec<Operation> {
        let pending = subtree::take(&mut self.pending, top);
        let all =
            |(path, mut pending): (PathBuf, Pending)| pending.take_due(&path, u64::MAX, u64::MAX);
        pending.into_iter().flat_map(all).collect()
    }

    /// Ends the waits that are due. Both names of a rename that only says "look" come at nearly
    /// the same time: what is nearly due is looked at too, so that they are seen together.
    fn take_due(&mut self, now_ns: u64) -> Vec<Operation> {
        let looks = self.pending.values().any(|pending| pending.is_look_due(now_ns));
        let nearly_ns = if looks { now_ns.saturating_add(self.settle_ns / 4) } else { now_ns };
        let mut settled = Vec::new();
        for (path, pending) in &mut self.pending {
            settled.append(&mut pending.take_due(path, now_ns, nearly_ns));
        }
        self.pending.retain(|_, pending| !pending.is_empty());
        settled.sort_by_key(|operation| operation.at.monotonic_ns);
        settled
    }
}

#[cfg(test)]
mod tests;
