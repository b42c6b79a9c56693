//! The envelope: what a broker reads of an event, in place, without decoding the payload.

use bytes::Bytes;
use bytestring::ByteString;
use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::confirmation::confirmation_from_wire;
use super::encode::{Envelope, Message as _, encoded_bytes};
use super::event::payload_from_wire;
use super::kind::kind_of_field;
use super::proto;
use super::text::{entries_from_wire, from_wire, option_from_wire};
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
    pub(super) const CONFIRMATION: u32 = 30;
}

impl<'a> EventEnvelope<'a> {
    /// Reads the envelope; the payload is only measured.
    pub fn parse(mut bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut publisher: &[u8] = &[];
        let mut incarnation = 0;
        let mut sequence = 0;
        let mut topic: &[u8] = &[];
        let mut published_monotonic_ns = 0;
        let mut source: &[u8] = &[];
        let mut priority = 0;
        let mut pid = None;
        let mut correlation = None;
        let mut payload = None;
        let mut confirmation = Confirmation::Fire;
        while !bytes.is_empty() {
            let (number, wire_type) = decode_key(&mut bytes)?;
            match (number, wire_type) {
                (field::PUBLISHER, WireType::LengthDelimited) => publisher = take(&mut bytes)?,
                (field::INCARNATION, WireType::SixtyFourBit) => incarnation = fixed(&mut bytes)?,
                (field::SEQUENCE, WireType::Varint) => sequence = decode_varint(&mut bytes)?,
                (field::TOPIC, WireType::LengthDelimited) => topic = take(&mut bytes)?,
                (field::PUBLISHED_MONOTONIC_NS, WireType::SixtyFourBit) => {
                    published_monotonic_ns = fixed(&mut bytes)?;
                }
                (field::SOURCE, WireType::LengthDelimited) => source = take(&mut bytes)?,
                (field::PRIORITY, WireType::Varint) => {
                    priority = number_32(&mut bytes)?;
                    priority_from_wire(priority)?;
                }
                (field::PID, WireType::Varint) => pid = Some(number_32(&mut bytes)?),
                (field::CORRELATION, WireType::LengthDelimited) => {
                    set_once(&mut correlation, take(&mut bytes)?)?;
                }
                (field::CONFIRMATION, WireType::Varint) => {
                    confirmation = confirmation_from_wire(decode_varint(&mut bytes)?)?;
                }
                (number, WireType::LengthDelimited) => {
                    let value = take(&mut bytes)?;
                    if let Ok(kind) = kind_of_field(number) {
                        set_once(&mut payload, (kind, value))?;
                    }
                }
                (_, WireType::Varint) => drop(decode_varint(&mut bytes)?),
                (_, WireType::SixtyFourBit) => drop(fixed(&mut bytes)?),
                _ => return Err(DecodeError::Malformed("unexpected wire type in envelope")),
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
        let message = proto::Correlation::decode(self.correlation?).ok()?;
        correlation_from_wire(message).ok()
    }
}

fn take<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let length = decode_varint(bytes)?;
    let truncated = DecodeError::Malformed("field is longer than its message");
    let length = usize::try_from(length).map_err(|_| truncated.clone())?;
    let (value, rest) = bytes.split_at_checked(length).ok_or(truncated)?;
    *bytes = rest;
    Ok(value)
}

/// A message that comes twice is merged by some decoders and replaced by others: refused.
fn set_once<T>(slot: &mut Option<T>, value: T) -> Result<(), DecodeError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(DecodeError::Malformed("a message that may come once comes twice")),
    }
}

fn fixed(bytes: &mut &[u8]) -> Result<u64, DecodeError> {
    let (value, rest) = bytes
        .split_first_chunk::<8>()
        .ok_or(DecodeError::Malformed("field is longer than its message"))?;
    *bytes = rest;
    Ok(u64::from_le_bytes(*value))
}

fn number_32(bytes: &mut &[u8]) -> Result<u32, DecodeError> {
    u32::try_from(decode_varint(bytes)?)
        .map_err(|_| DecodeError::Malformed("number does not fit its field"))
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
fn payload_metadata(mut payload: &[u8]) -> Option<Vec<proto::Entry>> {
    const OBSERVATION: u32 = 1;
    let mut observation = proto::Observation::default();
    while !payload.is_empty() {
        let (number, wire_type) = decode_key(&mut payload).ok()?;
        if number == OBSERVATION && wire_type == WireType::LengthDelimited {
            observation.merge(take(&mut payload).ok()?).ok()?;
        } else {
            skip_field(wire_type, number, &mut payload, DecodeContext::default()).ok()?;
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
pub(crate) fn decode_event(bytes: Bytes) -> Result<(BusEvent, Confirmation), DecodeError> {
    let envelope = proto::Envelope::decode(bytes)?;
    let confirmation = confirmation_from_wire(u64::from(envelope.confirmation.cast_unsigned()))?;
    let payload = envelope.payload.ok_or(DecodeError::Malformed("event without payload"))?;
    let id = EventId {
        publisher: from_wire(envelope.publisher, "publisher")?,
        incarnation: envelope.incarnation,
        sequence: envelope.sequence,
    };
    let mut event = payload_from_wire(payload)?;
    let header = event.header_mut();
    header.source = from_wire(envelope.source, "source")?;
    header.priority = priority_from_wire(envelope.priority)?;
    header.routing = routing_from_wire(envelope.routing)?;
    let correlation = match envelope.correlation {
        Some(message) => correlation_from_wire(message)?,
        None => CorrelationMetadata::derived(&id),
    };
    let event = BusEvent {
        id,
        topic: Topic::new(from_wire(envelope.topic, "topic")?)?,
        published_monotonic_ns: envelope.published_monotonic_ns,
        correlation,
        event,
    };
    Ok((event, confirmation))
}

pub(super) fn priority_from_wire(level: u32) -> Result<Option<Priority>, DecodeError> {
    match level {
        0 => Ok(None),
        level => Priority::from_level(level)
            .map(Some)
            .ok_or(DecodeError::Malformed("priority outside 0 to 4")),
    }
}

fn routing_from_wire(message: Option<proto::Routing>) -> Result<Routing, DecodeError> {
    let message = message.unwrap_or_default();
    Ok(Routing {
        connector_id: option_from_wire(message.connector_id, "connector_id")?,
        native_session_id: option_from_wire(message.native_session_id, "native_session_id")?,
        session_id: option_from_wire(message.session_id, "session_id")?,
        origin: option_from_wire(message.origin, "origin")?,
    })
}

fn correlation_from_wire(message: proto::Correlation) -> Result<CorrelationMetadata, DecodeError> {
    let id = CorrelationId::from(from_wire(message.id, "correlation.id")?);
    let named = |text: Option<ByteString>| text.map(CorrelationId::from);
    Ok(CorrelationMetadata {
        parent: named(option_from_wire(message.parent, "correlation.parent")?),
        root: named(option_from_wire(message.root, "correlation.root")?)
            .unwrap_or_else(|| id.clone()),
        id,
        trace: option_from_wire(message.trace, "correlation.trace")?,
        stage: option_from_wire(message.stage, "correlation.stage")?,
        sequence: message.sequence,
        tags: entries_from_wire(message.tags)?,
    })
}

const _: () = assert!(ENVELOPE_LIMIT_BYTES > 4096, "an envelope with long names must fit");
