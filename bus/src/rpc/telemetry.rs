//! Telemetry: what a member has done since it began, and what it uses. Figures, no judgement.
//!
//! Figures are whole numbers, so that those of several members can be added up; shares and
//! percentages are computed where they are shown. What a system does not tell is left out.

use std::iter::Sum;
use std::time::Duration;

use serde::Serialize;

/// What one member tells of itself now and then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Telemetry {
    /// The member's running number, from 1; a gap is one that was not told.
    pub sequence: u64,
    /// How long it has run; whole milliseconds travel.
    pub uptime: Duration,
    /// What it has done since it began.
    pub counters: Counters,
    /// What of all it tried lately has failed.
    pub errors: ErrorRate,
    /// What its process uses.
    pub resources: Resources,
}

/// What a collector has done since it began; none of these decreases but `events_spooled`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Events taken from its sources.
    pub events_accepted: u64,
    /// Of these, those the bus accepted.
    pub events_published: u64,
    /// Of these, those that are lost.
    pub events_lost: u64,
    /// Of these, those that are on disk now.
    pub events_spooled: u64,
    /// Events of earlier lives that the bus accepted from the disk.
    pub events_replayed: u64,
    /// Events its sources were not allowed to send.
    pub events_refused: u64,
    /// Publishes that were tried again.
    pub publish_retries: u64,
    /// How often its sources were held back.
    pub backpressure_episodes: u64,
    /// Health checks of its sources.
    pub checks: u64,
    /// Of these, those that failed.
    pub checks_failed: u64,
}

/// Of how much that was tried, how much failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErrorRate {
    /// What failed.
    pub failed: u64,
    /// What was tried, failed or not.
    pub tried: u64,
}

/// What a process uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resources {
    /// Its CPU time since it was last looked at; `None` the first time.
    pub cpu: Option<CpuUse>,
    /// Resident memory, bytes.
    pub memory_bytes: Option<u64>,
    /// Open files, sockets and other descriptors or handles.
    pub open_descriptors: Option<u64>,
    /// Its threads.
    pub threads: Option<u64>,
}

/// CPU time, and the time it was used in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuUse {
    /// CPU time of all threads together.
    pub used: Duration,
    /// From one look to the next.
    pub over: Duration,
}

impl ErrorRate {
    /// What failed of what was tried, 0 to 1; `None` when nothing was.
    pub fn share(self) -> Option<f64> {
        (self.tried > 0).then(|| self.failed as f64 / self.tried as f64)
    }
}

impl CpuUse {
    /// Percent of one core: two busy cores are 200. Of no time at all it is 0.
    pub fn percent(self) -> f64 {
        if self.over.is_zero() {
            return 0.0;
        }
        self.used.as_secs_f64() / self.over.as_secs_f64() * 100.0
    }
}

impl Counters {
    /// Those of two members together. Numbers that come from elsewhere do not overflow.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = u64::saturating_add;
        Self {
            events_accepted: sum(self.events_accepted, other.events_accepted),
            events_published: sum(self.events_published, other.events_published),
            events_lost: sum(self.events_lost, other.events_lost),
            events_spooled: sum(self.events_spooled, other.events_spooled),
            events_replayed: sum(self.events_replayed, other.events_replayed),
            events_refused: sum(self.events_refused, other.events_refused),
            publish_retries: sum(self.publish_retries, other.publish_retries),
            backpressure_episodes: sum(self.backpressure_episodes, other.backpressure_episodes),
            checks: sum(self.checks, other.checks),
            checks_failed: sum(self.checks_failed, other.checks_failed),
        }
    }
}

impl Sum for Counters {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_several_add_up_and_do_not_overflow() {
        let of =
            |events_accepted, checks| Counters { events_accepted, checks, ..Counters::default() };
        assert_eq!([of(1, 2), of(10, 20)].into_iter().sum::<Counters>(), of(11, 22));
        assert_eq!(of(u64::MAX, 0).plus(of(7, 1)), of(u64::MAX, 1));
        assert_eq!(std::iter::empty::<Counters>().sum::<Counters>(), Counters::default());
    }

    #[test]
    fn a_share_of_nothing_is_none_and_cpu_use_over_no_time_is_no_use() {
        assert_eq!(ErrorRate::default().share(), None);
        assert_eq!(ErrorRate { failed: 1, tried: 4 }.share(), Some(0.25));
        let cpu = |used, over| CpuUse {
            used: Duration::from_millis(used),
            over: Duration::from_millis(over),
        };
        assert!((cpu(500, 250).percent() - 200.0).abs() < 1e-9);
        assert!(cpu(500, 0).percent().abs() < f64::EPSILON);
    }
}
