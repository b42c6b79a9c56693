//! Events to bytes, straight from the model.
//!
//! The generated messages own their text as [`bytes::Bytes`], and the first clone of such text
//! allocates; an event has a dozen. So this direction is written by hand, against the schema's
//! field numbers, and the round-trip tests hold it to what the generated code reads.

use prost::encoding::{encode_varint, encoded_len_varint};

use super::confirmation::confirmation_to_wire;
use super::kind::field_of_kind;
use super::proto;
use crate::contract::{Confirmation, CorrelationId, CorrelationMetadata, EventId};
use crate::event::{
    AuditEvent, AuditOutcome, CollectionEvent, ControlMessage, ControlSubject, EventHeader,
    FilesystemEvent, FilesystemOperation, Metadata, NetworkChange, NetworkEvent, PerformanceEvent,
    PerformanceScope, Priority, ProcessChange, ProcessEvent, ReplyAddress, Routing, TriggerRequest,
};
use crate::topic::Topic;

/// Encoded size of an event's payload, bytes; what the payload limit counts (W2).
pub fn payload_bytes(event: &CollectionEvent) -> usize {
    encoded_bytes(event)
}

/// A message as the schema lays it out.
pub(super) trait Message {
    /// Puts the fields in the order of their numbers.
    fn fields(&self, out: &mut impl Sink);
}

/// Takes fields: to count them, or to write them.
pub(super) trait Sink {
    fn varint(&mut self, value: u64);
    fn raw(&mut self, bytes: &[u8]);

    /// A number, left out when it is 0 as proto3 does.
    fn number(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.some_number(field, Some(value));
        }
    }

    /// A number that may be absent.
    fn some_number(&mut self, field: u32, value: Option<u64>) {
        if let Some(value) = value {
            self.varint(u64::from(field << 3));
            self.varint(value);
        }
    }

    /// Eight bytes, left out when they are 0.
    fn fixed(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.some_fixed(field, Some(value));
        }
    }

    /// Eight bytes that may be absent.
    fn some_fixed(&mut self, field: u32, value: Option<u64>) {
        if let Some(value) = value {
            self.varint(u64::from(field << 3 | 1));
            self.raw(&value.to_le_bytes());
        }
    }

    /// Text, left out when it is empty.
    fn text(&mut self, field: u32, text: &str) {
        if !text.is_empty() {
            self.some_text(field, Some(text));
        }
    }

    /// Text that may be absent.
    fn some_text(&mut self, field: u32, text: Option<&str>) {
        if let Some(text) = text {
            self.head(field, text.len());
            self.raw(text.as_bytes());
        }
    }

    /// Bytes that are no text, left out when there are none.
    fn bytes(&mut self, field: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.head(field, bytes.len());
            self.raw(bytes);
        }
    }

    /// A message within this one.
    fn message(&mut self, field: u32, message: &impl Message)
    where
        Self: Sized,
    {
        self.head(field, encoded_bytes(message));
        message.fields(self);
    }

    /// Named values, one message each.
    fn entries(&mut self, field: u32, entries: &Metadata)
    where
        Self: Sized,
    {
        for (key, value) in entries {
            self.message(field, &Entry { key, value });
        }
    }

    /// What stands before text or a message.
    fn head(&mut self, field: u32, bytes: usize) {
        self.varint(u64::from(field << 3 | 2));
        self.varint(bytes as u64);
    }
}

