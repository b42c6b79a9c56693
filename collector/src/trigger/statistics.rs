//! What is counted: nothing that is held back or given up is silent.

use std::iter::Sum;

/// Of one trigger, or of all together. No counter ever decreases.
///
/// `matched` is always `fired`, `deduplicated`, `pending_refused` and `rate_limited` together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TriggerStatistics {
    /// Events a condition was asked about: those of its kinds.
    pub evaluated: u64,
    /// Of `evaluated`, those for which it was unknown.
    pub unknown: u64,
    /// Of `evaluated`, those for which it was true.
    pub matched: u64,
    /// Of `matched`, those that made a request.
    pub fired: u64,
    /// Of `matched`, those about a subject that was asked about within the window.
    pub deduplicated: u64,
    /// Of `matched`, those held back because too many requests were pending.
    pub pending_refused: u64,
    /// Of `matched`, those held back because too many requests were made at once.
    pub rate_limited: u64,
    /// Requests told done.
    pub done: u64,
    /// Requests nobody told done in time.
    pub pending_expired: u64,
    /// Requests that were made and could not be published.
    pub withdrawn: u64,
    /// Subjects forgotten before their window was over, because there were too many.
    pub subjects_forgotten: u64,
}

/// Of a [`TriggerService`](super::TriggerService). No counter ever decreases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TriggerServiceStatistics {
    /// All triggers together.
    pub triggers: TriggerStatistics,
    /// Events received.
    pub events_received: u64,
    /// Events that came faster than they were looked at, and were given up.
    pub events_lost: u64,
    /// Requests the bus accepted.
    pub requests_published: u64,
    /// Requests the bus refused; once the service has ended, also those it was not told to have.
    pub requests_lost: u64,
    /// Requests that were tried again because the bus had no room.
    pub publish_retries: u64,
}

impl TriggerStatistics {
    fn plus(self, other: Self) -> Self {
        Self {
            evaluated: self.evaluated + other.evaluated,
            unknown: self.unknown + other.unknown,
            matched: self.matched + other.matched,
            fired: self.fired + other.fired,
            deduplicated: self.deduplicated + other.deduplicated,
            pending_refused: self.pending_refused + other.pending_refused,
            rate_limited: self.rate_limited + other.rate_limited,
            done: self.done + other.done,
            pending_expired: self.pending_expired + other.pending_expired,
            withdrawn: self.withdrawn + other.withdrawn,
            subjects_forgotten: self.subjects_forgotten + other.subjects_forgotten,
        }
    }
}

impl Sum for TriggerStatistics {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::plus)
    }
}
