//! A collector's figures as the control plane tells them.

use daemoneye_eventbus::rpc::{Counters, Telemetry};

use crate::runtime::CollectorStatus;

/// What it has done and what it uses, as of its last look at itself.
pub(super) fn telemetry(status: &CollectorStatus) -> Telemetry {
    let own = &status.own;
    Telemetry {
        sequence: own.looks,
        uptime: own.uptime,
        counters: Counters {
            events_accepted: status.events_accepted,
            events_published: status.events_published,
            events_lost: status.events_lost,
            events_spooled: status.events_spooled,
            events_replayed: status.events_replayed,
            events_refused: status.events_refused(),
            publish_retries: status.publish_retries,
            backpressure_episodes: status.backpressure_episodes,
            checks: status.checks,
            checks_failed: status.checks_failed,
        },
        errors: own.errors,
        resources: own.resources,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use daemoneye_eventbus::SourceCaps;
    use daemoneye_eventbus::rpc::{ErrorRate, Resources};

    use super::*;
    use crate::runtime::SourceStatus;
    use crate::telemetry::OwnStatus;

    #[test]
    fn telemetry_has_the_counters_of_now_and_the_figures_of_the_last_look() {
        let refusing =
            SourceStatus { events_refused: 4, ..SourceStatus::new("s", SourceCaps::PROCESS) };
        let resources = Resources { memory_bytes: Some(4096), ..Resources::default() };
        let told = telemetry(&CollectorStatus {
            sources: vec![refusing.clone(), refusing],
            events_accepted: 1,
            events_published: 2,
            events_lost: 3,
            events_spooled: 5,
            events_replayed: 6,
            publish_retries: 7,
            backpressure_episodes: 9,
            checks: 10,
            checks_failed: 11,
            own: OwnStatus {
                looks: 12,
                uptime: Duration::from_secs(13),
                errors: ErrorRate { failed: 14, tried: 15 },
                resources,
                ..OwnStatus::default()
            },
            ..CollectorStatus::new("c")
        });
        let counters = Counters {
            events_accepted: 1,
            events_published: 2,
            events_lost: 3,
            events_spooled: 5,
            events_replayed: 6,
            events_refused: 8,
            publish_retries: 7,
            backpressure_episodes: 9,
            checks: 10,
            checks_failed: 11,
        };
        assert_eq!(told.counters, counters);
        assert_eq!((told.sequence, told.uptime), (12, Duration::from_secs(13)));
        assert_eq!(told.errors, ErrorRate { failed: 14, tried: 15 });
        assert_eq!(told.resources, resources);
    }
}
