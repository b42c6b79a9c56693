//! Where an event goes when its publisher names no topic (T8): decided by its own content alone.

use super::Topic;
use crate::event::{
    CollectionEvent, FilesystemOperation, NetworkChange, PerformanceScope, ProcessChange,
};

/// The one topic an event goes to when its publisher names none (T8).
pub fn default_topic(event: &CollectionEvent) -> Topic {
    let text = match event {
        CollectionEvent::Process(event) => process_topic(event.change),
        CollectionEvent::Network(event) => network_topic(event.change),
        CollectionEvent::Filesystem(event) => filesystem_topic(event.operation),
        CollectionEvent::Performance(event) => performance_topic(event.scope),
        CollectionEvent::TriggerRequest(_) => "control.trigger.request",
        CollectionEvent::Audit(_) => "events.audit.record",
    };
    Topic::registered(text)
}

fn process_topic(change: ProcessChange) -> &'static str {
    match change {
        ProcessChange::Started | ProcessChange::Exited | ProcessChange::Executed => {
            "events.process.lifecycle"
        }
        ProcessChange::Metadata => "events.process.metadata",
        ProcessChange::Tree => "events.process.tree",
        ProcessChange::Integrity => "events.process.integrity",
        ProcessChange::Anomaly => "events.process.anomaly",
        ProcessChange::Enumerated => "events.process.batch",
    }
}

fn network_topic(change: NetworkChange) -> &'static str {
    match change {
        NetworkChange::Opened | NetworkChange::Changed | NetworkChange::Closed => {
            "events.network.connections"
        }
        NetworkChange::Dns => "events.network.dns",
        NetworkChange::Traffic => "events.network.traffic",
        NetworkChange::Anomaly => "events.network.anomaly",
    }
}

fn filesystem_topic(operation: FilesystemOperation) -> &'static str {
    match operation {
        FilesystemOperation::Created
        | FilesystemOperation::Modified
        | FilesystemOperation::Deleted
        | FilesystemOperation::Renamed
        | FilesystemOperation::Attributes => "events.filesystem.operations",
        FilesystemOperation::Accessed => "events.filesystem.access",
        FilesystemOperation::Bulk => "events.filesystem.bulk",
        FilesystemOperation::Anomaly => "events.filesystem.anomaly",
    }
}

fn performance_topic(scope: PerformanceScope) -> &'static str {
    match scope {
        PerformanceScope::Utilization => "events.performance.utilization",
        PerformanceScope::System => "events.performance.system",
        PerformanceScope::Anomaly => "events.performance.anomaly",
    }
}
