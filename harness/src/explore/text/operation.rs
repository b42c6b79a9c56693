//! What an action does, to whom and how, as keys of its table.

use toml::Value;

use crate::plan::{Deed, Direction, Fault, Operation, Topology, Victim};
use crate::scenario::shown_ms;

type Key = (String, Value);

/// `do` and everything it needs.
pub(super) fn said(operation: &Operation, topology: &Topology) -> Vec<Key> {
    let publisher = |index: usize| key("publisher", topology.publishers[index].name.as_str());
    let subscriber = |index: usize| key("subscriber", topology.subscribers[index].name.as_str());
    let (what, more) = match *operation {
        Operation::Subscribe(index) => ("subscribe", vec![subscriber(index)]),
        Operation::Unsubscribe(index) => ("unsubscribe", vec![subscriber(index)]),
        Operation::UnsubscribeUnknown => ("unsubscribe-unknown", Vec::new()),
        Operation::DropReceiver(index) => ("drop-receiver", vec![subscriber(index)]),
        Operation::StopReading(index) => ("stop-reading", vec![subscriber(index)]),
        Operation::ResumeReading(index) => ("resume-reading", vec![subscriber(index)]),
        Operation::Shutdown(deadline) => ("shutdown", vec![key("deadline", shown_ms(deadline))]),
        Operation::PublishOne(index) => ("publish-one", vec![publisher(index)]),
        Operation::Fault(Fault { deed, victim }) => {
            let whom = match victim {
                Victim::Broker => key("broker", true),
                Victim::Publisher(index) => publisher(index),
                Victim::Subscriber(index) => subscriber(index),
            };
            (deed.as_str(), std::iter::once(whom).chain(how(deed)).collect())
        }
    };
    std::iter::once(key("do", what)).chain(more).collect()
}

fn how(deed: Deed) -> Option<Key> {
    match deed {
        Deed::Delay(by) => Some(key("by", shown_ms(by))),
        Deed::Restart(pause) => Some(key("for", shown_ms(pause))),
        Deed::Split(bytes) => Some(key("bytes", i64::from(bytes))),
        Deed::HalfClose(Direction::ToBroker) => Some(key("direction", "to-broker")),
        Deed::HalfClose(Direction::FromBroker) => Some(key("direction", "from-broker")),
        _ => None,
    }
}

fn key(key: &str, value: impl Into<Value>) -> Key {
    (key.to_owned(), value.into())
}
