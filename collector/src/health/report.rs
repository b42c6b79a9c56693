//! Health as others are told it: part by part, each with its reason.

use daemoneye_eventbus::rpc::{HealthPart, HealthReport};

use crate::runtime::{CollectorStatus, SourceState, SourceStatus};
use crate::source::Loss;

/// Each source is a part, the way from them to the bus is one, and so is each figure the collector
/// watches of itself.
pub(crate) fn report(status: &CollectorStatus) -> HealthReport {
    let sources = status.sources.iter().map(|source| HealthPart {
        name: source.name.to_owned(),
        status: super::of_source(source),
        reason: ill(source),
    });
    let publishing = HealthPart {
        name: "publishing".to_owned(),
        status: super::of_publishing(status),
        reason: held_up(status),
    };
    let own = status.own.findings().map(|(name, finding)| HealthPart {
        name: name.to_owned(),
        status: finding.status,
        reason: finding.reason.clone(),
    });
    HealthReport { parts: sources.chain([publishing]).chain(own).collect() }
}

/// Why the way to the bus is not as it should be.
fn held_up(status: &CollectorStatus) -> Option<String> {
    let on_disk = Loss { events: status.events_spooled, uncounted: false };
    let counted = [
        (status.lost(), "lost"),
        (status.lost_before, "lost by earlier runs"),
        (on_disk, "on disk"),
    ];
    let counted = counted.iter().filter(|(events, _)| !events.is_none());
    let counted = counted.map(|(events, what)| format!("{events} events {what}"));
    let held_back = status.backpressure.then(|| "sources are held back".to_owned());
    let reasons: Vec<_> = counted.chain(held_back).collect();
    (!reasons.is_empty()).then(|| reasons.join(", "))
}

/// Why a source is not as it should be.
fn ill(source: &SourceStatus) -> Option<String> {
    match &source.state {
        SourceState::Failed { error } => Some(error.clone()),
        SourceState::Panicked { message } => Some(format!("it panicked: {message}")),
        SourceState::Aborted => Some("it did not end in time and was aborted".to_owned()),
        _ if source.failed_checks > 0 => source.last_failure.clone(),
        SourceState::Ended => Some("it has ended".to_owned()),
        SourceState::Registered | SourceState::Running => {
            let refused = source.events_refused;
            let refused =
                (refused > 0).then(|| format!("{refused} events refused that it did not declare"));
            let reasons: Vec<_> = source.limitation.clone().into_iter().chain(refused).collect();
            (!reasons.is_empty()).then(|| reasons.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::SourceCaps;
    use daemoneye_eventbus::rpc::HealthStatus as Told;

    use super::*;
    use crate::telemetry::{Finding, OwnStatus};

    #[test]
    fn a_failed_source_lost_events_and_a_crossed_limit_are_parts_with_their_reasons() {
        let source =
            |name, state| SourceStatus { state, ..SourceStatus::new(name, SourceCaps::PROCESS) };
        let broken = SourceState::Failed { error: "no such device".to_owned() };
        let rate = "3 of 10 failed within 5m, the limit is 10 %";
        let crossed = Finding { status: Told::Degraded, reason: Some(rate.to_owned()) };
        let report = report(&CollectorStatus {
            sources: vec![source("well", SourceState::Running), source("ill", broken)],
            events_accepted: 3,
            events_published: 1,
            events_lost: 2,
            own: OwnStatus { error_rate: crossed, ..OwnStatus::default() },
            ..CollectorStatus::new("c")
        });
        let part = |name: &str, status, reason: Option<&str>| HealthPart {
            name: name.to_owned(),
            status,
            reason: reason.map(str::to_owned),
        };
        assert_eq!(
            report.parts,
            [
                part("well", Told::Healthy, None),
                part("ill", Told::Unhealthy, Some("no such device")),
                part("publishing", Told::Degraded, Some("2 events lost")),
                part("error_rate", Told::Degraded, Some(rate)),
                part("cpu", Told::Healthy, None),
                part("memory", Told::Healthy, None),
            ]
        );
    }

    #[test]
    fn what_is_lost_of_this_run_and_of_earlier_ones_is_told_apart_and_whether_it_was_counted() {
        let reason = |lost_before, events_lost, lost_uncounted| {
            let status = CollectorStatus {
                events_lost,
                lost_before,
                lost_uncounted,
                ..CollectorStatus::new("c")
            };
            report(&status).parts[0].reason.clone()
        };
        let before = |events, uncounted| Loss { events, uncounted };
        let rows = [
            (before(0, false), 0, false, None),
            (before(5, false), 5, false, Some("5 events lost by earlier runs")),
            (before(5, true), 5, false, Some("at least 5 events lost by earlier runs")),
            (before(5, false), 7, false, Some("2 events lost, 5 events lost by earlier runs")),
            (before(0, false), 0, true, Some("uncounted events lost")),
        ];
        for (lost_before, lost, uncounted, expected) in rows {
            assert_eq!(reason(lost_before, lost, uncounted).as_deref(), expected);
        }
    }
}
