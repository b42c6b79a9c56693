//! The envelope: what a broker reads of an event, in place, without decoding the payload.

use bytes::Bytes;
use bytestring::ByteString;
use prost::Message;

use super::confirmation::confirmation_from_wire;
use super::encode::{Envelope, Message as _, encoded_bytes};
use super::event::payload;
use super::fields::{Fields, shared_text};
use super::kind::kind_of_field;
use super::proto;
use super::text::from_wire;
use super::{DecodeError, ENVELOPE_LIMIT_BYTES, frame};
use crate::contract::{
    Attributes, BusEvent, Confirmation, CorrelationId, CorrelationMetadata, EventId,
};
use crate::event::{CollectionEvent, EventKind, Priority, Routing};
use crate::topic::{Lane, Topic};

/// An encoded event seen through its envelope. Slices point into the bytes it was read from.
///
/// Text is as the publisher sent it: not yet checked to be UTF-8 or a valid topic.
#[derive(Debug, Clone, Copy)]
pub struct EventEnvelope<'a> {
    /// Name of the publisher.
    pub publisher: &'a [u8],
    /// This life of the publisher.
    pub incarnation: u64,
    /// The publisher's running number.
    pub sequence: u64,
    /// The topic.
    pub topic: &'a [u8],
    /// `CLOCK_MONOTONIC` of the publish call as the publisher says, nanoseconds.
    pub published_monotonic_ns: u64,
    /// The collector that made the event.
    pub source: &'a [u8],
    /// Priority, 1–4; 0 for none.
    pub priority: u32,
    /// The process the event is about.
    pub pid: Option<u32>,
    /// The encoded correlation, if the publisher gave one.
    correlation: Option<&'a [u8]>,
    /// The encoded routing, if there is any.
    routing: Option<&'a [u8]>,
    /// Kind of event: which payload field is set.
    pub kind: EventKind,
    /// The encoded payload.
    pub payload: &'a [u8],
    /// What its publisher waits for.
    pub confirmation: Confirmation,
}

/// Field numbers of `Envelope` in the schema.
mod field {
    pub(super) const PUBLISHER: u32 = 1;
    pub(super) const INCARNATION: u32 = 2;
    pub(super) const SEQUENCE: u32 = 3;
    pub(super) const TOPIC: u32 = 4;
    pub(super) const PUBLISHED_MONOTONIC_NS: u32 = 5;
    pub(super) const SOURCE: u32 = 6;
    pub(super) const PRIORITY: u32 = 7;
    pub(super) const PID: u32 = 8;
    pub(super) const CORRELATION: u32 = 9;
    pub(super) const ROUTING: u32 = 10;
    pub(super) const CONFIRMATION: u32 = 30;
}

impl<'a> EventEnvelope<'a> {
    /// Reads the envelope; the payload is only measured.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut publisher: &[u8] = &[];
        let mut incarnation = 0;
        let mut sequence = 0;
        let mut topic: &[u8] = &[];
        let mut published_monotonic_ns = 0;
        let mut source: &[u8] = &[];
        let mut priority = 0;
        let mut pid = None;
        let mut correlation = None;
        let mut routing = None;
        let mut payload = None;
        let mut confirmation = Confirmation::Fire;
        let mut fields = Fields::in_place(bytes);
        while let Some(field) = fields.next()? {
            match field.number {
                field::PUBLISHER => publisher = field.chunk()?,
                field::INCARNATION => incarnation = field.fixed()?,
                field::SEQUENCE => sequence = field.long()?,
                field::TOPIC => topic = field.chunk()?,
                field::PUBLISHED_MONOTONIC_NS => published_monotonic_ns = field.fixed()?,
                field::SOURCE => source = field.chunk()?,
                field::PRIORITY => {
                    priority = field.number()?;
                    priority_from_wire(priority)?;
                }
                field::PID => pid = Some(field.number()?),
                field::CORRELATION => set_once(&mut correlation, field.chunk()?)?,
                field::ROUTING => set_once(&mut routing, field.chunk()?)?,
                field::CONFIRMATION => confirmation = confirmation_from_wire(field.long()?)?,
                number => {
                    if let Ok(kind) = kind_of_field(number) {
                        set_once(&mut payload, (kind, field.chunk()?))?;
                    }
                }
            }
        }
        let (kind, payload) = payload.ok_or(DecodeError::Malformed("event without payload"))?;
        Ok(Self {
            publisher,
            incarnation,
            sequence,
            topic,
            published_monotonic_ns,
            source,
            priority,
            pid,
            correlation,
            routing,
            kind,
            payload,
            confirmation,
        })
    }

    /// The lane of its topic.
    pub fn lane(&self) -> Lane {
        Lane::of(self.topic)
    }

    /// Where a reply to it goes: of a control message alone, whose payload is read for it.
    pub(crate) fn reply_address(&self) -> Option<ByteString> {
        if self.kind != EventKind::Control {
            return None;
        }
        let message = proto::ControlMessage::decode(self.payload).ok()?;
        from_wire(message.reply_to?, "reply_to").ok()
    }

    /// Whether it is a control message that says it is a reply.
    pub(crate) fn is_reply(&self) -> bool {
        let reply = proto::control_message::Subject::Reply as i32;
        self.kind == EventKind::Control
            && proto::ControlMessage::decode(self.payload)
                .is_ok_and(|message| message.subject == reply)
    }

    fn decoded_correlation(&self) -> Option<CorrelationMetadata> {
        let bytes = Bytes::copy_from_slice(self.correlation?);
        correlation(Fields::of(&bytes, &bytes)).ok()
    }
}

