//! `[event_bus]`: which bus, the one value that migrates or rolls back.
//!
//! What is said of buses inside a process is in `legacy` where this build has them, and in `lean`
//! where it has none: the same names, one of the two compiled.

#[cfg(not(feature = "legacy"))]
mod lean;
#[cfg(feature = "legacy")]
mod legacy;

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use daemoneye_eventbus::contract::Confirmation;
use daemoneye_eventbus::{BrokerConfig, ClientConfig};
use serde::{Deserialize, Serialize};

use super::bounds::{OutOfBounds, outside, zero};
use super::duration;
#[cfg(not(feature = "legacy"))]
use lean as in_process;
#[cfg(feature = "legacy")]
use legacy as in_process;

pub use in_process::{BroadcastConfig, CrossbeamConfig, EventBusType, SharingConfig};

/// How long a collector waits for a confirmation (W6): far longer than a broken connection is
/// sought, so that no event is given to the bus again which still is on its way.
const CONFIRM_LIMIT: Duration = Duration::from_hours(1);
/// Subscriptions a bus can be configured for: each has a queue.
const SUBSCRIBERS: RangeInclusive<usize> = 1..=(1 << 20);
/// Connections a broker can be configured for: each has a socket and tasks.
const CONNECTIONS: RangeInclusive<usize> = 1..=(1 << 16);
/// Limits of an encoded event, bytes: a usual one fits the least, and no client takes more than the
/// most.
const PAYLOAD_BYTES: RangeInclusive<usize> = (1 << 10)..=(1 << 30);

/// Which bus events travel on, and how it is reached.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventBusConfig {
    /// The bus. Default `daemoneye`.
    pub bus_type: EventBusType,
    /// Where the broker listens, for `daemoneye`; by default `broker.sock` in the private runtime
    /// folder of this user (V10).
    pub socket_path: Option<PathBuf>,
    /// Settings of the in-process bus, for `local`; a section of its own in a file. `None` in every
    /// build without the feature `legacy`.
    #[cfg_attr(not(feature = "legacy"), serde(skip_serializing))]
    pub crossbeam: Option<CrossbeamConfig>,
    /// The same for `broadcast`.
    #[cfg_attr(not(feature = "legacy"), serde(skip_serializing))]
    pub broadcast: Option<BroadcastConfig>,
    /// The same for `sharing`.
    #[cfg_attr(not(feature = "legacy"), serde(skip_serializing))]
    pub sharing: Option<SharingConfig>,
    /// Limits of the broker and its clients, for `daemoneye`; a section of its own in a file.
    pub daemoneye: Option<DaemoneyeConfig>,
}

/// Limits of the broker and of those who connect to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DaemoneyeConfig {
    /// Most subscriptions at once, 1 to 1 048 576. Default 1000.
    pub subscriber_limit: usize,
    /// Most connections at once, 1 to 65 536. Default 256.
    pub connection_limit: usize,
    /// Largest encoded event, bytes, 1 KiB to 1 GiB. Default 1 MiB.
    pub payload_limit_bytes: usize,
    /// How long a publish waits for room. Default 30 s.
    #[serde(with = "duration")]
    pub publish_limit: Duration,
    /// How long connecting may take. Default 5 s.
    #[serde(with = "duration")]
    pub connect_limit: Duration,
    /// When a client's publish succeeds (W6). Default `fire`; a collector with a spool asks for
    /// `delivered` where this says `fire`.
    pub confirmation: Confirmation,
    /// Who may publish and subscribe what, beside the standard rules; by default these alone. Read by
    /// the agent as it starts.
    pub policy_file: Option<PathBuf>,
}

impl Default for DaemoneyeConfig {
    fn default() -> Self {
        let (broker, client) = (BrokerConfig::default(), ClientConfig::new(""));
        Self {
            subscriber_limit: broker.subscriber_limit,
            connection_limit: broker.connection_limit,
            payload_limit_bytes: broker.payload_limit_bytes,
            publish_limit: broker.publish_limit,
            connect_limit: client.connect_limit,
            confirmation: client.confirmation,
            policy_file: None,
        }
    }
}

