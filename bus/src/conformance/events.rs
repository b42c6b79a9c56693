//! Events for tests: small ones, every kind with every field set, and the awkward ones.

use crate::event::{
    AuditEvent, AuditOutcome, ControlBody, ControlMessage, ControlSubject, EventHeader,
    FilesystemEvent, FilesystemOperation, NetworkChange, NetworkEvent, PerformanceEvent,
    PerformanceScope, ProcessChange, ProcessEvent, ReplyAddress, Routing, TriggerRequest,
};
use crate::{ByteString, CollectionEvent, CorrelationMetadata, EventKind, Priority};

/// A hash as collectors write it: 64 hexadecimal digits.
const SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
/// Text that a byte-wise or case-folding bus would damage.
const UNICODE: &str = "Größe/日本語/🦀/\u{0}/\"quoted\"\n";

/// A small process event about one process; everything else is empty.
pub fn process(pid: u32) -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent { pid, name: "sh".into(), ..ProcessEvent::default() })
}

/// A process event that carries this many bytes of arguments.
pub fn process_of_size(bytes: usize) -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent {
        arguments: vec!["x".repeat(bytes).into()],
        ..ProcessEvent::default()
    })
}

/// A header with every field set.
pub fn full_header() -> EventHeader {
    EventHeader {
        source: "procmond".into(),
        source_sequence: u64::MAX,
        observed_unix_ns: 1_763_000_000_123_456_789,
        observed_monotonic_ns: 987_654_321_012,
        priority: Some(Priority::Critical),
        metadata: vec![
            ("zone".into(), UNICODE.into()),
            ("empty".into(), ByteString::new()),
            ("a".into(), "order is kept".into()),
        ],
        routing: Routing {
            connector_id: Some("connector-7".into()),
            native_session_id: Some("native-9".into()),
            session_id: Some("session-11".into()),
            origin: Some("host-b".into()),
        },
    }
}

/// An event of a kind with every field set.
pub fn full(kind: EventKind) -> CollectionEvent {
    match kind {
        EventKind::Process => CollectionEvent::Process(full_process()),
        EventKind::Network => CollectionEvent::Network(full_network()),
        EventKind::Filesystem => CollectionEvent::Filesystem(full_filesystem()),
        EventKind::Performance => CollectionEvent::Performance(full_performance()),
        EventKind::TriggerRequest => CollectionEvent::TriggerRequest(full_trigger()),
        EventKind::Audit => CollectionEvent::Audit(full_audit()),
        EventKind::Control => CollectionEvent::Control(full_control()),
    }
}

/// An event of a kind with nothing set: what is absent must stay absent.
pub fn bare(kind: EventKind) -> CollectionEvent {
    match kind {
        EventKind::Process => CollectionEvent::Process(ProcessEvent::default()),
        EventKind::Network => CollectionEvent::Network(NetworkEvent::default()),
        EventKind::Filesystem => CollectionEvent::Filesystem(FilesystemEvent::default()),
        EventKind::Performance => CollectionEvent::Performance(PerformanceEvent::default()),
        EventKind::TriggerRequest => CollectionEvent::TriggerRequest(TriggerRequest::default()),
        EventKind::Audit => CollectionEvent::Audit(AuditEvent::default()),
        EventKind::Control => CollectionEvent::Control(ControlMessage::default()),
    }
}

/// Values at the ends of their types, and empty text that must not become absent text.
pub fn awkward() -> Vec<CollectionEvent> {
    let empty = || Some(ByteString::new());
    let address = |text: &'static str| ReplyAddress::new(text).expect("an address");
    let values = [0.1 + 0.2, f64::MIN_POSITIVE, f64::MAX, -0.0, f64::INFINITY, 1e-300];
    let mut events: Vec<_> = values
        .into_iter()
        .map(|value| {
            CollectionEvent::Performance(PerformanceEvent { value, ..PerformanceEvent::default() })
        })
        .collect();
    events.push(CollectionEvent::Process(ProcessEvent {
        header: EventHeader {
            priority: Some(Priority::Normal),
            routing: Routing {
                connector_id: empty(),
                native_session_id: empty(),
                session_id: empty(),
                origin: empty(),
            },
            ..EventHeader::default()
        },
        pid: u32::MAX,
        ppid: Some(0),
        executable_path: empty(),
        arguments: vec![ByteString::new(), "a b".into(), ByteString::new()],
        start_time_unix_ns: Some(u64::MAX),
        cpu_percent: Some(0.0),
        memory_bytes: Some(0),
        exit_code: Some(i32::MIN),
        ..ProcessEvent::default()
    }));
    events.push(CollectionEvent::Control(ControlMessage {
        subject: ControlSubject::Reply(address("asker-1")),
        target: empty(),
        reply_to: Some(address("asker-2")),
        deadline_monotonic_ns: Some(0),
        body: ControlBody::new(vec![0, 0xff, 0]).expect("three bytes"),
        ..ControlMessage::default()
    }));
    events
}