impl Sink for Vec<u8> {
    fn varint(&mut self, value: u64) {
        // Most are of one byte: tags, lengths of text, small numbers.
        match u8::try_from(value) {
            Ok(byte) if byte < 0x80 => self.push(byte),
            _ => encode_varint(value, self),
        }
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Counts the bytes of a message without writing them.
struct Counter(usize);

impl Sink for Counter {
    fn varint(&mut self, value: u64) {
        self.0 += encoded_len_varint(value);
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }

    /// Counted once, and not again as what it is made of.
    fn message(&mut self, field: u32, message: &impl Message) {
        let bytes = encoded_bytes(message);
        self.head(field, bytes);
        self.0 += bytes;
    }
}

/// Encoded size of a message, bytes.
pub(super) fn encoded_bytes(message: &impl Message) -> usize {
    let mut counter = Counter(0);
    message.fields(&mut counter);
    counter.0
}

/// Everything an envelope says, borrowed.
pub(super) struct Envelope<'a> {
    pub(super) id: &'a EventId,
    pub(super) topic: &'a Topic,
    pub(super) published_monotonic_ns: u64,
    pub(super) event: &'a CollectionEvent,
    /// As the publisher gave it; a fresh one costs nothing on the wire.
    pub(super) correlation: Option<&'a CorrelationMetadata>,
    pub(super) confirmation: Confirmation,
}

impl Message for Envelope<'_> {
    fn fields(&self, out: &mut impl Sink) {
        let header = self.event.header();
        out.text(1, &self.id.publisher);
        out.fixed(2, self.id.incarnation);
        out.number(3, self.id.sequence);
        out.text(4, self.topic.as_str());
        out.fixed(5, self.published_monotonic_ns);
        out.text(6, &header.source);
        out.number(7, header.priority.map_or(0, |priority| Priority::level(priority).into()));
        out.some_number(8, self.event.pid().map(u64::from));
        if let Some(correlation) = self.correlation {
            out.message(9, correlation);
        }
        if header.routing != Routing::default() {
            out.message(10, &header.routing);
        }
        out.message(field_of_kind(self.event.kind()), self.event);
        out.number(30, confirmation_to_wire(self.confirmation));
    }
}

impl Message for CorrelationMetadata {
    fn fields(&self, out: &mut impl Sink) {
        let text = CorrelationId::to_byte_string;
        out.text(1, &text(&self.id));
        out.some_text(2, self.parent.as_ref().map(text).as_deref());
        out.some_text(3, (self.root != self.id).then(|| text(&self.root)).as_deref());
        out.some_text(4, self.trace.as_deref());
        out.some_text(5, self.stage.as_deref());
        out.number(6, self.sequence);
        out.entries(7, &self.tags);
    }
}

impl Message for Routing {
    fn fields(&self, out: &mut impl Sink) {
        out.some_text(1, self.connector_id.as_deref());
        out.some_text(2, self.native_session_id.as_deref());
        out.some_text(3, self.session_id.as_deref());
        out.some_text(4, self.origin.as_deref());
    }
}

struct Entry<'a> {
    key: &'a str,
    value: &'a str,
}

impl Message for Entry<'_> {
    fn fields(&self, out: &mut impl Sink) {
        out.text(1, self.key);
        out.text(2, self.value);
    }
}

/// The part of a header that travels in the payload, as `Observation`.
impl Message for EventHeader {
    fn fields(&self, out: &mut impl Sink) {
        out.number(1, self.source_sequence);
        out.fixed(2, self.observed_unix_ns);
        out.fixed(3, self.observed_monotonic_ns);
        out.entries(4, &self.metadata);
    }
}

impl Message for CollectionEvent {
    fn fields(&self, out: &mut impl Sink) {
        out.message(1, self.header());
        match self {
            Self::Process(event) => process(event, out),
            Self::Network(event) => network(event, out),
            Self::Filesystem(event) => filesystem(event, out),
            Self::Performance(event) => performance(event, out),
            Self::TriggerRequest(event) => trigger_request(event, out),
            Self::Audit(event) => audit(event, out),
            Self::Control(message) => control(message, out),
        }
    }
}

fn process(event: &ProcessEvent, out: &mut impl Sink) {
    out.number(2, process_change(event.change));
    out.number(3, event.pid.into());
    out.some_number(4, event.ppid.map(u64::from));
    out.text(5, &event.name);
    out.some_text(6, event.executable_path.as_deref());
    for argument in &event.arguments {
        out.some_text(7, Some(argument));
    }
    out.some_fixed(8, event.start_time_unix_ns);
    out.some_fixed(9, event.cpu_percent.map(f64::to_bits));
    out.some_number(10, event.memory_bytes);
    out.some_text(11, event.user_id.as_deref());
    out.some_text(12, event.user_name.as_deref());
    out.some_text(13, event.executable_sha256.as_deref());
    out.number(14, event.accessible.into());
    out.some_number(15, event.exit_code.map(zigzag));
}

fn network(event: &NetworkEvent, out: &mut impl Sink) {
    out.number(2, network_change(event.change));
    out.text(3, &event.connection_id);
    out.text(4, &event.protocol);
    out.text(5, &event.local_address);
    out.text(6, &event.remote_address);
    out.some_text(7, event.state.as_deref());
    out.some_number(8, event.pid.map(u64::from));
    out.some_number(9, event.sent_bytes);
    out.some_number(10, event.received_bytes);
    out.some_text(11, event.dns_query.as_deref());
}

