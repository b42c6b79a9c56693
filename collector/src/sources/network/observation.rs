//! What a reader sees: one scan of the sockets of this host.

use std::net::SocketAddr;

use crate::config::TransportProtocol;

/// What a socket is bound to and connected with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Endpoints {
    pub(super) protocol: TransportProtocol,
    pub(super) local: SocketAddr,
    /// `None` for a socket without a peer: one that listens, or UDP that is not connected.
    pub(super) remote: Option<SocketAddr>,
}

/// How far a connection has come; never back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Waits for connections.
    Listening,
    /// Is being made.
    Opening,
    /// Carries data.
    Established,
    /// Is being ended by one side or both.
    Closing,
    /// Is over, and the system has not forgotten it yet.
    Over,
}

/// State of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// As the system names it.
    pub(super) name: &'static str,
    /// What that means.
    pub(super) phase: Phase,
}

/// One socket at the time of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Observation {
    pub(super) endpoints: Endpoints,
    /// What tells sockets on the same addresses apart: the inode on Linux, the owner elsewhere.
    /// `None` where no process holds it: before it is accepted, and after it was closed.
    pub(super) socket: Option<u64>,
    /// `None` where the protocol has none.
    pub(super) state: Option<State>,
    /// Owning process, when readable.
    pub(super) pid: Option<u32>,
}

/// Everything one scan saw.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scan {
    /// When it began: wall clock, nanoseconds since the epoch.
    pub(super) observed_unix_ns: u64,
    /// The same moment, monotonic, nanoseconds.
    pub(super) observed_monotonic_ns: u64,
    /// The sockets, in any order; one that was seen twice may stand there twice.
    pub(super) sockets: Vec<Observation>,
}

impl Endpoints {
    /// Addresses as a system tells them: IPv4 within IPv6 becomes IPv4, and the unspecified
    /// address without a port is no peer.
    pub(super) fn new(
        protocol: TransportProtocol,
        local: SocketAddr,
        remote: Option<SocketAddr>,
    ) -> Self {
        let is_peer = |remote: &SocketAddr| remote.port() != 0 || !remote.ip().is_unspecified();
        let remote = remote.map(canonical).filter(is_peer);
        Self { protocol, local: canonical(local), remote }
    }

    /// Whether there can be no other socket with the same addresses.
    pub(super) fn are_unique(&self) -> bool {
        self.protocol == TransportProtocol::Tcp && self.remote.is_some()
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

impl Observation {
    /// Whether this may be what became of an earlier observation, as far as states tell.
    pub(super) fn may_follow(&self, earlier: &Self) -> bool {
        match (earlier.phase(), self.phase()) {
            (Some(earlier), Some(later)) => earlier <= later,
            _ => true,
        }
    }

    pub(super) fn phase(&self) -> Option<Phase> {
        self.state.map(|state| state.phase)
    }

    pub(super) fn is_listening(&self) -> bool {
        self.phase() == Some(Phase::Listening)
    }

    /// Whether it is being ended, or is over.
    pub(super) fn is_ending(&self) -> bool {
        self.phase() >= Some(Phase::Closing)
    }

    pub(super) fn is_over(&self) -> bool {
        self.phase() == Some(Phase::Over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(local: &str, remote: &str) -> Endpoints {
        let remote = Some(remote.parse().unwrap());
        Endpoints::new(TransportProtocol::Tcp, local.parse().unwrap(), remote)
    }

    #[test]
    fn ipv4_within_ipv6_is_ipv4() {
        let mapped = endpoints("[::ffff:127.0.0.1]:80", "[::ffff:10.0.0.9]:4000");
        assert_eq!(mapped, endpoints("127.0.0.1:80", "10.0.0.9:4000"));
        assert_eq!(mapped.local.to_string(), "127.0.0.1:80");
    }

    #[test]
    fn ipv6_stays_what_it_is() {
        let ipv6 = endpoints("[::1]:80", "[fd00::2]:4000");
        assert_eq!(ipv6.local.to_string(), "[::1]:80");
        assert_eq!(ipv6.remote.unwrap().to_string(), "[fd00::2]:4000");
    }

    #[test]
    fn the_unspecified_address_without_a_port_is_no_peer() {
        for remote in ["0.0.0.0:0", "[::]:0", "[::ffff:0.0.0.0]:0"] {
            assert_eq!(endpoints("[::]:80", remote).remote, None, "{remote}");
        }
        for remote in ["0.0.0.0:1", "10.0.0.9:0"] {
            assert!(endpoints("[::]:80", remote).remote.is_some(), "{remote}");
        }
    }

    #[test]
    fn only_connected_tcp_has_its_addresses_for_itself() {
        let of = |protocol, remote| Endpoints { protocol, ..endpoints("10.0.0.1:80", remote) };
        let rows = [
            (TransportProtocol::Tcp, "10.0.0.2:9", true),
            (TransportProtocol::Tcp, "0.0.0.0:0", false),
            (TransportProtocol::Udp, "10.0.0.2:9", false),
            (TransportProtocol::Udp, "0.0.0.0:0", false),
        ];
        for (protocol, remote, unique) in rows {
            assert_eq!(of(protocol, remote).are_unique(), unique, "{protocol:?} {remote}");
        }
    }

    #[test]
    fn a_socket_without_a_state_is_in_no_phase() {
        let socket = Observation {
            endpoints: endpoints("10.0.0.1:80", "0.0.0.0:0"),
            socket: Some(1),
            state: None,
            pid: None,
        };
        assert!(!socket.is_listening() && !socket.is_ending() && !socket.is_over());
    }
}
