//! What a server counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of a server; none of them decreases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IpcCounters {
    /// Connections that were let in.
    pub connections: u64,
    /// Connections that were not: there were as many as may be, or they were of another user.
    pub turned_away: u64,
    /// Responses that were written, refusals among them.
    pub answers: u64,
    /// Responses that were refusals.
    pub refusals: u64,
    /// Connections that ended by a fault: of their client, or of the connection itself.
    pub faults: u64,
    /// Requests that were begun and have no answer, as their client left, or its connection ended
    /// by a fault.
    pub unanswered: u64,
}

/// The writing side.
#[derive(Debug, Default)]
pub(super) struct Tally {
    connections: AtomicU64,
    turned_away: AtomicU64,
    answers: AtomicU64,
    refusals: AtomicU64,
    faults: AtomicU64,
    unanswered: AtomicU64,
}

impl Tally {
    pub(super) fn let_in(&self) {
        add(&self.connections, 1);
    }

    pub(super) fn turned_away(&self) {
        add(&self.turned_away, 1);
    }

    pub(super) fn answered(&self, is_refusal: bool) {
        add(&self.answers, 1);
        add(&self.refusals, u64::from(is_refusal));
    }

    pub(super) fn faulted(&self) {
        add(&self.faults, 1);
    }

    pub(super) fn unanswered(&self, requests: usize) {
        add(&self.unanswered, u64::try_from(requests).unwrap_or(u64::MAX));
    }

    pub(super) fn counters(&self) -> IpcCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        IpcCounters {
            connections: read(&self.connections),
            turned_away: read(&self.turned_away),
            answers: read(&self.answers),
            refusals: read(&self.refusals),
            faults: read(&self.faults),
            unanswered: read(&self.unanswered),
        }
    }
}

fn add(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}
