//! The topics this system uses itself (T7).
//!
//! The registry is open: a valid topic outside it is routed, and listed as unregistered. Nothing is
//! decided by it but what [`is_registered`] answers; `bus/TOPICS.md` shows the same rows.

use serde::Serialize;

use super::Topic;
use crate::event::EventKind;

/// One row of the registry. Who *may* publish and subscribe is access control's to decide (A2);
/// the row says who does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RegisteredTopic {
    /// The topic; a last level in capitals (`ID`) stands for any one level.
    pub topic: &'static str,
    /// Who publishes on it.
    pub publishers: &'static str,
    /// Who subscribes to it.
    pub subscribers: &'static str,
    /// The kind of event it carries; `None` where that is not settled.
    pub kind: Option<EventKind>,
    /// Which events of that kind go here when their publisher names no topic (T8): their changes,
    /// or `all`; empty where none does.
    pub default_for: &'static str,
    /// What travels on it.
    pub summary: &'static str,
}

/// Where a broker tells of what it refuses (A5).
pub const AUDIT_TOPIC: &str = "admin.audit";

/// What the topics of replies begin with; the one level behind it is the address of whoever asked.
pub const REPLY_PREFIX: &str = "control.rpc.reply.";

/// Every registered topic (T7), in the order of `bus/TOPICS.md`.
pub const REGISTRY: &[RegisteredTopic] = &[
    procmond(
        "events.process.lifecycle",
        "started, exited, executed",
        "processes that start, execute or exit",
    ),
    procmond("events.process.metadata", "metadata", "figures of a process: CPU, memory, user"),
    procmond("events.process.tree", "tree", "changes of parent"),
    procmond("events.process.integrity", "integrity", "hashes of executables"),
    procmond("events.process.anomaly", "anomaly", "odd behaviour of a process"),
    procmond("events.process.batch", "enumerated", "results of a bulk enumeration"),
    netmond(
        "events.network.connections",
        "opened, changed, closed",
        "connections opened, changed, closed",
    ),
    netmond("events.network.dns", "dns", "name lookups"),
    netmond("events.network.traffic", "traffic", "traffic samples"),
    netmond("events.network.anomaly", "anomaly", "odd behaviour of a connection"),
    fsmond(
        "events.filesystem.operations",
        "created, modified, deleted, renamed, attributes",
        "paths created, changed, deleted, renamed",
    ),
    fsmond("events.filesystem.access", "accessed", "paths read"),
    fsmond("events.filesystem.bulk", "bulk", "many changes at once"),
    fsmond("events.filesystem.anomaly", "anomaly", "odd changes"),
    perfmond("events.performance.utilization", "utilization", "use of one resource"),
    perfmond("events.performance.system", "system", "the system as a whole"),
    perfmond("events.performance.anomaly", "anomaly", "values out of the usual"),
    audit("events.audit.record", "who did what, and whether it was allowed"),
    to_collectors(
        "control.collector.lifecycle",
        "lifecycle",
        "start, stop, restart, pause, resume, shutdown",
    ),
    to_collectors("control.collector.config", "config", "configuration updates"),
    registration("control.collector.registration", "collectors that come and go"),
    task("control.collector.task.process", "procmond", "process_task", "tasks for procmond"),
    task("control.collector.task.network", "netmond", "network_task", "tasks for netmond"),
    task("control.collector.task.filesystem", "fsmond", "filesystem_task", "tasks for fsmond"),
    task(
        "control.collector.task.performance",
        "perfmond",
        "performance_task",
        "tasks for perfmond",
    ),
    health("control.health.heartbeat", "heartbeat", "signs of life"),
    health("control.health.status", "status", "status of a component"),
    health("control.health.diagnostics", "diagnostics", "requests for diagnostics"),
    trigger("control.trigger.request", "one collector asks another to look closer"),
    result(
        "control.collector.result.process",
        "procmond",
        "process_result",
        "results of process tasks",
    ),
    result(
        "control.collector.result.network",
        "netmond",
        "network_result",
        "results of network tasks",
    ),
    result(
        "control.collector.result.filesystem",
        "fsmond",
        "filesystem_result",
        "results of filesystem tasks",
    ),
    result(
        "control.collector.result.performance",
        "perfmond",
        "performance_result",
        "results of performance tasks",
    ),
    reply("control.rpc.reply.ID", "the reply to one request"),
    message("admin.broker", "agent", "agent", "the broker's own state"),
    message("admin.policy", "agent", "agent", "changes of policy"),
    message(AUDIT_TOPIC, "agent", "agent", "refusals"),
];

