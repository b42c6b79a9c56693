//! The buses inside a process: which there are, and the sections with their limits.
//!
//! It goes with the feature `legacy`; what is left then is `lean`.

use std::ops::RangeInclusive;

use legacy_buses::{broadcast, sharing};
use serde::{Deserialize, Serialize};

use super::{EventBusConfig, SUBSCRIBERS};
use crate::config::bounds::{OutOfBounds, outside, zero};

pub use legacy_buses::broadcast::BroadcastConfig;
pub use legacy_buses::crossbeam::CrossbeamConfig;
pub use legacy_buses::sharing::SharingConfig;

/// Events the ring of `broadcast` can be configured for.
const BROADCAST_EVENTS: RangeInclusive<usize> = 1..=broadcast::MAX_RING_CAPACITY_EVENTS;
/// The same of `sharing`.
const SHARING_EVENTS: RangeInclusive<usize> = 1..=sharing::MAX_RING_CAPACITY_EVENTS;

/// The buses there are. A build without the feature `legacy` has the last of them alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum EventBusType {
    /// `local`: the crossbeam bus, in this process.
    #[serde(rename = "local")]
    Local,
    /// `broadcast`: one ring for all, in this process. Who lags loses, counted, whatever policy it
    /// asked for; unless [`backpressure`](BroadcastConfig::backpressure) is on.
    #[serde(rename = "broadcast")]
    Broadcast,
    /// `sharing`: a queue for each subscriber, in this process. A full one loses, counted: nobody
    /// waits.
    #[serde(rename = "sharing")]
    Sharing,
    /// `daemoneye`: the broker, in the agent's process.
    #[default]
    #[serde(rename = "daemoneye")]
    DaemonEye,
}

impl EventBusType {
    /// Its name in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Broadcast => "broadcast",
            Self::Sharing => "sharing",
            Self::DaemonEye => "daemoneye",
        }
    }

    /// The section with its limits, in `[event_bus]`.
    pub(in crate::config) fn section(self) -> &'static str {
        match self {
            Self::Local => "crossbeam",
            Self::Broadcast | Self::Sharing | Self::DaemonEye => self.as_str(),
        }
    }
}

/// The same with the sections of these buses, each with its defaults.
pub(super) fn with_sections(config: EventBusConfig) -> EventBusConfig {
    EventBusConfig {
        crossbeam: Some(CrossbeamConfig::default()),
        broadcast: Some(BroadcastConfig::default()),
        sharing: Some(SharingConfig::default()),
        ..config
    }
}

/// What of these sections is out of bounds.
pub(super) fn problems(config: &EventBusConfig) -> Vec<Option<OutOfBounds>> {
    let mut problems = Vec::new();
    if let Some(limits) = &config.crossbeam {
        let has_no_room = limits.central_capacity == Some(0);
        let message = "it must be at least 1, or \"unbounded\"";
        problems.extend([
            has_no_room.then(|| ("crossbeam.central_capacity", message.to_owned())),
            outside("crossbeam.subscriber_limit", &limits.subscriber_limit, &SUBSCRIBERS),
            zero("crossbeam.publish_limit", limits.publish_limit),
        ]);
    }
    if let Some(limits) = &config.broadcast {
        problems.extend([
            outside("broadcast.capacity", &limits.capacity, &BROADCAST_EVENTS),
            outside("broadcast.subscriber_limit", &limits.subscriber_limit, &SUBSCRIBERS),
            zero("broadcast.publish_limit", limits.publish_limit),
        ]);
    }
    if let Some(limits) = &config.sharing {
        problems.extend([
            outside("sharing.ring_capacity", &limits.ring_capacity, &SHARING_EVENTS),
            outside("sharing.subscriber_limit", &limits.subscriber_limit, &SUBSCRIBERS),
            zero("sharing.publish_limit", limits.publish_limit),
        ]);
    }
    problems
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::config::Layers;

    #[test]
    fn every_bound_is_checked() {
        let crossbeam = CrossbeamConfig {
            central_capacity: Some(0),
            subscriber_limit: 0,
            publish_limit: Duration::ZERO,
            ..CrossbeamConfig::default()
        };
        let broadcast = BroadcastConfig {
            capacity: 0,
            subscriber_limit: 0,
            publish_limit: Duration::ZERO,
            ..BroadcastConfig::default()
        };
        let sharing = SharingConfig {
            ring_capacity: usize::MAX,
            subscriber_limit: 0,
            publish_limit: Duration::ZERO,
        };
        let config = EventBusConfig {
            crossbeam: Some(crossbeam),
            broadcast: Some(broadcast),
            sharing: Some(sharing),
            ..EventBusConfig::default()
        };
        let expected = [
            "crossbeam.central_capacity",
            "crossbeam.subscriber_limit",
            "crossbeam.publish_limit",
            "broadcast.capacity",
            "broadcast.subscriber_limit",
            "broadcast.publish_limit",
            "sharing.ring_capacity",
            "sharing.subscriber_limit",
            "sharing.publish_limit",
        ];
        let keys: Vec<_> = config.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, expected);
    }

    #[test]
    fn every_bus_is_said_and_told_by_one_name() {
        for bus in [
            EventBusType::Local,
            EventBusType::Broadcast,
            EventBusType::Sharing,
            EventBusType::DaemonEye,
        ] {
            let text = format!("[event_bus]\nbus_type = \"{bus}\"\n");
            let mut layers = Layers::new();
            layers.text(Path::new("agent.toml"), text).unwrap();
            assert_eq!(layers.resolve().unwrap().settings.event_bus.bus_type, bus);
        }
    }

    #[test]
    fn a_bus_that_does_not_exist_is_told_with_those_that_do() {
        let text = "[event_bus]\nbus_type = \"locale\"\n";
        let told = Layers::new().text(Path::new("agent.toml"), text.to_owned()).unwrap_err();
        let buses = "expected one of `local`, `broadcast`, `sharing`, `daemoneye`";
        let told = told.to_string();
        assert!(told.starts_with(&format!("error: unknown variant `locale`, {buses}\n")), "{told}");
        assert!(told.ends_with("did you mean `local`?"), "{told}");
    }
}
