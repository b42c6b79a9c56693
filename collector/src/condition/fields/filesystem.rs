//! What filesystem events have.

use daemoneye_eventbus::event::FilesystemOperation;
use daemoneye_eventbus::{CollectionEvent, FilesystemEvent};

use super::Field;
use crate::condition::number::Number;

const OPERATIONS: &[&str] =
    &["created", "modified", "deleted", "renamed", "attributes", "accessed", "bulk", "anomaly"];

pub(super) const FIELDS: &[Field] = &[
    Field::word("operation", OPERATIONS, |event| Some(operation(of(event)?.operation))),
    Field::text("path", |event| Some(&*of(event)?.path)),
    Field::text("previous_path", |event| of(event)?.previous_path.as_deref())
        .known_as(&["old_path"]),
    Field::number("size_bytes", |event| of(event)?.size_bytes.map(Number::whole))
        .known_as(&["size"]),
    Field::number("permissions", |event| of(event)?.permissions.map(Number::whole)),
    Field::text("user_id", |event| of(event)?.user_id.as_deref()),
    Field::number("pid", |event| of(event)?.pid.map(Number::whole)),
    Field::text("content_sha256", |event| of(event)?.content_sha256.as_deref()),
];

fn of(event: &CollectionEvent) -> Option<&FilesystemEvent> {
    match event {
        CollectionEvent::Filesystem(event) => Some(event),
        _ => None,
    }
}

fn operation(operation: FilesystemOperation) -> &'static str {
    match operation {
        FilesystemOperation::Created => "created",
        FilesystemOperation::Modified => "modified",
        FilesystemOperation::Deleted => "deleted",
        FilesystemOperation::Renamed => "renamed",
        FilesystemOperation::Attributes => "attributes",
        FilesystemOperation::Accessed => "accessed",
        FilesystemOperation::Bulk => "bulk",
        FilesystemOperation::Anomaly => "anomaly",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_is_called_as_in_the_event_model() {
        for word in OPERATIONS {
            let value: FilesystemOperation = serde_json::from_value((*word).into()).unwrap();
            assert_eq!(operation(value), *word);
        }
    }
}
