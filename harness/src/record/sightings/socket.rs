//! One end of a connection of the harness to itself.

use daemoneye_eventbus::NetworkEvent;

/// A connected socket that is opened and closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedSocket {
    /// Its own address with port.
    pub local_address: String,
    /// The other end's address with port.
    pub remote_address: String,
    /// The process that holds it.
    pub pid: u32,
    /// When its connection was accepted, `CLOCK_MONOTONIC`, nanoseconds.
    pub accepted_monotonic_ns: u64,
}

impl WatchedSocket {
    /// Whether an event may come from a scan that met the connection before it was accepted: it is
    /// in a state that passes then, and nobody's yet.
    pub fn may_be_unaccepted(&self, seen: &NetworkEvent) -> bool {
        seen.header.observed_monotonic_ns <= self.accepted_monotonic_ns
    }
}
