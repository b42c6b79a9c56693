//! `[ipc]`: whether a collector answers programs that are not on the bus, where, and how much.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::bounds::{OutOfBounds, outside, time_outside};
use super::duration;
use super::violation::Violation;

/// Stands in a socket path for the name of the collector.
const NAME: &str = "{name}";
/// Connections, and requests of one, that can be allowed: each takes a task.
const COUNTS: RangeInclusive<usize> = 1..=1024;
/// Limits of a request's message, bytes; a task with the longest path and parameters has less than
/// the default.
const FRAME_BYTES: RangeInclusive<usize> = (1 << 10)..=(1 << 20);
/// Limits of a request's time: as long as anybody waits on the bus.
const REQUEST: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(1);
/// Limits of the time a connection may be silent.
const IDLE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(24);
/// Limits of the time a client may take to say what it wants.
const HANDSHAKE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_mins(1);

/// The door of a collector for programs that are not on the bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IpcConfig {
    /// Whether there is one. Default false.
    pub enabled: bool,
    /// Where it is; `{name}` in it stands for the collector's name, and a path without that is for
    /// one collector alone. Its folder is for its user alone (0700). By default `{name}.sock`
    /// beside the broker's socket.
    pub socket_path: Option<PathBuf>,
    /// Connections at once, 1 to 1024; one more is refused. Default 16.
    pub connection_limit: usize,
    /// Requests of one connection without an answer, 1 to 1024; one more is refused. Default 16.
    pub outstanding_limit: usize,
    /// Longest message of a request, bytes, 1 KiB to 1 MiB; a longer one ends its connection.
    /// Default 64 KiB.
    pub frame_limit_bytes: usize,
    /// How long a request may take, and a client to take an answer, 1 ms to 1 h. Default 30 s.
    #[serde(with = "duration")]
    pub request_limit: Duration,
    /// How long a connection may be without a request, 1 ms to 24 h. Default 5 min.
    #[serde(with = "duration")]
    pub idle_limit: Duration,
    /// How long a client may take until it has negotiated, 1 ms to 1 min. Default 5 s.
    #[serde(with = "duration")]
    pub handshake_limit: Duration,
}

impl Default for IpcConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            socket_path: None,
            connection_limit: 16,
            outstanding_limit: 16,
            frame_limit_bytes: 64 << 10,
            request_limit: Duration::from_secs(30),
            idle_limit: Duration::from_mins(5),
            handshake_limit: Duration::from_secs(5),
        }
    }
}

impl IpcConfig {
    /// Sets whether there is a door.
    #[must_use]
    pub fn with_enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Sets where it is.
    #[must_use]
    pub fn with_socket_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.socket_path = Some(path.into());
        self
    }

    /// Sets how many connections there may be.
    #[must_use]
    pub fn with_connection_limit(mut self, connections: usize) -> Self {
        self.connection_limit = connections;
        self
    }

    /// Sets how many requests of a connection may be without an answer.
    #[must_use]
    pub fn with_outstanding_limit(mut self, requests: usize) -> Self {
        self.outstanding_limit = requests;
        self
    }

    /// Sets how long a message may be, bytes.
    #[must_use]
    pub fn with_frame_limit_bytes(mut self, bytes: usize) -> Self {
        self.frame_limit_bytes = bytes;
        self
    }

    /// Sets how long a request may take.
    #[must_use]
    pub fn with_request_limit(mut self, limit: Duration) -> Self {
        self.request_limit = limit;
        self
    }

    /// Sets how long a connection may be silent.
    #[must_use]
    pub fn with_idle_limit(mut self, limit: Duration) -> Self {
        self.idle_limit = limit;
        self
    }

    /// Sets how long a client may take until it has negotiated.
    #[must_use]
    pub fn with_handshake_limit(mut self, limit: Duration) -> Self {
        self.handshake_limit = limit;
        self
    }

    /// Where a collector's door is, beside this socket unless it is said; `None` when neither is.
    pub fn socket_path_of(&self, collector: &str, broker_socket: Option<&Path>) -> Option<PathBuf> {
        let Some(path) = &self.socket_path else {
            let beside = |socket: &Path| socket.with_file_name(format!("{collector}.sock"));
            return broker_socket.map(beside);
        };
        let named = path.to_str().map(|text| PathBuf::from(text.replace(NAME, collector)));
        Some(named.unwrap_or_else(|| path.clone()))
    }

    /// Why so many collectors cannot have their doors where it is said.
    pub(super) fn violation_of_several(&self, collectors: usize) -> Option<Violation> {
        let path = self.socket_path.as_deref().filter(|_| self.enabled && collectors > 1)?;
        if is_for_each(path) {
            return None;
        }
        let message = format!(
            "{} is for one collector alone, and {collectors} are to run; write `{NAME}` where the \
             name of each belongs",
            path.display()
        );
        Some(Violation::new("ipc.socket_path".to_owned(), message))
    }

    /// The same with every limit within its bounds, whoever has set it.
    pub(crate) fn clamped(&self) -> Self {
        Self {
            enabled: self.enabled,
            socket_path: self.socket_path.clone(),
            connection_limit: clamp(self.connection_limit, &COUNTS),
            outstanding_limit: clamp(self.outstanding_limit, &COUNTS),
            frame_limit_bytes: clamp(self.frame_limit_bytes, &FRAME_BYTES),
            request_limit: clamp(self.request_limit, &REQUEST),
            idle_limit: clamp(self.idle_limit, &IDLE),
            handshake_limit: clamp(self.handshake_limit, &HANDSHAKE),
        }
    }

    /// What is out of bounds, as (key, sentence).
    pub(super) fn problems(&self) -> Vec<OutOfBounds> {
        let problems = [
            outside("connection_limit", &self.connection_limit, &COUNTS),
            outside("outstanding_limit", &self.outstanding_limit, &COUNTS),
            outside("frame_limit_bytes", &self.frame_limit_bytes, &FRAME_BYTES),
            time_outside("request_limit", self.request_limit, &REQUEST),
            time_outside("idle_limit", self.idle_limit, &IDLE),
            time_outside("handshake_limit", self.handshake_limit, &HANDSHAKE),
        ];
        problems.into_iter().flatten().collect()
    }
}

