//! Comparing scans: from what was known and what is seen to what changed. No clock, no system.
//!
//! A scan tells sockets; a connection is what stays the same of them: its addresses, the socket as
//! long as a process holds one, and a state that goes forward. Before it is accepted and after it
//! was closed a connection has no socket; what was known of it stays known.
//!
//! A connection is closed when it is over, not when the system has forgotten it, which is a minute
//! later. Until then it is remembered, so that it is not taken for another one.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use daemoneye_eventbus::event::NetworkChange;

use super::observation::{Endpoints, Observation};

/// Which connections are taken in when they are first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Admission {
    /// Most connections known at once.
    pub(super) limit: usize,
    /// Also those that are already over; they are opened and closed at once.
    pub(super) over: bool,
}

/// The collector's name for a connection, given once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ConnectionId {
    /// The run of the collector, so that no other run gives the same name.
    pub(super) run: u64,
    /// The connection among those of the run, from 1.
    pub(super) number: u64,
}

/// One thing that happened to one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) what: NetworkChange,
    pub(super) id: ConnectionId,
    /// The connection as known now; for one that was closed, as known last.
    pub(super) connection: Observation,
    /// It was there at the first scan.
    pub(super) enumerated: bool,
}

/// What one scan brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Connections that are gone first, then what is opened, then what became of the others.
    pub(super) changes: Vec<Change>,
    /// Connections that are there and not told, as too many are known.
    pub(super) untold: usize,
}

/// The connections known to be there.
#[derive(Debug)]
pub(super) struct Census {
    run: u64,
    admission: Admission,
    /// Sockets may share their addresses, those that listen and those of UDP.
    known: BTreeMap<Endpoints, Vec<Known>>,
    /// How many connections were ever told: the number of the last.
    told: u64,
    has_scanned: bool,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    id: ConnectionId,
    /// As seen last, with the socket and the owner that it had last.
    last: Observation,
    /// It is over and told closed; it stays known until it is not seen any more.
    is_closed: bool,
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.run, self.number)
    }
}

impl Census {
    /// A census that knows nothing yet, with a number that no other run has.
    pub(super) fn new(run: u64, admission: Admission) -> Self {
        Self { run, admission, known: BTreeMap::new(), told: 0, has_scanned: false }
    }

    /// Takes a scan in and returns what changed.
    pub(super) fn advance(&mut self, seen: Vec<Observation>) -> Difference {
        let enumerated = !std::mem::replace(&mut self.has_scanned, true);
        let mut before = std::mem::take(&mut self.known);
        let mut progressed = Vec::new();
        // Those that are certain come first, so that no other on their addresses takes their place.
        let others =
            self.recognize(each_once(seen), &mut before, &mut progressed, Known::is_held_by);
        let strangers = self.recognize(others, &mut before, &mut progressed, Known::continues_as);
        let gone = before.into_values().flatten().filter(|known| !known.is_closed);
        let mut changes: Vec<_> = gone.map(|known| known.change(NetworkChange::Closed)).collect();
        let untold = self.admit(strangers, enumerated, &mut changes);
        changes.append(&mut progressed);
        Difference { changes, untold }
    }

    /// Moves what is recognized from `before` to what is known; returns what is not.
    fn recognize(
        &mut self,
        seen: Vec<Observation>,
        before: &mut BTreeMap<Endpoints, Vec<Known>>,
        progressed: &mut Vec<Change>,
        is_same: fn(&Known, &Observation) -> bool,
    ) -> Vec<Observation> {
        let mut strangers = Vec::new();
        for now in seen {
            match take(before, &now, is_same) {
                Some(mut known) => {
                    progressed.extend(known.update(now));
                    self.keep(known);
                }
                None => strangers.push(now),
            }
        }
        strangers
    }

    /// Takes in as many strangers as there is room for; how many that leaves out.
    fn admit(
        &mut self,
        strangers: Vec<Observation>,
        enumerated: bool,
        changes: &mut Vec<Change>,
    ) -> usize {
        let known: usize = self.known.values().map(Vec::len).sum();
        let mut room = self.admission.limit.saturating_sub(known);
        let mut untold = 0;
        for connection in strangers {
            if connection.is_over() && !self.admission.over {
                continue;
            }
            if room == 0 {
                untold += 1;
                continue;
            }
            room -= 1;
            self.told += 1;
            let id = ConnectionId { run: self.run, number: self.told };
            let known = Known { id, last: connection, is_closed: connection.is_over() };
            changes.push(Change { enumerated, ..known.change(NetworkChange::Opened) });
            if known.is_closed {
                changes.push(known.change(NetworkChange::Closed));
            }
            self.keep(known);
        }
        untold
    }

    fn keep(&mut self, known: Known) {
        self.known.entry(known.last.endpoints).or_default().push(known);
    }
}

/// Sorted, and without what was seen twice while the system's table was read: the one that has
/// come further stays, and of a connected socket the one that nobody holds any more.
fn each_once(mut seen: Vec<Observation>) -> Vec<Observation> {
    seen.sort_unstable_by_key(|one| (one.endpoints, one.socket, Reverse(one.phase())));
    seen.dedup_by(|later, first| {
        later.endpoints == first.endpoints
            && (later.socket == first.socket || first.endpoints.are_unique())
    });
    seen
}

fn take(
    from: &mut BTreeMap<Endpoints, Vec<Known>>,
    now: &Observation,
    is_same: fn(&Known, &Observation) -> bool,
) -> Option<Known> {
    let there = from.get_mut(&now.endpoints)?;
    let place = there.iter().position(|known| is_same(known, now))?;
    Some(there.remove(place))
}

impl Known {
    /// Whether this is the socket of a connection, beyond doubt.
    fn is_held_by(&self, now: &Observation) -> bool {
        now.socket.is_some() && now.socket == self.last.socket && now.may_follow(&self.last)
    }

    /// Whether a socket on the same addresses is what became of a connection.
    fn continues_as(&self, now: &Observation) -> bool {
        let may_be = match (self.last.socket, now.socket) {
            (Some(before), Some(now)) => before == now,
            // Whoever held it closed it; the system carries on with the end of it.
            (Some(_), None) => now.is_ending(),
            // Somebody has accepted it, or nobody has yet.
            (None, _) => true,
        };
        may_be && now.may_follow(&self.last)
    }

    /// What there is to tell of it.
    fn update(&mut self, now: Observation) -> Option<Change> {
        let last = Observation {
            socket: now.socket.or(self.last.socket),
            pid: now.pid.or(self.last.pid),
            ..now
        };
        let is_other = last.state != self.last.state || last.pid != self.last.pid;
        self.last = last;
        if self.is_closed {
            return None;
        }
        self.is_closed = last.is_over();
        if self.is_closed {
            return Some(self.change(NetworkChange::Closed));
        }
        is_other.then(|| self.change(NetworkChange::Changed))
    }

    fn change(&self, what: NetworkChange) -> Change {
        Change { what, id: self.id, connection: self.last, enumerated: false }
    }
}

#[cfg(test)]
mod tests;
