//! The registry (T7) and default topics (T8): the contract's list to the letter, and every kind and
//! change of event with its one topic in it.

use std::collections::{BTreeMap, BTreeSet};

use daemoneye_eventbus::event::{
    ControlSubject, FilesystemOperation, NetworkChange, PerformanceScope, ProcessChange,
    ReplyAddress,
};
use daemoneye_eventbus::topic::{REGISTRY, default_topic, is_registered};
use daemoneye_eventbus::{
    AuditEvent, CollectionEvent, ControlMessage, EventKind, FilesystemEvent, NetworkEvent,
    PerformanceEvent, ProcessEvent, Topic, TriggerRequest,
};

/// Whoever waits for a reply.
const ASKER: &str = "asker-1";

/// T7, as the contract writes it: a prefix and its last levels.
const CONTRACT: [(&str, &[&str]); 12] = [
    ("events.process", &["lifecycle", "metadata", "tree", "integrity", "anomaly", "batch"]),
    ("events.network", &["connections", "dns", "traffic", "anomaly"]),
    ("events.filesystem", &["operations", "access", "bulk", "anomaly"]),
    ("events.performance", &["utilization", "system", "anomaly"]),
    ("events.audit", &["record"]),
    ("control.collector", &["lifecycle", "config", "registration"]),
    ("control.collector.task", &["process", "network", "filesystem", "performance"]),
    ("control.health", &["heartbeat", "status", "diagnostics"]),
    ("control.trigger", &["request"]),
    ("control.collector.result", &["process", "network", "filesystem", "performance"]),
    ("control.rpc.reply", &["ID"]),
    ("admin", &["broker", "policy", "audit"]),
];

#[test]
fn the_registry_is_the_contracts_list_in_its_order() {
    let contract: Vec<String> = CONTRACT
        .iter()
        .flat_map(|(prefix, last)| last.iter().map(move |last| format!("{prefix}.{last}")))
        .collect();
    let registry: Vec<&str> = REGISTRY.iter().map(|row| row.topic).collect();
    assert_eq!(registry, contract);
}

#[test]
fn every_row_is_a_valid_registered_topic() {
    for row in REGISTRY {
        let topic = Topic::new(row.topic.replace("ID", "4f2a-1")).unwrap();
        assert!(is_registered(&topic), "{topic}");
    }
}

#[test]
fn a_valid_topic_outside_the_registry_is_not_registered() {
    for text in [
        "events",
        "events.process",
        "events.process.lifecycle.more",
        "events.process.lifecycl",
        "control.rpc.reply",
        "control.rpc.reply.4f2a.more",
        "control.rpc.replyx",
        "admin.brokers",
    ] {
        assert!(!is_registered(&Topic::new(text).unwrap()), "{text}");
    }
}

/// One event of every kind and change, with the change's name as the registry spells it. The
/// `match`es name no wildcard: a new change does not compile until it is walked here.
fn every_event() -> Vec<(CollectionEvent, &'static str)> {
    let mut events = Vec::new();
    let mut next = Some(ProcessChange::Started);
    while let Some(change) = next {
        let (name, following) = match change {
            ProcessChange::Started => ("started", Some(ProcessChange::Exited)),
            ProcessChange::Exited => ("exited", Some(ProcessChange::Executed)),
            ProcessChange::Executed => ("executed", Some(ProcessChange::Metadata)),
            ProcessChange::Metadata => ("metadata", Some(ProcessChange::Tree)),
            ProcessChange::Tree => ("tree", Some(ProcessChange::Integrity)),
            ProcessChange::Integrity => ("integrity", Some(ProcessChange::Anomaly)),
            ProcessChange::Anomaly => ("anomaly", Some(ProcessChange::Enumerated)),
            ProcessChange::Enumerated => ("enumerated", None),
        };
        let event = ProcessEvent { change, ..ProcessEvent::default() };
        events.push((CollectionEvent::Process(event), name));
        next = following;
    }
    let mut next = Some(NetworkChange::Opened);
    while let Some(change) = next {
        let (name, following) = match change {
            NetworkChange::Opened => ("opened", Some(NetworkChange::Changed)),
            NetworkChange::Changed => ("changed", Some(NetworkChange::Closed)),
            NetworkChange::Closed => ("closed", Some(NetworkChange::Dns)),
            NetworkChange::Dns => ("dns", Some(NetworkChange::Traffic)),
            NetworkChange::Traffic => ("traffic", Some(NetworkChange::Anomaly)),
            NetworkChange::Anomaly => ("anomaly", None),
        };
        let event = NetworkEvent { change, ..NetworkEvent::default() };
        events.push((CollectionEvent::Network(event), name));
        next = following;
    }
    events.extend(filesystem_and_performance_events());
    events.push((CollectionEvent::TriggerRequest(TriggerRequest::default()), "all"));
    events.push((CollectionEvent::Audit(AuditEvent::default()), "all"));
    events.extend(control_messages());
    events
}