/// Whether each collector has a path of its own.
fn is_for_each(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.contains(NAME))
}

fn clamp<T: Ord + Copy>(value: T, bounds: &RangeInclusive<T>) -> T {
    value.clamp(*bounds.start(), *bounds.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out_of_bounds() -> [IpcConfig; 2] {
        let config = |count, bytes, limit| {
            IpcConfig::default()
                .with_connection_limit(count)
                .with_outstanding_limit(count)
                .with_frame_limit_bytes(bytes)
                .with_request_limit(limit)
                .with_idle_limit(limit)
                .with_handshake_limit(limit)
        };
        [config(0, 0, Duration::ZERO), config(usize::MAX, usize::MAX, Duration::MAX)]
    }

    #[test]
    fn every_limit_has_bounds_and_the_defaults_are_within_them() {
        assert_eq!(IpcConfig::default().problems(), []);
        for config in out_of_bounds() {
            let keys: Vec<_> = config.problems().into_iter().map(|(key, _)| key).collect();
            assert_eq!(
                keys,
                [
                    "connection_limit",
                    "outstanding_limit",
                    "frame_limit_bytes",
                    "request_limit",
                    "idle_limit",
                    "handshake_limit",
                ]
            );
            assert_eq!(config.clamped().problems(), []);
        }
    }

    #[test]
    fn the_door_is_beside_the_brokers_socket_unless_it_is_said() {
        let broker = Path::new("run").join("broker.sock");
        let beside = IpcConfig::default().socket_path_of("procmond", Some(&broker));
        assert_eq!(beside, Some(Path::new("run").join("procmond.sock")));
        assert_eq!(IpcConfig::default().socket_path_of("procmond", None), None);
    }

    #[test]
    fn several_doors_at_one_path_are_a_problem() {
        let told = |path: &str, collectors| {
            let config = IpcConfig::default().with_enabled(true).with_socket_path(path);
            config.violation_of_several(collectors).map(|violation| violation.key)
        };
        assert_eq!(told("door", 2).as_deref(), Some("ipc.socket_path"));
        assert_eq!(told("door", 1), None);
        assert_eq!(told("door-{name}", 2), None);
        let shut = IpcConfig::default().with_socket_path("door");
        assert!(shut.violation_of_several(2).is_none(), "there are no doors");
        let unsaid = IpcConfig::default().with_enabled(true);
        assert!(unsaid.violation_of_several(2).is_none());
    }

    #[test]
    fn a_path_that_is_said_may_have_the_collectors_name_in_it() {
        let said = IpcConfig::default().with_socket_path("doors/{name}.ipc");
        assert_eq!(said.socket_path_of("netmond", None), Some("doors/netmond.ipc".into()));
        let one = IpcConfig::default().with_socket_path("door");
        let broker = Path::new("run/broker.sock");
        assert_eq!(one.socket_path_of("netmond", Some(broker)), Some("door".into()));
    }
}