impl DaemoneyeConfig {
    /// The broker's part.
    pub(crate) fn broker(&self) -> BrokerConfig {
        BrokerConfig::default()
            .with_subscriber_limit(self.subscriber_limit)
            .with_connection_limit(self.connection_limit)
            .with_payload_limit_bytes(self.payload_limit_bytes)
            .with_publish_limit(self.publish_limit)
    }

    /// The part of a client of this name.
    pub(crate) fn client(&self, name: &str) -> ClientConfig {
        ClientConfig::new(name)
            .with_publish_limit(self.publish_limit)
            .with_connect_limit(self.connect_limit)
            .with_confirmation(self.confirmation)
            .with_confirm_limit(CONFIRM_LIMIT)
    }
}

impl EventBusType {
    /// Whether it is inside one process, so that collectors are threads of the agent.
    pub fn is_in_process(self) -> bool {
        self != Self::DaemonEye
    }
}

impl fmt::Display for EventBusType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl EventBusConfig {
    /// Sets the bus.
    #[must_use]
    pub fn with_bus_type(mut self, bus_type: EventBusType) -> Self {
        self.bus_type = bus_type;
        self
    }

    /// The defaults, with every section that this build has.
    pub(super) fn with_every_section() -> Self {
        let daemoneye = Some(DaemoneyeConfig::default());
        Self { daemoneye, ..in_process::with_sections(Self::default()) }
    }

    /// The same bus, which counts an event as accepted only when it can no longer be lost with the
    /// publisher's connection.
    pub(crate) fn confirmed(mut self) -> Self {
        let limits = self.daemoneye.get_or_insert_default();
        if limits.confirmation == Confirmation::Fire {
            limits.confirmation = Confirmation::Delivered;
        }
        self
    }

    /// What is out of bounds, as (key, sentence).
    pub(super) fn problems(&self) -> Vec<OutOfBounds> {
        let mut problems = Vec::new();
        if let Some(limits) = &self.daemoneye {
            let payload_bytes = &limits.payload_limit_bytes;
            problems.extend([
                outside("daemoneye.subscriber_limit", &limits.subscriber_limit, &SUBSCRIBERS),
                outside("daemoneye.connection_limit", &limits.connection_limit, &CONNECTIONS),
                outside("daemoneye.payload_limit_bytes", payload_bytes, &PAYLOAD_BYTES),
                zero("daemoneye.publish_limit", limits.publish_limit),
                zero("daemoneye.connect_limit", limits.connect_limit),
            ]);
        }
        problems.extend(in_process::problems(self));
        problems.into_iter().flatten().collect()
    }

    /// Sets where the broker listens.
    #[must_use]
    pub fn with_socket_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.socket_path = Some(path.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_given_up_long_before_a_confirmation_is() {
        let client = DaemoneyeConfig::default().client("procmond");
        let sought = client.reconnect.expect("by default it is sought").limit;
        assert!(client.confirm_limit > 10 * sought, "{client:?}");
    }

    fn keys(config: &EventBusConfig) -> Vec<&'static str> {
        config.problems().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(keys(&EventBusConfig::with_every_section()), [""; 0]);
    }

    #[test]
    fn every_bound_is_checked() {
        let daemoneye = DaemoneyeConfig {
            subscriber_limit: 0,
            connection_limit: 0,
            payload_limit_bytes: usize::MAX,
            publish_limit: Duration::ZERO,
            connect_limit: Duration::ZERO,
            ..DaemoneyeConfig::default()
        };
        let config = EventBusConfig { daemoneye: Some(daemoneye), ..EventBusConfig::default() };
        let expected = [
            "daemoneye.subscriber_limit",
            "daemoneye.connection_limit",
            "daemoneye.payload_limit_bytes",
            "daemoneye.publish_limit",
            "daemoneye.connect_limit",
        ];
        assert_eq!(keys(&config), expected);
    }
}