/// A message that comes twice is merged by some decoders and replaced by others: refused.
fn set_once<T>(slot: &mut Option<T>, value: T) -> Result<(), DecodeError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(DecodeError::Malformed("a message that may come once comes twice")),
    }
}

/// A broker matches filters on these; what cannot be decoded matches no filter that asks for it.
impl Attributes for EventEnvelope<'_> {
    fn kind(&self) -> EventKind {
        self.kind
    }

    fn pid(&self) -> Option<u32> {
        self.pid
    }

    fn priority(&self) -> Priority {
        Priority::from_level(self.priority).unwrap_or_default()
    }

    fn source(&self) -> &str {
        std::str::from_utf8(self.source).unwrap_or_default()
    }

    fn has_metadata(&self, key: &str, value: &str) -> bool {
        payload_metadata(self.payload).is_some_and(|metadata| {
            metadata.iter().find(|entry| entry.key == key).is_some_and(|own| own.value == value)
        })
    }

    fn correlation(&self) -> CorrelationMetadata {
        self.decoded_correlation().unwrap_or_else(|| {
            CorrelationMetadata::root(CorrelationId::derived(self.incarnation, self.sequence))
        })
    }
}

/// The metadata alone: every payload has its `Observation` in field 1. One in several parts is
/// put together, as the receivers' decoders do.
fn payload_metadata(payload: &[u8]) -> Option<Vec<proto::Entry>> {
    const OBSERVATION: u32 = 1;
    let mut observation = proto::Observation::default();
    let mut fields = Fields::in_place(payload);
    while let Some(field) = fields.next().ok()? {
        if field.number == OBSERVATION {
            observation.merge(field.chunk().ok()?).ok()?;
        }
    }
    Some(observation.metadata)
}

/// Appends one publish frame; returns its length in bytes.
///
/// `correlation` is what the publisher gave; a fresh one costs nothing on the wire.
pub(crate) fn encode_publish(
    out: &mut Vec<u8>,
    id: &EventId,
    topic: &Topic,
    published_monotonic_ns: u64,
    event: &CollectionEvent,
    correlation: Option<&CorrelationMetadata>,
    confirmation: Confirmation,
) -> usize {
    let envelope = Envelope { id, topic, published_monotonic_ns, event, correlation, confirmation };
    let before = out.len();
    frame::publish_head(out, encoded_bytes(&envelope));
    envelope.fields(out);
    out.len() - before
}

/// Appends an event as the payload of another protocol's message: the bytes that stand in our own
/// frames. `head` writes what comes before them, told how many they are; returns that number.
pub fn encode_payload(
    out: &mut Vec<u8>,
    head: impl FnOnce(&mut Vec<u8>, usize),
    id: &EventId,
    topic: &Topic,
    published_monotonic_ns: u64,
    event: &CollectionEvent,
    correlation: Option<&CorrelationMetadata>,
) -> usize {
    let confirmation = Confirmation::Fire;
    let envelope = Envelope { id, topic, published_monotonic_ns, event, correlation, confirmation };
    let bytes = encoded_bytes(&envelope);
    head(out, bytes);
    envelope.fields(out);
    bytes
}

/// The envelope of an event published in the broker's own process.
pub(crate) fn encode_envelope(
    event: &BusEvent,
    correlation: Option<&CorrelationMetadata>,
) -> Vec<u8> {
    let envelope = Envelope {
        id: &event.id,
        topic: &event.topic,
        published_monotonic_ns: event.published_monotonic_ns,
        event: &event.event,
        correlation,
        confirmation: Confirmation::Fire,
    };
    let mut bytes = Vec::with_capacity(encoded_bytes(&envelope));
    envelope.fields(&mut bytes);
    bytes
}

