//! What a collector reports about itself: facts, and counters that never decrease but for one.

use daemoneye_eventbus::SourceCaps;
use daemoneye_eventbus::rpc::ErrorRate;

use crate::source::Loss;
use crate::telemetry::OwnStatus;

/// A collector at one moment. At quiescence accepted = published + spooled + lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectorStatus {
    /// Its name.
    pub component_name: String,
    /// Its sources, in the order they registered.
    pub sources: Vec<SourceStatus>,
    /// Events taken from sources that they were allowed to send, and those that are lost and never
    /// came so far: in earlier runs, or held back in a source to its end.
    pub events_accepted: u64,
    /// Events the bus accepted.
    pub events_published: u64,
    /// Events the bus would never take (too large), or that were left over when the time for a
    /// stop was up or the bus was gone; with those of `lost_before`.
    pub events_lost: u64,
    /// What was found to be lost of earlier runs when this one began.
    pub lost_before: Loss,
    /// Whether this run has lost events that nobody could count.
    pub lost_uncounted: bool,
    /// Events of this run that are on disk, since the bus has not taken them. Unlike the others this
    /// decreases: an event that is taken counts as published.
    pub events_spooled: u64,
    /// Events of earlier runs that were on disk and that the bus has accepted since; they count
    /// nowhere else.
    pub events_replayed: u64,
    /// Publishes that were tried again because the bus had no room.
    pub publish_retries: u64,
    /// Whether sources are held back right now, because the bus does not keep up.
    pub backpressure: bool,
    /// How often that began.
    pub backpressure_episodes: u64,
    /// Health checks of sources that have returned, or taken too long.
    pub checks: u64,
    /// Of these, those that failed.
    pub checks_failed: u64,
    /// What it found when it last looked at itself; the default before.
    pub own: OwnStatus,
}

/// One source at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceStatus {
    /// Its name.
    pub name: &'static str,
    /// What it declared.
    pub capabilities: SourceCaps,
    /// Whether it runs, or how it ended.
    pub state: SourceState,
    /// Events taken from it.
    pub events_accepted: u64,
    /// Events outside its declared capabilities, refused.
    pub events_refused: u64,
    /// Health checks that failed since the last that succeeded.
    pub failed_checks: u32,
    /// What the last failed health check, or a failed stop, said.
    pub last_failure: Option<String>,
    /// What it cannot do though it works, as the last health check said.
    pub limitation: Option<String>,
}

/// The life of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceState {
    /// Not started yet.
    Registered,
    /// Started, and not ended.
    Running,
    /// Ended without an error.
    Ended,
    /// Ended with an error.
    Failed {
        /// The error and its causes.
        error: String,
    },
    /// Panicked.
    Panicked {
        /// What it said.
        message: String,
    },
    /// Did not end within the limit after a stop, and was aborted.
    Aborted,
}

impl CollectorStatus {
    /// Before anything has happened.
    pub(crate) fn new(component_name: impl Into<String>) -> Self {
        Self {
            component_name: component_name.into(),
            sources: Vec::new(),
            events_accepted: 0,
            events_published: 0,
            events_lost: 0,
            lost_before: Loss::default(),
            lost_uncounted: false,
            events_spooled: 0,
            events_replayed: 0,
            publish_retries: 0,
            backpressure: false,
            backpressure_episodes: 0,
            checks: 0,
            checks_failed: 0,
            own: OwnStatus::default(),
        }
    }

    /// Events outside the declared capabilities of their sources.
    pub fn events_refused(&self) -> u64 {
        self.sources.iter().map(|source| source.events_refused).sum()
    }

    /// What was tried since the start, and what of it failed: an event fails when it is refused or
    /// lost, a publish when it is tried again, a health check by itself.
    pub fn attempts(&self) -> ErrorRate {
        let (refused, retries) = (self.events_refused(), self.publish_retries);
        ErrorRate {
            failed: refused + retries + self.events_lost + self.checks_failed,
            tried: self.events_accepted + refused + retries + self.checks,
        }
    }

    /// What this run has lost, without what it found lost of earlier ones.
    pub fn lost(&self) -> Loss {
        Loss {
            events: self.events_lost.saturating_sub(self.lost_before.events),
            uncounted: self.lost_uncounted,
        }
    }

    /// Events that were accepted, and neither published nor kept on disk: at the end they are lost.
    pub fn events_missing(&self) -> u64 {
        self.events_accepted.saturating_sub(self.events_published + self.events_spooled)
    }

    /// Events of this run that are no longer under way: published, on disk, or lost. Those of
    /// earlier runs that were found lost are counted as accepted as well, and by no source.
    pub fn events_settled(&self) -> u64 {
        let settled = self.events_published + self.events_spooled + self.events_lost;
        let under_way = self.events_accepted.saturating_sub(settled);
        let taken: u64 = self.sources.iter().map(|source| source.events_accepted).sum();
        taken.saturating_sub(under_way)
    }

    /// The source of a name.
    pub fn source(&self, name: &str) -> Option<&SourceStatus> {
        self.sources.iter().find(|source| source.name == name)
    }
}

impl SourceStatus {
    /// Registered, and nothing else.
    pub(crate) fn new(name: &'static str, capabilities: SourceCaps) -> Self {
        Self {
            name,
            capabilities,
            state: SourceState::Registered,
            events_accepted: 0,
            events_refused: 0,
            failed_checks: 0,
            last_failure: None,
            limitation: None,
        }
    }
}

impl SourceState {
    /// Whether the source has ended, one way or another.
    pub fn is_over(&self) -> bool {
        !matches!(self, Self::Registered | Self::Running)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_earlier_runs_lost_settles_nothing_of_this_one() {
        let source = |events_accepted| SourceStatus {
            events_accepted,
            ..SourceStatus::new("s", SourceCaps::PROCESS)
        };
        let lost_before = CollectorStatus {
            sources: vec![source(0), source(0)],
            events_accepted: 1000,
            events_lost: 1000,
            ..CollectorStatus::new("c")
        };
        assert_eq!(lost_before.events_settled(), 0);
        let later = CollectorStatus {
            sources: vec![source(7), source(3)],
            events_accepted: 1010,
            events_published: 4,
            events_spooled: 2,
            events_lost: 1001,
            ..lost_before
        };
        assert_eq!(later.events_settled(), 7, "three are under way");
    }

    #[test]
    fn whatever_fails_was_tried_and_counts_once() {
        let source = SourceStatus {
            events_accepted: 10,
            events_refused: 3,
            failed_checks: 1,
            ..SourceStatus::new("s", SourceCaps::PROCESS)
        };
        let status = CollectorStatus {
            sources: vec![source],
            events_accepted: 10,
            events_published: 8,
            events_lost: 2,
            publish_retries: 4,
            checks: 20,
            checks_failed: 5,
            ..CollectorStatus::new("c")
        };
        assert_eq!(status.attempts(), ErrorRate { failed: 3 + 4 + 2 + 5, tried: 10 + 3 + 4 + 20 });
        assert_eq!(CollectorStatus::new("c").attempts(), ErrorRate::default());
    }
}
