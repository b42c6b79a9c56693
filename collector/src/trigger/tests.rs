//! When triggers fire, what they ask, what is held back, and their life on a bus.

mod deciding;
mod limits;
mod serving;

use daemoneye_eventbus::{BusEvent, CollectionEvent, CorrelationMetadata, EventId, ProcessEvent};

use super::{Fired, Moment, Trigger, TriggerCondition, TriggerManager};

/// Fires for every process.
const ALWAYS: &str = "SELECT * FROM process WHERE TRUE";
/// One second, in nanoseconds.
const SECOND_NS: u64 = 1_000_000_000;

fn at(monotonic_ns: u64) -> Moment {
    Moment { monotonic_ns, unix_ns: monotonic_ns + 5 }
}

fn process(pid: u32) -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent {
        pid,
        name: "nginx".into(),
        executable_path: Some("/usr/sbin/nginx".into()),
        ..ProcessEvent::default()
    })
}

/// An event as a bus hands it out that was published without a correlation.
fn published(sequence: u64, event: CollectionEvent) -> BusEvent {
    let id = EventId { publisher: "procmond".into(), incarnation: 0xab, sequence };
    BusEvent {
        topic: "events.process.lifecycle".parse().unwrap(),
        published_monotonic_ns: 0,
        correlation: CorrelationMetadata::derived(&id),
        id,
        event,
    }
}

fn trigger(name: &str, sql: &str) -> Trigger {
    Trigger::new(name, TriggerCondition::new(sql), "procmond", "binary_hash")
}

fn manager(triggers: impl IntoIterator<Item = Trigger>) -> TriggerManager {
    let mut manager = TriggerManager::new("agent");
    for trigger in triggers {
        manager.register(trigger).unwrap();
    }
    manager
}

fn names(fired: &[Fired]) -> Vec<&str> {
    fired.iter().map(|fired| &*fired.trigger).collect()
}
