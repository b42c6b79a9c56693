//! What the events say: realistic text for every kind, as wide for one number as for the next.
//!
//! Widths are fixed on purpose: only then does one padding fit all numbers of the same width.

use daemoneye_eventbus::event::{
    AuditOutcome, ControlBody, ControlSubject, FilesystemOperation, NetworkChange,
    PerformanceScope, ProcessChange, ReplyAddress,
};
use daemoneye_eventbus::{
    AuditEvent, ByteString, CollectionEvent, ControlMessage, EventHeader, EventKind,
    FilesystemEvent, NetworkEvent, PerformanceEvent, ProcessEvent, TriggerRequest,
};

/// Made-up process ids start here and stay below 1 000 000: always three bytes as a varint.
const FIRST_PID: u32 = 100_000;
/// How many made-up process ids there are.
const PIDS: u64 = 900_000;
/// Wall clock of made-up events, nanoseconds since the Unix epoch; any moment would do.
const EPOCH_UNIX_NS: u64 = 1_750_000_000_000_000_000;

/// How much an event says; less only where its size must be smaller than usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Every field.
    Full,
    /// What the kind cannot do without.
    Lean,
    /// Next to nothing.
    Bare,
}

impl Detail {
    /// Richest first.
    pub(super) const ALL: [Self; 3] = [Self::Full, Self::Lean, Self::Bare];
}

/// What an event is made from.
pub(super) struct Body {
    pub(super) kind: EventKind,
    pub(super) detail: Detail,
    pub(super) header: EventHeader,
    /// The process it is about; made from the number when `None`.
    pub(super) pid: Option<u32>,
    /// Bytes to add to one of its strings.
    pub(super) suffix_bytes: usize,
}

/// Stamps that are not zero, so that they take as much room as the real ones will.
pub(super) fn unstamped_header() -> EventHeader {
    EventHeader { observed_unix_ns: 1, observed_monotonic_ns: 1, ..EventHeader::default() }
}

/// Makes the event.
pub(super) fn event(body: Body) -> CollectionEvent {
    match body.kind {
        EventKind::Process => CollectionEvent::Process(process(body)),
        EventKind::Network => CollectionEvent::Network(network(body)),
        EventKind::Filesystem => CollectionEvent::Filesystem(filesystem(body)),
        EventKind::Performance => CollectionEvent::Performance(performance(body)),
        EventKind::TriggerRequest => CollectionEvent::TriggerRequest(trigger(body)),
        EventKind::Audit => CollectionEvent::Audit(audit(body)),
        EventKind::Control => CollectionEvent::Control(control(body)),
    }
}

impl Body {
    fn number(&self) -> u64 {
        self.header.source_sequence
    }

    fn pid(&self) -> u32 {
        let made_up = u32::try_from(self.number() % PIDS).expect("the remainder is small");
        self.pid.unwrap_or(FIRST_PID + made_up)
    }

    /// `text`, and the bytes that bring the event to its size.
    fn stretched(&self, text: impl Into<String>) -> ByteString {
        let mut text = text.into();
        text.extend(std::iter::repeat_n('_', self.suffix_bytes));
        text.into()
    }

    fn is_full(&self) -> bool {
        self.detail == Detail::Full
    }

    /// A field that only full events have.
    fn full<T>(&self, value: impl FnOnce() -> T) -> Option<T> {
        self.is_full().then(value)
    }

    /// Text that all but bare events have.
    fn lean(&self, text: impl FnOnce() -> String) -> ByteString {
        if self.detail == Detail::Bare { ByteString::new() } else { text().into() }
    }
}

fn text(text: &str) -> ByteString {
    ByteString::from(text.to_owned())
}

/// 64 hexadecimal digits that differ from number to number.
fn sha256_like(number: u64) -> ByteString {
    let word = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ByteString::from(format!("{word:016x}{:016x}{number:016x}{word:016x}", !word))
}

