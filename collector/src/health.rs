//! Judging health: from the facts of a [`CollectorStatus`] to a [`HealthStatus`]; the worst part
//! decides (R1).

mod report;

pub use daemoneye_eventbus::rpc::HealthStatus;

use crate::runtime::{CollectorStatus, SourceState, SourceStatus};
use crate::telemetry::OwnStatus;

pub(crate) use report::report;

/// Failed health checks in a row that make a source unhealthy.
const FAILED_CHECKS_UNHEALTHY: u32 = 3;

/// A whole collector: its worst source, or what it finds of itself where that is worse; degraded at
/// best while it holds sources back or has lost events.
pub fn of_collector(status: &CollectorStatus) -> HealthStatus {
    let others = [of_publishing(status), of_own(&status.own)];
    HealthStatus::worst_of(status.sources.iter().map(of_source).chain(others))
}

/// One source: failed, panicked or aborted ones and those whose checks keep failing are unhealthy;
/// ended ones, ones whose last check failed, limited ones and ones that sent what they did not
/// declare are degraded.
pub fn of_source(source: &SourceStatus) -> HealthStatus {
    match source.state {
        SourceState::Failed { .. } | SourceState::Panicked { .. } | SourceState::Aborted => {
            HealthStatus::Unhealthy
        }
        _ if source.failed_checks >= FAILED_CHECKS_UNHEALTHY => HealthStatus::Unhealthy,
        SourceState::Ended => HealthStatus::Degraded,
        _ if source.failed_checks > 0 || source.limitation.is_some() => HealthStatus::Degraded,
        _ if source.events_refused > 0 => HealthStatus::Degraded,
        SourceState::Registered | SourceState::Running => HealthStatus::Healthy,
    }
}

/// The way from the sources to the bus: degraded while it holds sources back or keeps their events
/// on disk, and once it has lost any, or an earlier run had.
pub fn of_publishing(status: &CollectorStatus) -> HealthStatus {
    let is_held_up = status.backpressure || status.events_spooled > 0;
    if is_held_up || !status.lost().is_none() || !status.lost_before.is_none() {
        HealthStatus::Degraded
    } else {
        HealthStatus::Healthy
    }
}

/// What a collector finds of itself: the worst of its error rate, its CPU use and its memory.
pub fn of_own(own: &OwnStatus) -> HealthStatus {
    HealthStatus::worst_of(own.findings().map(|(_, finding)| finding.status))
}

#[cfg(test)]
mod tests {
    use HealthStatus::{Degraded, Healthy, Unhealthy};

    use daemoneye_eventbus::SourceCaps;

    use super::*;
    use crate::source::Loss;
    use crate::telemetry::Finding;

    fn source(state: SourceState) -> SourceStatus {
        SourceStatus { state, ..SourceStatus::new("s", SourceCaps::PROCESS) }
    }

    fn running() -> SourceStatus {
        source(SourceState::Running)
    }

    fn panicked() -> SourceStatus {
        source(SourceState::Panicked { message: "boom".to_owned() })
    }

    fn collector(sources: Vec<SourceStatus>) -> CollectorStatus {
        CollectorStatus { sources, ..CollectorStatus::new("c") }
    }

    /// With whatever can be wrong with a collector, one thing each, and how it is then.
    fn wrong_in_one_way() -> Vec<(CollectorStatus, HealthStatus)> {
        let failed = SourceState::Failed { error: "no such device".to_owned() };
        let checks = |failed_checks| SourceStatus {
            failed_checks,
            last_failure: Some("ill".to_owned()),
            ..running()
        };
        let sources = [
            (panicked(), Unhealthy),
            (source(failed), Unhealthy),
            (source(SourceState::Aborted), Unhealthy),
            (source(SourceState::Ended), Degraded),
            (checks(1), Degraded),
            (checks(2), Degraded),
            (checks(3), Unhealthy),
            (SourceStatus { events_refused: 1, ..running() }, Degraded),
            (SourceStatus { limitation: Some("half".to_owned()), ..running() }, Degraded),
        ];
        let of_sources =
            sources.into_iter().map(|(source, is)| (collector(vec![running(), source]), is));
        let well = || collector(vec![running()]);
        let of_publishing = [
            CollectorStatus { backpressure: true, ..well() },
            CollectorStatus { events_spooled: 1, ..well() },
            CollectorStatus { events_lost: 1, ..well() },
            CollectorStatus { lost_uncounted: true, ..well() },
            CollectorStatus { lost_before: Loss { events: 0, uncounted: true }, ..well() },
        ];
        let of_own = [Degraded, Unhealthy].map(|status| {
            let crossed = Finding { status, reason: Some("too much".to_owned()) };
            let own = OwnStatus { error_rate: crossed, ..OwnStatus::default() };
            (CollectorStatus { own, ..well() }, status)
        });
        of_sources.chain(of_publishing.map(|status| (status, Degraded))).chain(of_own).collect()
    }

    #[test]
    fn one_thing_that_is_wrong_decides_for_the_whole() {
        assert_eq!(of_collector(&collector(vec![running()])), Healthy);
        for (status, expected) in wrong_in_one_way() {
            assert_eq!(of_collector(&status), expected, "{status:?}");
        }
    }

    #[test]
    fn of_several_things_that_are_wrong_the_worst_decides() {
        let mut status = collector(vec![source(SourceState::Ended), panicked(), running()]);
        status.backpressure = true;
        assert_eq!(of_collector(&status), Unhealthy);
    }

    #[test]
    fn the_parts_say_what_the_whole_says_and_each_that_is_not_well_says_why() {
        for (status, expected) in wrong_in_one_way() {
            let report = report(&status);
            assert_eq!(report.overall(), expected, "{status:?}");
            for part in report.parts {
                assert_eq!(part.status == Healthy, part.reason.is_none(), "{part:?}");
            }
        }
    }
}
