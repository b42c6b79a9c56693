//! Where an event goes when its publisher names no topic (T8): decided by its own content alone.

use super::{MAX_LEVEL_BYTES, REPLY_PREFIX, Topic};
use crate::event::{
    CollectionEvent, ControlSubject, FilesystemOperation, MAX_REPLY_ADDRESS_BYTES, NetworkChange,
    PerformanceScope, ProcessChange,
};

const _: () = assert!(MAX_REPLY_ADDRESS_BYTES == MAX_LEVEL_BYTES, "an address is a level");

/// The one topic an event goes to when its publisher names none (T8).
pub fn default_topic(event: &CollectionEvent) -> Topic {
    let text = match event {
        CollectionEvent::Process(event) => process_topic(event.change),
        CollectionEvent::Network(event) => network_topic(event.change),
        CollectionEvent::Filesystem(event) => filesystem_topic(event.operation),
        CollectionEvent::Performance(event) => performance_topic(event.scope),
        CollectionEvent::TriggerRequest(_) => "control.trigger.request",
        CollectionEvent::Audit(_) => "events.audit.record",
        CollectionEvent::Control(message) => return control_topic(&message.subject),
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

fn control_topic(subject: &ControlSubject) -> Topic {
    let text = match subject {
        ControlSubject::Lifecycle => "control.collector.lifecycle",
        ControlSubject::Config => "control.collector.config",
        ControlSubject::Registration => "control.collector.registration",
        ControlSubject::ProcessTask => "control.collector.task.process",
        ControlSubject::NetworkTask => "control.collector.task.network",
        ControlSubject::FilesystemTask => "control.collector.task.filesystem",
        ControlSubject::PerformanceTask => "control.collector.task.performance",
        ControlSubject::Heartbeat => "control.health.heartbeat",
        ControlSubject::Status => "control.health.status",
        ControlSubject::Diagnostics => "control.health.diagnostics",
        ControlSubject::ProcessResult => "control.collector.result.process",
        ControlSubject::NetworkResult => "control.collector.result.network",
        ControlSubject::FilesystemResult => "control.collector.result.filesystem",
        ControlSubject::PerformanceResult => "control.collector.result.performance",
        ControlSubject::Reply(address) => {
            let topic = Topic::new(format!("{REPLY_PREFIX}{address}"));
            return topic.expect("an address is a level of a topic");
        }
    };
    Topic::registered(text)
}
