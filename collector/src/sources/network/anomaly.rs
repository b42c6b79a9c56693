//! What is odd about the difference between two scans: each rule by itself, no clock, no system.

use std::collections::BTreeMap;

use daemoneye_eventbus::event::NetworkChange;

use super::census::{Change, Difference};

/// Something that people may want to look at, and the rule that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anomaly {
    /// A process began to listen where other hosts can reach it.
    ExposedListener(Change),
    /// A process opened many connections from one scan to the next.
    ConnectionBurst {
        pid: u32,
        /// How many.
        connections: usize,
        /// From how many on that is odd.
        threshold: usize,
    },
    /// There are more connections than are watched at once.
    ConnectionLimit {
        /// Connections that are there and not told.
        untold: usize,
        /// How many are watched.
        limit: usize,
    },
}

/// The rules, and what they remember.
#[derive(Debug)]
pub(super) struct Rules {
    /// 0 for a rule that is off.
    burst_connections: usize,
    connection_limit: usize,
    /// The last scan had more than the limit, hence it is told already.
    is_over_limit: bool,
}

impl Rules {
    pub(super) fn new(burst_connections: usize, connection_limit: usize) -> Self {
        Self { burst_connections, connection_limit, is_over_limit: false }
    }

    /// From how many new connections of one process on is odd; 0 for never.
    pub(super) fn set_burst_connections(&mut self, connections: usize) {
        self.burst_connections = connections;
    }

    /// Asks every rule about what one scan brought.
    pub(super) fn judge(&mut self, difference: &Difference) -> Vec<Anomaly> {
        let mut anomalies = exposed_listeners(&difference.changes);
        anomalies.extend(bursts(&difference.changes, self.burst_connections));
        anomalies.extend(self.limit_passed(difference.untold));
        anomalies
    }

    /// Told when it begins; it ends with a scan that leaves nothing untold.
    fn limit_passed(&mut self, untold: usize) -> Option<Anomaly> {
        let was_over = std::mem::replace(&mut self.is_over_limit, untold > 0);
        let anomaly = Anomaly::ConnectionLimit { untold, limit: self.connection_limit };
        (untold > 0 && !was_over).then_some(anomaly)
    }
}

/// Sockets that began to listen for TCP on an address that is not for this host alone. What was
/// there before the collector came is not odd, and a UDP socket without a peer may be but a lookup
/// of a name.
fn exposed_listeners(changes: &[Change]) -> Vec<Anomaly> {
    let is_exposed = |change: &&Change| {
        let local = change.connection.endpoints.local;
        is_new(change) && change.connection.is_listening() && !local.ip().is_loopback()
    };
    changes.iter().filter(is_exposed).map(|change| Anomaly::ExposedListener(*change)).collect()
}

/// Processes with at least so many new connections.
fn bursts(changes: &[Change], threshold: usize) -> Vec<Anomaly> {
    let mut opened: BTreeMap<u32, usize> = BTreeMap::new();
    for change in changes.iter().filter(|change| is_new(change)) {
        let connection = change.connection;
        if let (Some(pid), Some(_)) = (connection.pid, connection.endpoints.remote) {
            *opened.entry(pid).or_default() += 1;
        }
    }
    opened
        .into_iter()
        .filter(|(_, connections)| threshold > 0 && *connections >= threshold)
        .map(|(pid, connections)| Anomaly::ConnectionBurst { pid, connections, threshold })
        .collect()
}

fn is_new(change: &Change) -> bool {
    change.what == NetworkChange::Opened && !change.enumerated
}

#[cfg(test)]
mod tests {
    use super::super::census::ConnectionId;
    use super::super::observation::{Endpoints, Observation, Phase, State};
    use super::*;
    use crate::config::TransportProtocol;

    const LISTEN: State = State { name: "LISTEN", phase: Phase::Listening };
    const ESTABLISHED: State = State { name: "ESTABLISHED", phase: Phase::Established };

