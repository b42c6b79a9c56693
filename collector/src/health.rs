//! Judging health: from the facts of a [`CollectorStatus`] to a [`HealthStatus`]; the worst part
//! decides (R1).

mod report;

use daemoneye_eventbus::rpc;
use serde::{Deserialize, Serialize};

use crate::runtime::{CollectorStatus, SourceState, SourceStatus};
use crate::telemetry::OwnStatus;

pub(crate) use report::report;

/// Failed health checks in a row that make a source unhealthy.
const FAILED_CHECKS_UNHEALTHY: u32 = 3;

/// How well something works, best first: the worse of two is the greater.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// As it should.
    #[default]
    Healthy,
    /// Works, with something wrong that people should know.
    Degraded,
    /// Does not do its work.
    Unhealthy,
}

impl HealthStatus {
    /// The worst of all parts; healthy when there are none.
    pub fn worst_of(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().max().unwrap_or_default()
    }

    /// One source: failed, panicked or aborted ones and those whose checks keep failing are
    /// unhealthy; ended ones, ones whose last check failed and ones that sent what they did not
    /// declare are degraded.
    pub fn of_source(source: &SourceStatus) -> Self {
        match source.state {
            SourceState::Failed { .. } | SourceState::Panicked { .. } | SourceState::Aborted => {
                Self::Unhealthy
            }
            _ if source.failed_checks >= FAILED_CHECKS_UNHEALTHY => Self::Unhealthy,
            SourceState::Ended => Self::Degraded,
            _ if source.failed_checks > 0 || source.events_refused > 0 => Self::Degraded,
            SourceState::Registered | SourceState::Running => Self::Healthy,
        }
    }

    /// A whole collector: its worst source, or what it finds of itself where that is worse;
    /// degraded at best while it holds sources back or has lost events.
    pub fn of_collector(status: &CollectorStatus) -> Self {
        let others = [Self::of_publishing(status), Self::of_own(&status.own)];
        Self::worst_of(status.sources.iter().map(Self::of_source).chain(others))
    }

    /// The way from the sources to the bus: degraded while it holds sources back or keeps their
    /// events on disk, and once it has lost any.
    pub fn of_publishing(status: &CollectorStatus) -> Self {
        let is_held_up = status.backpressure || status.events_spooled > 0;
        if is_held_up || status.events_lost > 0 { Self::Degraded } else { Self::Healthy }
    }

    /// What a collector finds of itself: the worst of its error rate, its CPU use and its memory.
    pub fn of_own(own: &OwnStatus) -> Self {
        Self::worst_of(own.findings().map(|(_, finding)| finding.status.into()))
    }
}

/// As the control plane tells it.
impl From<rpc::HealthStatus> for HealthStatus {
    fn from(status: rpc::HealthStatus) -> Self {
        match status {
            rpc::HealthStatus::Healthy => Self::Healthy,
            rpc::HealthStatus::Degraded => Self::Degraded,
            rpc::HealthStatus::Unhealthy => Self::Unhealthy,
        }
    }
}

/// As the control plane tells it.
impl From<HealthStatus> for rpc::HealthStatus {
    fn from(status: HealthStatus) -> Self {
        match status {
            HealthStatus::Healthy => Self::Healthy,
            HealthStatus::Degraded => Self::Degraded,
            HealthStatus::Unhealthy => Self::Unhealthy,
        }
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::SourceCaps;

    use super::*;
    use crate::telemetry::Finding;

    fn source(state: SourceState, failed_checks: u32) -> SourceStatus {
        SourceStatus {
            name: "s",
            capabilities: SourceCaps::PROCESS,
            state,
            events_accepted: 0,
            events_refused: 0,
            failed_checks,
            last_failure: None,
        }
    }

    fn collector(sources: Vec<SourceStatus>) -> CollectorStatus {
        CollectorStatus { sources, ..CollectorStatus::new("c") }
    }

    #[test]
    fn the_worst_part_decides() {
        use HealthStatus::{Degraded, Healthy, Unhealthy};

        assert_eq!(HealthStatus::worst_of([Healthy, Unhealthy, Degraded]), Unhealthy);
        assert_eq!(HealthStatus::worst_of([Healthy, Degraded]), Degraded);
        assert_eq!(HealthStatus::worst_of([]), Healthy);
    }

    #[test]
    fn failed_checks_degrade_and_then_make_unhealthy() {
        let rows = [
            (0, HealthStatus::Healthy),
            (1, HealthStatus::Degraded),
            (2, HealthStatus::Degraded),
            (3, HealthStatus::Unhealthy),
        ];
        for (failed, expected) in rows {
            let judged = HealthStatus::of_source(&source(SourceState::Running, failed));
            assert_eq!(judged, expected, "{failed}");
        }
    }

    #[test]
    fn one_panicked_source_makes_its_collector_unhealthy() {
        let panicked = SourceState::Panicked { message: "boom".to_owned() };
        let status = collector(vec![source(SourceState::Running, 0), source(panicked, 0)]);
        assert_eq!(HealthStatus::of_collector(&status), HealthStatus::Unhealthy);
    }

    #[test]
    fn backpressure_degrades() {
        let mut status = collector(vec![source(SourceState::Running, 0)]);
        assert_eq!(HealthStatus::of_collector(&status), HealthStatus::Healthy);
        status.backpressure = true;
        assert_eq!(HealthStatus::of_collector(&status), HealthStatus::Degraded);
    }

    #[test]
    fn a_limit_that_is_crossed_counts_for_the_whole() {
        use rpc::HealthStatus::{Degraded, Unhealthy};

        let crossed = |status| Finding { status, reason: None };
        let mut status = collector(vec![source(SourceState::Running, 0)]);
        status.own.memory = crossed(Degraded);
        assert_eq!(HealthStatus::of_collector(&status), HealthStatus::Degraded);
        status.own.error_rate = crossed(Unhealthy);
        assert_eq!(HealthStatus::of_own(&status.own), HealthStatus::Unhealthy);
        assert_eq!(HealthStatus::of_collector(&status), HealthStatus::Unhealthy);
    }

    #[test]
    fn the_control_plane_tells_the_same_both_ways() {
        for status in [HealthStatus::Healthy, HealthStatus::Degraded, HealthStatus::Unhealthy] {
            assert_eq!(HealthStatus::from(rpc::HealthStatus::from(status)), status);
        }
    }

    #[test]
    fn events_on_disk_degrade() {
        let mut status = collector(vec![source(SourceState::Running, 0)]);
        status.events_spooled = 1;
        assert_eq!(HealthStatus::of_collector(&status), HealthStatus::Degraded);
    }
}