/// A correlation with every field set.
pub fn full_correlation() -> CorrelationMetadata {
    CorrelationMetadata {
        id: "scan-7/step-3".into(),
        parent: Some("scan-7/step-2".into()),
        root: "scan-7".into(),
        trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
        stage: Some("enrichment".into()),
        sequence: u64::MAX,
        tags: vec![
            ("team".into(), UNICODE.into()),
            ("empty".into(), ByteString::new()),
            ("case".into(), "42".into()),
        ],
    }
}

fn full_process() -> ProcessEvent {
    ProcessEvent {
        header: full_header(),
        change: ProcessChange::Exited,
        pid: 4_242,
        ppid: Some(1),
        name: UNICODE.into(),
        executable_path: Some("/usr/bin/größe".into()),
        arguments: vec!["--flag".into(), "two words".into(), ByteString::new()],
        start_time_unix_ns: Some(1_762_999_999_987_654_321),
        cpu_percent: Some(12.345_678_901_234_567),
        memory_bytes: Some(u64::MAX),
        user_id: Some("1000".into()),
        user_name: Some("späher".into()),
        executable_sha256: Some(SHA256.into()),
        accessible: true,
        exit_code: Some(-9),
    }
}

fn full_network() -> NetworkEvent {
    NetworkEvent {
        header: full_header(),
        change: NetworkChange::Dns,
        connection_id: "tcp/7".into(),
        protocol: "tcp".into(),
        local_address: "[::1]:443".into(),
        remote_address: "203.0.113.7:50000".into(),
        state: Some("ESTABLISHED".into()),
        pid: Some(4_242),
        sent_bytes: Some(u64::MAX),
        received_bytes: Some(0),
        dns_query: Some("bücher.example".into()),
    }
}

fn full_filesystem() -> FilesystemEvent {
    FilesystemEvent {
        header: full_header(),
        operation: FilesystemOperation::Renamed,
        path: "/tmp/neu".into(),
        previous_path: Some("/tmp/alt".into()),
        size_bytes: Some(u64::MAX),
        permissions: Some(0o100_644),
        user_id: Some("S-1-5-18".into()),
        pid: Some(4_242),
        content_sha256: Some(SHA256.into()),
    }
}

fn full_performance() -> PerformanceEvent {
    PerformanceEvent {
        header: full_header(),
        scope: PerformanceScope::Anomaly,
        metric_name: "cpu.busy".into(),
        value: 99.999_999_999_999,
        unit: "percent".into(),
        component: Some("cpu0".into()),
        pid: Some(4_242),
    }
}

fn full_trigger() -> TriggerRequest {
    TriggerRequest {
        header: full_header(),
        trigger_id: "trigger-1".into(),
        target_collector: "procmond".into(),
        analysis_type: "binary_hash".into(),
        target_pid: Some(4_242),
        target_path: Some("/usr/bin/sh".into()),
    }
}

fn full_audit() -> AuditEvent {
    AuditEvent {
        header: full_header(),
        actor: "netmond".into(),
        action: "subscribe".into(),
        resource: "admin.broker".into(),
        outcome: AuditOutcome::Refused,
        reason: Some("role collector may not".into()),
    }
}

fn full_control() -> ControlMessage {
    ControlMessage {
        header: full_header(),
        subject: ControlSubject::NetworkTask,
        operation: "execute_task".into(),
        request_id: "4f2a-1".into(),
        target: Some("netmond".into()),
        reply_to: Some(ReplyAddress::new("agent").expect("an address")),
        deadline_monotonic_ns: Some(u64::MAX),
        body: ControlBody::new((0..=u8::MAX).collect::<Vec<_>>()).expect("256 bytes"),
    }
}