    fn opened(local: &str, remote: Option<&str>, state: Option<State>, pid: u32) -> Change {
        let remote = remote.map(|remote| remote.parse().unwrap());
        let protocol = TransportProtocol::Tcp;
        let endpoints = Endpoints::new(protocol, local.parse().unwrap(), remote);
        Change {
            what: NetworkChange::Opened,
            id: ConnectionId { run: 1, number: 1 },
            connection: Observation { endpoints, socket: Some(1), state, pid: Some(pid) },
            enumerated: false,
        }
    }

    fn listener(local: &str) -> Change {
        opened(local, None, Some(LISTEN), 7)
    }

    fn client(pid: u32) -> Change {
        opened("10.0.0.1:4000", Some("10.0.0.2:443"), Some(ESTABLISHED), pid)
    }

    fn judge(changes: Vec<Change>) -> Vec<Anomaly> {
        Rules::new(2, 10).judge(&Difference { changes, untold: 0 })
    }

    #[test]
    fn a_new_listener_that_other_hosts_can_reach_is_odd() {
        for local in ["0.0.0.0:80", "[::]:80", "10.0.0.1:80", "[fd00::1]:80"] {
            let listener = listener(local);
            assert_eq!(judge(vec![listener]), [Anomaly::ExposedListener(listener)], "{local}");
        }
    }

    #[test]
    fn other_sockets_are_no_exposed_listeners() {
        let exposed = listener("0.0.0.0:80");
        let rows = [
            ("loopback", listener("127.0.0.1:80")),
            ("loopback of IPv6", listener("[::1]:80")),
            ("loopback of IPv4 within IPv6", listener("[::ffff:127.0.0.1]:80")),
            ("there before", Change { enumerated: true, ..exposed }),
            ("closed", Change { what: NetworkChange::Closed, ..exposed }),
            ("changed", Change { what: NetworkChange::Changed, ..exposed }),
            ("without a peer", opened("0.0.0.0:53", None, None, 7)),
            ("connected", client(7)),
        ];
        for (why, change) in rows {
            assert_eq!(judge(vec![change]), [], "{why}");
        }
    }

    #[test]
    fn many_new_connections_of_one_process_are_a_burst() {
        let changes = vec![client(9), client(8), client(9), client(7), client(9), client(7)];
        let burst = |pid, connections| Anomaly::ConnectionBurst { pid, connections, threshold: 2 };
        assert_eq!(judge(changes), [burst(7, 2), burst(9, 3)]);
    }

    #[test]
    fn what_is_no_new_connection_of_a_known_process_does_not_count() {
        let new = client(7);
        let nobodys = Observation { pid: None, ..new.connection };
        let others = [
            Change { enumerated: true, ..new },
            Change { what: NetworkChange::Changed, ..new },
            Change { what: NetworkChange::Closed, ..new },
            Change { connection: nobodys, ..new },
            listener("127.0.0.1:80"),
        ];
        for other in others {
            assert_eq!(judge(vec![new, other]), [], "{other:?}");
        }
    }

    #[test]
    fn a_threshold_of_nothing_is_never_reached() {
        let mut rules = Rules::new(0, 10);
        let changes = vec![client(7); 5];
        assert_eq!(rules.judge(&Difference { changes, untold: 0 }), []);
    }

    #[test]
    fn another_threshold_holds_from_the_next_scan_on() {
        let mut rules = Rules::new(0, 10);
        let mut bursts = |threshold| {
            rules.set_burst_connections(threshold);
            rules.judge(&Difference { changes: vec![client(7); 3], untold: 0 }).len()
        };
        assert_eq!([bursts(0), bursts(3), bursts(4)], [0, 1, 0]);
    }

    #[test]
    fn the_limit_is_told_when_it_is_passed_and_again_after_it_was_kept() {
        let mut rules = Rules::new(0, 10);
        let mut judge = |untold| rules.judge(&Difference { changes: Vec::new(), untold });
        let passed = |untold| [Anomaly::ConnectionLimit { untold, limit: 10 }];
        assert_eq!(judge(0), []);
        assert_eq!(judge(3), passed(3));
        assert_eq!(judge(5), []);
        assert_eq!(judge(0), []);
        assert_eq!(judge(1), passed(1));
    }
}
