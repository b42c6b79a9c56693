//! Events to measure with: the least there is, a usual one, and one with many arguments.

use daemoneye_eventbus::contract::{BusEvent, CorrelationMetadata, EventId};
use daemoneye_eventbus::event::EventHeader;
use daemoneye_eventbus::{CollectionEvent, ProcessEvent};

/// Of the largest event.
const MANY_ARGUMENTS: usize = 50;

/// A name and the event, smallest first.
pub fn sizes() -> [(&'static str, CollectionEvent); 3] {
    [("minimal", minimal()), ("typical", typical()), ("fifty arguments", large())]
}

/// A process of which nothing but its id is known.
pub fn minimal() -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent { pid: 4711, ..ProcessEvent::default() })
}

/// Of some 200 bytes on the wire.
pub fn typical() -> CollectionEvent {
    CollectionEvent::Process(process())
}

/// With a command line as a build or a browser has one.
pub fn large() -> CollectionEvent {
    let arguments =
        (0..MANY_ARGUMENTS).map(|number| format!("--option-{number}=/srv/value").into());
    CollectionEvent::Process(ProcessEvent { arguments: arguments.collect(), ..process() })
}

/// An event as it was published by a client of this name, without a correlation of its own.
pub fn published(publisher: &str, event: CollectionEvent) -> BusEvent {
    let id = EventId { publisher: publisher.into(), incarnation: 0x5eed, sequence: 1_000_000 };
    BusEvent {
        correlation: CorrelationMetadata::derived(&id),
        id,
        topic: "events.process.lifecycle".parse().expect("a topic"),
        published_monotonic_ns: 86_400_000_000_000,
        event,
    }
}

fn process() -> ProcessEvent {
    ProcessEvent {
        header: EventHeader { source: "procmond".into(), ..EventHeader::default() },
        pid: 4711,
        ppid: Some(1),
        name: "postgres".into(),
        executable_path: Some("/usr/lib/postgresql/16/bin/postgres".into()),
        arguments: vec!["--one".into(), "--two=three".into(), "-x".into()],
        user_id: Some("1000".into()),
        cpu_percent: Some(1.5),
        memory_bytes: Some(123_456_789),
        accessible: true,
        ..ProcessEvent::default()
    }
}