fn control_messages() -> Vec<(CollectionEvent, &'static str)> {
    use ControlSubject as Subject;
    let mut events = Vec::new();
    let mut next = Some(Subject::Lifecycle);
    while let Some(subject) = next {
        let (name, following) = match &subject {
            Subject::Lifecycle => ("lifecycle", Some(Subject::Config)),
            Subject::Config => ("config", Some(Subject::Registration)),
            Subject::Registration => ("registration", Some(Subject::ProcessTask)),
            Subject::ProcessTask => ("process_task", Some(Subject::NetworkTask)),
            Subject::NetworkTask => ("network_task", Some(Subject::FilesystemTask)),
            Subject::FilesystemTask => ("filesystem_task", Some(Subject::PerformanceTask)),
            Subject::PerformanceTask => ("performance_task", Some(Subject::Heartbeat)),
            Subject::Heartbeat => ("heartbeat", Some(Subject::Status)),
            Subject::Status => ("status", Some(Subject::Diagnostics)),
            Subject::Diagnostics => ("diagnostics", Some(Subject::ProcessResult)),
            Subject::ProcessResult => ("process_result", Some(Subject::NetworkResult)),
            Subject::NetworkResult => ("network_result", Some(Subject::FilesystemResult)),
            Subject::FilesystemResult => ("filesystem_result", Some(Subject::PerformanceResult)),
            Subject::PerformanceResult => {
                let asker = ReplyAddress::new(ASKER).expect("a level of a topic");
                ("performance_result", Some(Subject::Reply(asker)))
            }
            Subject::Reply(_) => ("reply", None),
        };
        let message = ControlMessage { subject, ..ControlMessage::default() };
        events.push((CollectionEvent::Control(message), name));
        next = following;
    }
    events
}

/// The default topic as the registry writes it.
fn registered_default(event: &CollectionEvent) -> String {
    default_topic(event).as_str().replace(ASKER, "ID")
}

fn filesystem_and_performance_events() -> Vec<(CollectionEvent, &'static str)> {
    use FilesystemOperation as Operation;
    let mut events = Vec::new();
    let mut next = Some(Operation::Created);
    while let Some(operation) = next {
        let (name, following) = match operation {
            Operation::Created => ("created", Some(Operation::Modified)),
            Operation::Modified => ("modified", Some(Operation::Deleted)),
            Operation::Deleted => ("deleted", Some(Operation::Renamed)),
            Operation::Renamed => ("renamed", Some(Operation::Attributes)),
            Operation::Attributes => ("attributes", Some(Operation::Accessed)),
            Operation::Accessed => ("accessed", Some(Operation::Bulk)),
            Operation::Bulk => ("bulk", Some(Operation::Anomaly)),
            Operation::Anomaly => ("anomaly", None),
        };
        let event = FilesystemEvent { operation, ..FilesystemEvent::default() };
        events.push((CollectionEvent::Filesystem(event), name));
        next = following;
    }
    let mut next = Some(PerformanceScope::Utilization);
    while let Some(scope) = next {
        let (name, following) = match scope {
            PerformanceScope::Utilization => ("utilization", Some(PerformanceScope::System)),
            PerformanceScope::System => ("system", Some(PerformanceScope::Anomaly)),
            PerformanceScope::Anomaly => ("anomaly", None),
        };
        let event = PerformanceEvent { scope, ..PerformanceEvent::default() };
        events.push((CollectionEvent::Performance(event), name));
        next = following;
    }
    events
}

#[test]
fn every_kind_and_change_has_its_default_topic_in_the_registry() {
    let mut kinds = BTreeSet::new();
    for (event, change) in every_event() {
        let topic = default_topic(&event);
        assert_eq!(Topic::new(topic.as_str()), Ok(topic.clone()), "valid");
        let row = REGISTRY.iter().find(|row| row.topic == registered_default(&event));
        let row = row.unwrap_or_else(|| panic!("{topic} of {change} is not registered"));
        assert_eq!(row.kind, Some(event.kind()), "{topic}");
        kinds.insert(event.kind());
    }
    assert_eq!(kinds, EventKind::ALL.into_iter().collect());
}

/// Both ways: the column claims nothing that is not so, and leaves nothing out.
#[test]
fn the_registry_says_what_each_topic_is_the_default_for() {
    let mut defaults: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (event, change) in every_event() {
        defaults.entry(registered_default(&event)).or_default().push(change);
    }
    for row in REGISTRY {
        let changes = defaults.get(row.topic).map(|changes| changes.join(", ")).unwrap_or_default();
        assert_eq!(row.default_for, changes, "{}", row.topic);
    }
}

#[test]
fn a_row_of_events_carries_the_kind_its_topic_names() {
    for row in REGISTRY.iter().filter(|row| row.topic.starts_with("events.")) {
        let kind = row.kind.expect(row.topic);
        assert_eq!(row.topic.split('.').nth(1), Some(kind.as_str()));
    }
}