type Text = &'static str;

const fn procmond(topic: Text, default_for: Text, summary: Text) -> RegisteredTopic {
    observation(topic, "procmond", EventKind::Process, default_for, summary)
}

const fn netmond(topic: Text, default_for: Text, summary: Text) -> RegisteredTopic {
    observation(topic, "netmond", EventKind::Network, default_for, summary)
}

const fn fsmond(topic: Text, default_for: Text, summary: Text) -> RegisteredTopic {
    observation(topic, "fsmond", EventKind::Filesystem, default_for, summary)
}

const fn perfmond(topic: Text, default_for: Text, summary: Text) -> RegisteredTopic {
    observation(topic, "perfmond", EventKind::Performance, default_for, summary)
}

const fn audit(topic: Text, summary: Text) -> RegisteredTopic {
    observation(topic, "agent", EventKind::Audit, "all", summary)
}

const fn observation(
    topic: Text,
    publishers: Text,
    kind: EventKind,
    default_for: Text,
    summary: Text,
) -> RegisteredTopic {
    let subscribers = "agent, observers";
    RegisteredTopic { topic, publishers, subscribers, kind: Some(kind), default_for, summary }
}

const fn to_collectors(topic: Text, default_for: Text, summary: Text) -> RegisteredTopic {
    control(default_for, message(topic, "agent", "collectors", summary))
}

const fn registration(topic: Text, summary: Text) -> RegisteredTopic {
    control("registration", message(topic, "collectors", "agent", summary))
}

const fn task(topic: Text, collector: Text, default_for: Text, summary: Text) -> RegisteredTopic {
    control(default_for, message(topic, "agent", collector, summary))
}

const fn health(topic: Text, default_for: Text, summary: Text) -> RegisteredTopic {
    control(default_for, message(topic, "agent, collectors", "agent, collectors", summary))
}

const fn result(topic: Text, collector: Text, default_for: Text, summary: Text) -> RegisteredTopic {
    control(default_for, message(topic, collector, "agent", summary))
}

const fn reply(topic: Text, summary: Text) -> RegisteredTopic {
    control("reply", message(topic, "who was asked", "who asked", summary))
}

const fn control(default_for: Text, row: RegisteredTopic) -> RegisteredTopic {
    RegisteredTopic { kind: Some(EventKind::Control), default_for, ..row }
}

const fn trigger(topic: Text, summary: Text) -> RegisteredTopic {
    let row = message(topic, "agent, collectors", "agent", summary);
    RegisteredTopic { kind: Some(EventKind::TriggerRequest), default_for: "all", ..row }
}

const fn message(
    topic: Text,
    publishers: Text,
    subscribers: Text,
    summary: Text,
) -> RegisteredTopic {
    RegisteredTopic { topic, publishers, subscribers, kind: None, default_for: "", summary }
}

/// Whether the registry holds a topic (T7).
pub fn is_registered(topic: &Topic) -> bool {
    REGISTRY.iter().any(|row| match row.topic.strip_suffix("ID") {
        Some(prefix) => topic.as_str().strip_prefix(prefix).is_some_and(|id| !id.contains('.')),
        None => row.topic == topic.as_str(),
    })
}
