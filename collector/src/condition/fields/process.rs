//! What process events have.

use daemoneye_eventbus::event::ProcessChange;
use daemoneye_eventbus::{ByteString, CollectionEvent, ProcessEvent};

use super::Field;
use crate::condition::number::Number;

const CHANGES: &[&str] =
    &["started", "exited", "executed", "metadata", "tree", "integrity", "anomaly", "enumerated"];

pub(super) const FIELDS: &[Field] = &[
    Field::word("change", CHANGES, |event| Some(change(of(event)?.change))),
    Field::number("pid", |event| Some(Number::whole(of(event)?.pid))),
    Field::number("ppid", |event| of(event)?.ppid.map(Number::whole)).known_as(&["parent_pid"]),
    Field::text("name", |event| Some(&*of(event)?.name)),
    Field::text("executable_path", |event| of(event)?.executable_path.as_deref())
        .known_as(&["executable"]),
    Field::texts("arguments", arguments),
    Field::number("start_time_unix_ns", |event| of(event)?.start_time_unix_ns.map(Number::whole)),
    Field::number("cpu_percent", |event| of(event)?.cpu_percent.and_then(Number::fraction))
        .known_as(&["cpu_usage"]),
    Field::number("memory_bytes", |event| of(event)?.memory_bytes.map(Number::whole))
        .known_as(&["memory_usage"]),
    Field::text("user_id", |event| of(event)?.user_id.as_deref()),
    Field::text("user_name", |event| of(event)?.user_name.as_deref()),
    Field::text("executable_sha256", |event| of(event)?.executable_sha256.as_deref()),
    Field::truth("accessible", |event| Some(of(event)?.accessible)),
    Field::number("exit_code", |event| of(event)?.exit_code.map(Number::whole)),
];

fn of(event: &CollectionEvent) -> Option<&ProcessEvent> {
    match event {
        CollectionEvent::Process(event) => Some(event),
        _ => None,
    }
}

fn arguments(event: &CollectionEvent) -> &[ByteString] {
    of(event).map(|event| event.arguments.as_slice()).unwrap_or_default()
}

fn change(change: ProcessChange) -> &'static str {
    match change {
        ProcessChange::Started => "started",
        ProcessChange::Exited => "exited",
        ProcessChange::Executed => "executed",
        ProcessChange::Metadata => "metadata",
        ProcessChange::Tree => "tree",
        ProcessChange::Integrity => "integrity",
        ProcessChange::Anomaly => "anomaly",
        ProcessChange::Enumerated => "enumerated",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_called_as_in_the_event_model() {
        for word in CHANGES {
            let value: ProcessChange = serde_json::from_value((*word).into()).unwrap();
            assert_eq!(change(value), *word);
        }
    }
}
