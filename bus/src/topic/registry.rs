//! The topics this system uses itself (T7), and where each event goes by default (T8).
//!
//! The registry is open: a valid topic outside it is routed, and listed as unregistered.

use bytestring::ByteString;

use super::Topic;
use crate::event::{
    CollectionEvent, FilesystemOperation, NetworkChange, PerformanceScope, ProcessChange,
};

/// One row of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisteredTopic {
    /// The topic; a last level in capitals (`ID`) stands for any one level.
    pub topic: &'static str,
    /// What travels on it.
    pub summary: &'static str,
}

const fn row(topic: &'static str, summary: &'static str) -> RegisteredTopic {
    RegisteredTopic { topic, summary }
}

/// Every registered topic (T7), in the order of `bus/TOPICS.md`.
pub const REGISTRY: &[RegisteredTopic] = &[
    row("events.process.lifecycle", "processes that start, execute or exit"),
    row("events.process.metadata", "figures of a process: CPU, memory, user"),
    row("events.process.tree", "changes of parent"),
    row("events.process.integrity", "hashes of executables"),
    row("events.process.anomaly", "odd behaviour of a process"),
    row("events.process.batch", "results of a bulk enumeration"),
    row("events.network.connections", "connections opened, changed, closed"),
    row("events.network.dns", "name lookups"),
    row("events.network.traffic", "traffic samples"),
    row("events.network.anomaly", "odd behaviour of a connection"),
    row("events.filesystem.operations", "paths created, changed, deleted, renamed"),
    row("events.filesystem.access", "paths read"),
    row("events.filesystem.bulk", "many changes at once"),
    row("events.filesystem.anomaly", "odd changes"),
    row("events.performance.utilization", "use of one resource"),
    row("events.performance.system", "the system as a whole"),
    row("events.performance.anomaly", "values out of the usual"),
    row("events.audit.record", "who did what, and whether it was allowed"),
    row("control.collector.lifecycle", "start, stop, restart, pause, resume"),
    row("control.collector.config", "configuration updates"),
    row("control.collector.registration", "collectors that come and go"),
    row("control.collector.task.process", "tasks for procmond"),
    row("control.collector.task.network", "tasks for netmond"),
    row("control.collector.task.filesystem", "tasks for fsmond"),
    row("control.collector.task.performance", "tasks for perfmond"),
    row("control.health.heartbeat", "signs of life"),
    row("control.health.status", "status of a component"),
    row("control.health.diagnostics", "requests for diagnostics"),
    row("control.trigger.request", "one collector asks another to look closer"),
    row("control.collector.result.process", "results of process tasks"),
    row("control.collector.result.network", "results of network tasks"),
    row("control.collector.result.filesystem", "results of filesystem tasks"),
    row("control.collector.result.performance", "results of performance tasks"),
    row("control.rpc.reply.ID", "the reply to one request"),
    row("admin.broker", "the broker's own state"),
    row("admin.policy", "changes of policy"),
    row("admin.audit", "refusals"),
];

/// Whether the registry holds a topic (T7).
pub fn is_registered(topic: &Topic) -> bool {
    REGISTRY.iter().any(|row| match row.topic.strip_suffix("ID") {
        Some(prefix) => topic.as_str().strip_prefix(prefix).is_some_and(|id| !id.contains('.')),
        None => row.topic == topic.as_str(),
    })
}

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
    Topic::new(ByteString::from_static(text)).expect("registered topics are valid")
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
