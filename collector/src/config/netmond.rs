//! `[netmond]`: which connections are watched, and which of them are told.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::bounds::{OutOfBounds, too_short};
use super::duration;

/// Shortest scan interval; a shorter one would do nothing but scan.
const MIN_SCAN_INTERVAL: Duration = Duration::from_millis(10);

/// How [`NetworkSource`](crate::NetworkSource) scans, and which connections it tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetmondConfig {
    /// Time from the start of one scan to the start of the next, at least 10 ms. What begins and
    /// ends between two scans is not seen. Default 10 s.
    #[serde(with = "duration")]
    pub scan_interval: Duration,
    /// Protocols whose sockets are watched, at least one, each once. Default `["tcp", "udp"]`.
    pub protocols: Vec<TransportProtocol>,
    /// Whether sockets without a peer are told: those that listen, and UDP sockets that are not
    /// connected. On Windows no UDP socket has a peer. Default true.
    pub listening: bool,
    /// Whether sockets on a loopback address are told, through which processes of one host talk
    /// to each other. Default true.
    pub loopback: bool,
    /// Whether connections are told that were over before they were first seen, opened and closed
    /// at once: short ones, of which a scan finds no more than their `TIME_WAIT`, and no owner.
    /// Default true.
    pub time_wait: bool,
    /// New connections of one process from one scan to the next from which on they are told as
    /// an anomaly; 0 for never. Default 1000.
    pub burst_connections: usize,
}

/// A protocol that sockets speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TransportProtocol {
    /// TCP, over IPv4 or IPv6.
    Tcp,
    /// UDP, over IPv4 or IPv6.
    Udp,
}

impl Default for NetmondConfig {
    fn default() -> Self {
        Self {
            scan_interval: Duration::from_secs(10),
            protocols: TransportProtocol::ALL.to_vec(),
            listening: true,
            loopback: true,
            time_wait: true,
            burst_connections: 1000,
        }
    }
}

impl NetmondConfig {
    /// Sets the scan interval.
    #[must_use]
    pub fn with_scan_interval(mut self, interval: Duration) -> Self {
        self.scan_interval = interval;
        self
    }

    /// Sets the protocols.
    #[must_use]
    pub fn with_protocols(mut self, protocols: impl Into<Vec<TransportProtocol>>) -> Self {
        self.protocols = protocols.into();
        self
    }

    /// What is out of bounds, as (key, sentence).
    pub(super) fn problems(&self) -> Vec<OutOfBounds> {
        let interval = too_short("scan_interval", self.scan_interval, MIN_SCAN_INTERVAL);
        let mut problems: Vec<_> = interval.into_iter().collect();
        if self.protocols.is_empty() {
            problems.push(("protocols", "name at least one of `tcp` and `udp`".to_owned()));
        }
        for (index, protocol) in self.protocols.iter().enumerate() {
            if self.protocols[..index].contains(protocol) {
                let message = format!("`{}` stands there twice", protocol.as_str());
                problems.push(("protocols", message));
            }
        }
        problems
    }
}

impl TransportProtocol {
    /// Every protocol there is.
    pub const ALL: [Self; 2] = [Self::Tcp, Self::Udp];

    /// Its name in files and events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_have_no_problem() {
        assert_eq!(NetmondConfig::default().problems(), []);
    }

    #[test]
    fn what_is_out_of_bounds_is_told_by_its_key() {
        let config = NetmondConfig::default().with_scan_interval(Duration::from_millis(9));
        let message = "9ms is shorter than 10ms".to_owned();
        assert_eq!(config.problems(), [("scan_interval", message)]);

        let config = NetmondConfig { protocols: Vec::new(), ..NetmondConfig::default() };
        let message = "name at least one of `tcp` and `udp`".to_owned();
        assert_eq!(config.problems(), [("protocols", message)]);

        let twice = [TransportProtocol::Udp, TransportProtocol::Tcp, TransportProtocol::Udp];
        let config = NetmondConfig::default().with_protocols(twice);
        let message = "`udp` stands there twice".to_owned();
        assert_eq!(config.problems(), [("protocols", message)]);
    }

    #[test]
    fn every_key_is_read_from_a_file() {
        let text = r#"
            scan_interval = "2s"
            protocols = ["udp"]
            listening = false
            loopback = false
            time_wait = false
            burst_connections = 0
        "#;
        let expected = NetmondConfig {
            scan_interval: Duration::from_secs(2),
            protocols: vec![TransportProtocol::Udp],
            listening: false,
            loopback: false,
            time_wait: false,
            burst_connections: 0,
        };
        assert_eq!(toml::from_str::<NetmondConfig>(text).unwrap(), expected);
    }

    #[test]
    fn the_name_of_a_protocol_is_what_a_file_says() {
        for protocol in TransportProtocol::ALL {
            let text = format!("protocols = [\"{}\"]", protocol.as_str());
            let config: NetmondConfig = toml::from_str(&text).unwrap();
            assert_eq!(config.protocols, [protocol]);
        }
    }
}
