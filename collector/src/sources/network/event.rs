//! From changes and anomalies to the events that are published.

use daemoneye_eventbus::event::{Metadata, NetworkChange};
use daemoneye_eventbus::{ByteString, CollectionEvent, EventHeader, NetworkEvent};

use super::anomaly::Anomaly;
use super::census::Change;

/// Metadata key of connections that were there at the first scan.
const ENUMERATED: &str = "enumerated";
/// Metadata key of anomalies: the rule that found them.
const RULE: &str = "rule";

pub(super) fn of_change(change: Change) -> CollectionEvent {
    CollectionEvent::Network(about(&change))
}

pub(super) fn of_anomaly(anomaly: Anomaly) -> CollectionEvent {
    CollectionEvent::Network(match anomaly {
        Anomaly::ExposedListener(change) => {
            let about = about(&change);
            let header = header([(RULE, ByteString::from_static("exposed_listener"))]);
            NetworkEvent { header, change: NetworkChange::Anomaly, ..about }
        }
        Anomaly::ConnectionBurst { pid, connections, threshold } => {
            let figures = [("connections", number(connections)), ("threshold", number(threshold))];
            NetworkEvent { pid: Some(pid), ..of_rule("connection_burst", figures) }
        }
        Anomaly::ConnectionLimit { untold, limit } => {
            let figures = [("untold", number(untold)), ("limit", number(limit))];
            of_rule("connection_limit", figures)
        }
    })
}

fn about(change: &Change) -> NetworkEvent {
    let connection = change.connection;
    let endpoints = connection.endpoints;
    let remote = endpoints.remote.map(|remote| ByteString::from(remote.to_string()));
    let enumerated = change.enumerated.then(|| (ENUMERATED, ByteString::from_static("true")));
    NetworkEvent {
        header: header(enumerated),
        change: change.what,
        connection_id: change.id.to_string().into(),
        protocol: ByteString::from_static(endpoints.protocol.as_str()),
        local_address: endpoints.local.to_string().into(),
        remote_address: remote.unwrap_or_default(),
        state: connection.state.map(|state| ByteString::from_static(state.name)),
        pid: connection.pid,
        sent_bytes: None,
        received_bytes: None,
        dns_query: None,
    }
}

/// An anomaly that is not about one connection.
fn of_rule(rule: &'static str, figures: [(&'static str, ByteString); 2]) -> NetworkEvent {
    let entries = std::iter::once((RULE, ByteString::from_static(rule))).chain(figures);
    let header = header(entries);
    NetworkEvent { header, change: NetworkChange::Anomaly, ..NetworkEvent::default() }
}

fn header(entries: impl IntoIterator<Item = (&'static str, ByteString)>) -> EventHeader {
    let entries = entries.into_iter();
    let metadata: Metadata =
        entries.map(|(key, value)| (ByteString::from_static(key), value)).collect();
    EventHeader { metadata, ..EventHeader::default() }
}

fn number(count: usize) -> ByteString {
    count.to_string().into()
}

#[cfg(test)]
mod tests {
    use super::super::census::ConnectionId;
    use super::super::observation::{Endpoints, Observation, Phase, State};
    use super::*;
    use crate::config::TransportProtocol;
    use crate::sources::page;

    fn change(local: &str, remote: &str, state: Option<State>) -> Change {
        let protocol = TransportProtocol::Tcp;
        let remote = Some(remote.parse().unwrap());
        let endpoints = Endpoints::new(protocol, local.parse().unwrap(), remote);
        Change {
            what: NetworkChange::Opened,
            id: ConnectionId { run: 0xa5, number: 3 },
            connection: Observation { endpoints, socket: Some(11), state, pid: Some(7) },
            enumerated: true,
        }
    }

    fn network(event: CollectionEvent) -> NetworkEvent {
        match event {
            CollectionEvent::Network(event) => event,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_event_has_all_that_is_known_of_a_connection() {
        let state = Some(State { name: "ESTABLISHED", phase: Phase::Established });
        let event = network(of_change(change("[::1]:80", "[fd00::2]:4000", state)));
        let header = EventHeader {
            metadata: vec![("enumerated".into(), "true".into())],
            ..EventHeader::default()
        };
        let expected = NetworkEvent {
            header,
            change: NetworkChange::Opened,
            connection_id: "a5-3".into(),
            protocol: "tcp".into(),
            local_address: "[::1]:80".into(),
            remote_address: "[fd00::2]:4000".into(),
            state: Some("ESTABLISHED".into()),
            pid: Some(7),
            ..NetworkEvent::default()
        };
        assert_eq!(event, expected);
    }

    #[test]
    fn a_socket_without_a_peer_has_no_remote_address() {
        let event = network(of_change(change("0.0.0.0:80", "0.0.0.0:0", None)));
        assert_eq!(event.local_address, "0.0.0.0:80");
        assert_eq!(event.remote_address, "");
        assert_eq!(event.state, None);
    }

    #[test]
    fn an_anomaly_of_a_connection_is_about_it_and_names_its_rule() {
        let listener = change("0.0.0.0:80", "0.0.0.0:0", None);
        let event = network(of_anomaly(Anomaly::ExposedListener(listener)));
        assert_eq!(event.change, NetworkChange::Anomaly);
        assert_eq!(event.connection_id, "a5-3");
        let rule = (ByteString::from("rule"), ByteString::from("exposed_listener"));
        assert_eq!(event.header.metadata, vec![rule]);
    }

    #[test]
    fn every_rule_is_on_the_page_and_no_other() {
        let anomalies = [
            Anomaly::ExposedListener(change("0.0.0.0:80", "0.0.0.0:0", None)),
            Anomaly::ConnectionBurst { pid: 7, connections: 12, threshold: 10 },
            Anomaly::ConnectionLimit { untold: 4, limit: 10 },
        ];
        let rules = anomalies.map(|anomaly| {
            let event = network(of_anomaly(anomaly));
            event.header.metadata_value(RULE).expect("every anomaly has a rule").to_string()
        });
        assert_eq!(page::words("Rules of netmond"), rules);
    }

    #[test]
    fn an_anomaly_that_is_of_no_connection_has_its_figures() {
        let burst = Anomaly::ConnectionBurst { pid: 7, connections: 12, threshold: 10 };
        let limit = Anomaly::ConnectionLimit { untold: 4, limit: 10 };
        let rows = [
            (burst, Some(7), "connection_burst", [("connections", "12"), ("threshold", "10")]),
            (limit, None, "connection_limit", [("untold", "4"), ("limit", "10")]),
        ];
        for (anomaly, pid, rule, [first, second]) in rows {
            let event = network(of_anomaly(anomaly));
            assert_eq!((event.change, event.pid), (NetworkChange::Anomaly, pid));
            let entries = event.header.metadata.iter().map(|(key, value)| (&**key, &**value));
            assert_eq!(entries.collect::<Vec<_>>(), [("rule", rule), first, second]);
        }
    }
}
