//! Judging health: from the facts of a [`CollectorStatus`] to a [`HealthStatus`]; the worst part
//! decides (R1).

use daemoneye_eventbus::rpc;
use serde::{Deserialize, Serialize};

use crate::runtime::{CollectorStatus, SourceState, SourceStatus};

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

    /// A whole collector: its worst source; degraded at best while it holds sources back or has
    /// lost events.
    pub fn of_collector(status: &CollectorStatus) -> Self {
        let publishing = Self::of_publishing(status);
        Self::worst_of(status.sources.iter().map(Self::of_source).chain([publishing]))
    }

    /// The way from the sources to the bus: degraded while it holds sources back or has lost
    /// events.
    pub fn of_publishing(status: &CollectorStatus) -> Self {
        if status.backpressure || status.events_lost > 0 { Self::Degraded } else { Self::Healthy }
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
        CollectorStatus {
            component_name: "c".to_owned(),
            sources,
            events_accepted: 0,
            events_published: 0,
            events_lost: 0,
            publish_retries: 0,
            backpressure: false,
            backpressure_episodes: 0,
        }
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
}
