//! Doors for benchmarks to what no user calls: an event's way into a frame and out of it, as clients
//! go it. Compiled for them alone (feature `benching`).

use bytes::Bytes;

use crate::contract::{BusEvent, Confirmation, CorrelationMetadata};
use crate::wire::{self, EventDecoder, Inbound, Scanner};

/// Longest frame that is read here, bytes.
const FRAME_LIMIT_BYTES: usize = 1 << 20;

/// Appends the frame a publisher sends; `correlation` is what was given, if it was.
pub fn encode_frame(
    out: &mut Vec<u8>,
    event: &BusEvent,
    correlation: Option<&CorrelationMetadata>,
) {
    wire::encode_publish(
        out,
        &event.id,
        &event.topic,
        event.published_monotonic_ns,
        &event.event,
        correlation,
        Confirmation::Fire,
    );
}

/// The envelope in such a frame, if it is one.
pub fn envelope_of(frame: &[u8]) -> Option<&[u8]> {
    match Scanner::new(FRAME_LIMIT_BYTES).next(frame) {
        Ok(Some((Inbound::Publish(envelope), _))) => Some(envelope),
        _ => None,
    }
}

/// Decodes as a subscriber does: what successive events have in common is made once.
#[derive(Debug, Default)]
pub struct Decoder(EventDecoder);

impl Decoder {
    /// The event of an envelope, whose bytes its text shares; `None` if it is none.
    pub fn decode(&mut self, envelope: &Bytes) -> Option<BusEvent> {
        let (event, _) = self.0.decode(envelope, envelope).ok()?;
        Some(event)
    }
}