/// Decodes a whole event, and what its publisher waits for; its text shares `bytes`.
pub(crate) fn decode_event(bytes: &Bytes) -> Result<(BusEvent, Confirmation), DecodeError> {
    EventDecoder::default().decode(bytes, bytes)
}

/// Decodes the events of one connection: successive ones tend to be on one topic, which is checked
/// and made once for all of them.
#[derive(Debug, Default)]
pub struct EventDecoder {
    last_topic: Option<Topic>,
}

impl EventDecoder {
    /// Decodes an event that came as another protocol's payload, which is a part of `shared`, and so
    /// is the event's text from then on.
    pub fn decode_payload(
        &mut self,
        shared: &Bytes,
        payload: &[u8],
    ) -> Result<BusEvent, DecodeError> {
        self.decode(shared, payload).map(|(event, _)| event)
    }

    /// Decodes an envelope that is a part of `shared`, and so is the event's text from then on.
    pub(crate) fn decode(
        &mut self,
        shared: &Bytes,
        envelope: &[u8],
    ) -> Result<(BusEvent, Confirmation), DecodeError> {
        let envelope = EventEnvelope::parse(envelope)?;
        let text = |text: &[u8], name| shared_text(shared, text, name);
        let id = EventId {
            publisher: text(envelope.publisher, "publisher")?,
            incarnation: envelope.incarnation,
            sequence: envelope.sequence,
        };
        let mut event = payload(envelope.kind, Fields::of(shared, envelope.payload))?;
        let header = event.header_mut();
        header.source = text(envelope.source, "source")?;
        header.priority = priority_from_wire(envelope.priority)?;
        if let Some(message) = envelope.routing {
            header.routing = routing(Fields::of(shared, message))?;
        }
        let correlation = match envelope.correlation {
            Some(message) => correlation(Fields::of(shared, message))?,
            None => CorrelationMetadata::derived(&id),
        };
        let event = BusEvent {
            id,
            topic: self.topic(envelope.topic)?,
            published_monotonic_ns: envelope.published_monotonic_ns,
            correlation,
            event,
        };
        Ok((event, envelope.confirmation))
    }

    fn topic(&mut self, text: &[u8]) -> Result<Topic, DecodeError> {
        if let Some(last) = self.last_topic.as_ref().filter(|last| last.as_str().as_bytes() == text)
        {
            return Ok(last.clone());
        }
        // Not a part of what was read: it is kept for longer.
        let topic = Topic::new(from_wire(Bytes::copy_from_slice(text), "topic")?)?;
        self.last_topic = Some(topic.clone());
        Ok(topic)
    }
}

pub(super) fn priority_from_wire(level: u32) -> Result<Option<Priority>, DecodeError> {
    match level {
        0 => Ok(None),
        level => Priority::from_level(level)
            .map(Some)
            .ok_or(DecodeError::Malformed("priority outside 0 to 4")),
    }
}

fn routing(mut fields: Fields<'_>) -> Result<Routing, DecodeError> {
    let mut routing = Routing::default();
    while let Some(field) = fields.next()? {
        match field.number {
            1 => routing.connector_id = Some(field.text("connector_id")?),
            2 => routing.native_session_id = Some(field.text("native_session_id")?),
            3 => routing.session_id = Some(field.text("session_id")?),
            4 => routing.origin = Some(field.text("origin")?),
            _ => {}
        }
    }
    Ok(routing)
}

fn correlation(mut fields: Fields<'_>) -> Result<CorrelationMetadata, DecodeError> {
    let mut id = ByteString::new();
    let (mut parent, mut root, mut trace, mut stage) = (None, None, None, None);
    let (mut sequence, mut tags) = (0, Vec::new());
    while let Some(field) = fields.next()? {
        match field.number {
            1 => id = field.text("correlation.id")?,
            2 => parent = Some(field.text("correlation.parent")?),
            3 => root = Some(field.text("correlation.root")?),
            4 => trace = Some(field.text("correlation.trace")?),
            5 => stage = Some(field.text("correlation.stage")?),
            6 => sequence = field.long()?,
            7 => tags.push(field.entry()?),
            _ => {}
        }
    }
    let id = CorrelationId::from(id);
    let root = root.map_or_else(|| id.clone(), CorrelationId::from);
    Ok(CorrelationMetadata {
        id,
        parent: parent.map(CorrelationId::from),
        root,
        trace,
        stage,
        sequence,
        tags,
    })
}

const _: () = assert!(ENVELOPE_LIMIT_BYTES > 4096, "an envelope with long names must fit");
