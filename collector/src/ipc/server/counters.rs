//! What a server counts.

use parking_lot::Mutex;

/// Counters of a server; none of them decreases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IpcCounters {
    /// Connections that were let in.
    pub connections: u64,
    /// Connections that were not: there were as many as may be, or they were of another user.
    pub turned_away: u64,
    /// Responses to requests that were written, refusals among them.
    pub answers: u64,
    /// Responses to requests that were refusals.
    pub refusals: u64,
    /// Connections that ended by a fault: of their client, or of the connection itself.
    pub faults: u64,
    /// Requests that were read and have no answer, as their client left or did not read it, or its
    /// connection ended by another fault.
    pub unanswered: u64,
}

/// The writing side: many connections count, none of them often.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<IpcCounters>);

impl Tally {
    pub(super) fn count(&self, change: impl FnOnce(&mut IpcCounters)) {
        change(&mut self.0.lock());
    }

    pub(super) fn counters(&self) -> IpcCounters {
        *self.0.lock()
    }
}