fn process(body: Body) -> ProcessEvent {
    let number = body.number();
    ProcessEvent {
        change: ProcessChange::Started,
        pid: body.pid(),
        ppid: body.full(|| 1_207),
        name: body.stretched(if body.detail == Detail::Bare { "" } else { "sshd" }),
        executable_path: body.full(|| text("/usr/sbin/sshd")),
        arguments: body
            .full(|| vec![text("-D"), text("-o"), text("LogLevel=INFO")])
            .unwrap_or_default(),
        start_time_unix_ns: body.full(|| EPOCH_UNIX_NS + number % 1_000_000),
        // Never zero, which would take no room.
        cpu_percent: body.full(|| f64::from(u8::try_from(number % 100).expect("small")) + 0.5),
        memory_bytes: body.full(|| (16 << 20) + number % 1_000_000),
        user_id: body.full(|| text("1000")),
        user_name: body.full(|| text("daemon")),
        executable_sha256: body.full(|| sha256_like(number)),
        accessible: true,
        exit_code: None,
        header: body.header,
    }
}

fn network(body: Body) -> NetworkEvent {
    let number = body.number();
    NetworkEvent {
        change: NetworkChange::Opened,
        connection_id: body.stretched(if body.detail == Detail::Bare {
            String::new()
        } else {
            format!("tcp-{:08}", number % 100_000_000)
        }),
        protocol: body.lean(|| "tcp".to_owned()),
        local_address: body.lean(|| format!("10.0.0.2:{}", 30_000 + number % 30_000)),
        remote_address: body.lean(|| "192.0.2.7:443".to_owned()),
        state: body.full(|| text("ESTABLISHED")),
        pid: Some(body.pid()),
        sent_bytes: body.full(|| (1 << 20) + number % 1_000_000),
        received_bytes: body.full(|| (1 << 20) + number % 1_000_000),
        dns_query: None,
        header: body.header,
    }
}

fn filesystem(body: Body) -> FilesystemEvent {
    let number = body.number();
    FilesystemEvent {
        operation: FilesystemOperation::Modified,
        path: body.stretched(if body.detail == Detail::Bare {
            String::new()
        } else {
            format!("/var/lib/app/{:08}.db", number % 100_000_000)
        }),
        previous_path: None,
        size_bytes: body.full(|| (16 << 20) + number % 1_000_000),
        permissions: body.full(|| 0o644),
        user_id: body.full(|| text("1000")),
        pid: Some(body.pid()),
        content_sha256: body.full(|| sha256_like(number)),
        header: body.header,
    }
}

fn performance(body: Body) -> PerformanceEvent {
    let number = body.number();
    PerformanceEvent {
        scope: PerformanceScope::Utilization,
        metric_name: body.stretched(if body.detail == Detail::Bare { "" } else { "cpu.busy" }),
        value: f64::from(u8::try_from(number % 100).expect("small")) + 0.5,
        unit: body.lean(|| "percent".to_owned()),
        component: body.full(|| ByteString::from(format!("cpu{}", number % 8))),
        pid: Some(body.pid()),
        header: body.header,
    }
}

fn trigger(body: Body) -> TriggerRequest {
    let number = body.number();
    TriggerRequest {
        trigger_id: body.stretched(if body.detail == Detail::Bare {
            String::new()
        } else {
            format!("trigger-{:08}", number % 100_000_000)
        }),
        target_collector: body.lean(|| "procmond".to_owned()),
        analysis_type: body.lean(|| "binary_hash".to_owned()),
        target_pid: Some(body.pid()),
        target_path: body.full(|| text("/usr/sbin/sshd")),
        header: body.header,
    }
}

fn audit(body: Body) -> AuditEvent {
    let number = body.number();
    AuditEvent {
        actor: body.lean(|| "procmond".to_owned()),
        action: body.lean(|| "subscribe".to_owned()),
        resource: body.stretched(if body.detail == Detail::Bare {
            String::new()
        } else {
            format!("session/{:08}", number % 100_000_000)
        }),
        outcome: AuditOutcome::Allowed,
        reason: body.full(|| text("the first matching row allows it")),
        header: body.header,
    }
}

fn control(body: Body) -> ControlMessage {
    let number = body.number();
    let filling = || ControlBody::new(sha256_like(number).into_bytes()).expect("64 bytes fit");
    ControlMessage {
        subject: ControlSubject::Lifecycle,
        operation: body.lean(|| "restart".to_owned()),
        request_id: body.stretched(if body.detail == Detail::Bare {
            String::new()
        } else {
            format!("agent-{:08}", number % 100_000_000)
        }),
        target: body.full(|| text("procmond")),
        reply_to: body.full(|| ReplyAddress::new("agent").expect("a level of a topic")),
        deadline_monotonic_ns: body.full(|| number),
        body: body.full(filling).unwrap_or_default(),
        header: body.header,
    }
}