fn filesystem(event: &FilesystemEvent, out: &mut impl Sink) {
    out.number(2, filesystem_operation(event.operation));
    out.text(3, &event.path);
    out.some_text(4, event.previous_path.as_deref());
    out.some_number(5, event.size_bytes);
    out.some_number(6, event.permissions.map(u64::from));
    out.some_text(7, event.user_id.as_deref());
    out.some_number(8, event.pid.map(u64::from));
    out.some_text(9, event.content_sha256.as_deref());
}

fn performance(event: &PerformanceEvent, out: &mut impl Sink) {
    out.number(2, performance_scope(event.scope));
    out.text(3, &event.metric_name);
    out.fixed(4, event.value.to_bits());
    out.text(5, &event.unit);
    out.some_text(6, event.component.as_deref());
    out.some_number(7, event.pid.map(u64::from));
}

fn trigger_request(event: &TriggerRequest, out: &mut impl Sink) {
    out.text(2, &event.trigger_id);
    out.text(3, &event.target_collector);
    out.text(4, &event.analysis_type);
    out.some_number(5, event.target_pid.map(u64::from));
    out.some_text(6, event.target_path.as_deref());
}

fn audit(event: &AuditEvent, out: &mut impl Sink) {
    out.text(2, &event.actor);
    out.text(3, &event.action);
    out.text(4, &event.resource);
    out.number(5, audit_outcome(event.outcome));
    out.some_text(6, event.reason.as_deref());
}

fn control(message: &ControlMessage, out: &mut impl Sink) {
    out.number(2, control_subject(&message.subject));
    if let ControlSubject::Reply(asker) = &message.subject {
        out.some_text(3, Some(asker.as_str()));
    }
    out.text(4, &message.operation);
    out.text(5, &message.request_id);
    out.some_text(6, message.target.as_deref());
    out.some_text(7, message.reply_to.as_ref().map(ReplyAddress::as_str));
    out.some_fixed(8, message.deadline_monotonic_ns);
    out.bytes(9, message.body.as_bytes());
}

fn control_subject(subject: &ControlSubject) -> u64 {
    use proto::control_message::Subject as Wire;
    let number = match subject {
        ControlSubject::Lifecycle => Wire::Lifecycle,
        ControlSubject::Config => Wire::Config,
        ControlSubject::Registration => Wire::Registration,
        ControlSubject::ProcessTask => Wire::ProcessTask,
        ControlSubject::NetworkTask => Wire::NetworkTask,
        ControlSubject::FilesystemTask => Wire::FilesystemTask,
        ControlSubject::PerformanceTask => Wire::PerformanceTask,
        ControlSubject::Heartbeat => Wire::Heartbeat,
        ControlSubject::Status => Wire::Status,
        ControlSubject::Diagnostics => Wire::Diagnostics,
        ControlSubject::ProcessResult => Wire::ProcessResult,
        ControlSubject::NetworkResult => Wire::NetworkResult,
        ControlSubject::FilesystemResult => Wire::FilesystemResult,
        ControlSubject::PerformanceResult => Wire::PerformanceResult,
        ControlSubject::Reply(_) => Wire::Reply,
    };
    u64::from((number as i32).cast_unsigned())
}

/// `sint32` of the schema.
fn zigzag(value: i32) -> u64 {
    u64::from(((value << 1) ^ (value >> 31)).cast_unsigned())
}

/// One table per enum: the model's variants by the schema's names.
macro_rules! numbers {
    ($name:ident, $model:ident, $wire:path, { $($variant:ident),+ $(,)? }) => {
        fn $name(value: $model) -> u64 {
            use $wire as Wire;
            let number = match value { $($model::$variant => Wire::$variant as i32),+ };
            u64::from(number.cast_unsigned())
        }
    };
}

numbers!(process_change, ProcessChange, proto::process_event::Change,
    { Started, Exited, Executed, Metadata, Tree, Integrity, Anomaly, Enumerated });
numbers!(network_change, NetworkChange, proto::network_event::Change,
    { Opened, Changed, Closed, Dns, Traffic, Anomaly });
numbers!(filesystem_operation, FilesystemOperation, proto::filesystem_event::Operation,
    { Created, Modified, Deleted, Renamed, Attributes, Accessed, Bulk, Anomaly });
numbers!(performance_scope, PerformanceScope, proto::performance_event::Scope,
    { Utilization, System, Anomaly });
numbers!(audit_outcome, AuditOutcome, proto::audit_event::Outcome, { Allowed, Refused, Failed });
