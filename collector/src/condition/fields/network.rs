//! What network events have.

use daemoneye_eventbus::event::NetworkChange;
use daemoneye_eventbus::{CollectionEvent, NetworkEvent};

use super::Field;
use crate::condition::number::Number;

const CHANGES: &[&str] = &["opened", "changed", "closed", "dns", "traffic", "anomaly"];

pub(super) const FIELDS: &[Field] = &[
    Field::word("change", CHANGES, |event| Some(change(of(event)?.change))),
    Field::text("connection_id", |event| Some(&*of(event)?.connection_id)),
    Field::text("protocol", |event| Some(&*of(event)?.protocol)),
    Field::text("local_address", |event| Some(&*of(event)?.local_address)),
    Field::text("remote_address", |event| Some(&*of(event)?.remote_address)),
    Field::text("state", |event| of(event)?.state.as_deref()),
    Field::number("pid", |event| of(event)?.pid.map(Number::whole)),
    Field::number("sent_bytes", |event| of(event)?.sent_bytes.map(Number::whole))
        .known_as(&["bytes_sent"]),
    Field::number("received_bytes", |event| of(event)?.received_bytes.map(Number::whole))
        .known_as(&["bytes_received"]),
    Field::text("dns_query", |event| of(event)?.dns_query.as_deref()),
];

fn of(event: &CollectionEvent) -> Option<&NetworkEvent> {
    match event {
        CollectionEvent::Network(event) => Some(event),
        _ => None,
    }
}

fn change(change: NetworkChange) -> &'static str {
    match change {
        NetworkChange::Opened => "opened",
        NetworkChange::Changed => "changed",
        NetworkChange::Closed => "closed",
        NetworkChange::Dns => "dns",
        NetworkChange::Traffic => "traffic",
        NetworkChange::Anomaly => "anomaly",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_called_as_in_the_event_model() {
        for word in CHANGES {
            let value: NetworkChange = serde_json::from_value((*word).into()).unwrap();
            assert_eq!(change(value), *word);
        }
    }
}
