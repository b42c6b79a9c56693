//! Frames: a length and one message (W2, W3).
//!
//! The two hot frames, publish and deliver, are written and recognised by hand so that an
//! event's bytes are copied, never decoded and encoded again; all others go through `prost`, but for
//! credit where the broker reads it: it comes for every so many events, and takes no memory.

use prost::Message;
use prost::encoding::{decode_varint, encode_varint, encoded_len_varint};
use thiserror::Error;

use super::fields::Fields;
use super::{DecodeError, proto};

/// Bytes of the length before every frame.
pub(crate) const LENGTH_BYTES: usize = 4;
/// Tag of `Frame.credit`.
const CREDIT_TAG: u8 = (8 << 3) | 2;
/// Tag of `Frame.publish`, wire type length-delimited.
const PUBLISH_TAG: u8 = (14 << 3) | 2;
/// Tag of `Frame.deliver`.
const DELIVER_TAG: u8 = (15 << 3) | 2;
/// Tag of `Delivery.targets`.
const TARGETS_TAG: u8 = (1 << 3) | 2;
/// Tag of `Delivery.event`.
const EVENT_TAG: u8 = (2 << 3) | 2;
/// Tag of `Target.subscription`, wire type varint.
const SUBSCRIPTION_TAG: u8 = 1 << 3;
/// Tag of `Target.position`.
const POSITION_TAG: u8 = 2 << 3;

/// Why bytes on a connection are not a frame. The connection is beyond repair.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FrameError {
    /// The length prefix is over the limit; nothing of the frame was read.
    #[error("frame of {bytes} bytes, the limit is {limit_bytes}")]
    TooLong {
        /// As announced.
        bytes: usize,
        /// The limit.
        limit_bytes: usize,
    },
    /// The frame's content.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
}

/// One frame as found in a read buffer.
#[derive(Debug)]
pub(crate) enum Inbound<'a> {
    /// An event to route: the encoded `Envelope`.
    Publish(&'a [u8]),
    /// An event to receive: the encoded `Delivery`.
    Deliver(&'a [u8]),
    /// Everything else, decoded.
    Control(Box<proto::frame::Body>),
}

/// Finds frames in a buffer that fills up from a socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanner {
    limit_bytes: usize,
}

impl Scanner {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes }
    }

    /// The first frame and the bytes it takes up; `None` while it is incomplete.
    pub(crate) fn next(self, buffer: &[u8]) -> Result<Option<(Inbound<'_>, usize)>, FrameError> {
        let Some(content) = self.first(buffer)? else { return Ok(None) };
        Ok(Some((parse(content)?, LENGTH_BYTES + content.len())))
    }

    /// The bytes that the first frame takes up, unread; `None` while it is incomplete.
    pub(crate) fn first_bytes(self, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        Ok(self.first(buffer)?.map(|content| LENGTH_BYTES + content.len()))
    }

    /// The first frame if it is a credit, and the bytes it takes up. One that is not as usual is left to
    /// [`next`](Self::next), which says what is wrong with it.
    pub(crate) fn next_credit(self, buffer: &[u8]) -> Option<(proto::Credit, usize)> {
        let content = self.first(buffer).ok()??;
        let credit = credit(sole_field(content, CREDIT_TAG)?).ok()?;
        Some((credit, LENGTH_BYTES + content.len()))
    }

    fn first(self, buffer: &[u8]) -> Result<Option<&[u8]>, FrameError> {
        let Some((length, rest)) = buffer.split_first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*length) as usize;
        if length > self.limit_bytes {
            return Err(FrameError::TooLong { bytes: length, limit_bytes: self.limit_bytes });
        }
        Ok(rest.get(..length))
    }
}

fn parse(content: &[u8]) -> Result<Inbound<'_>, DecodeError> {
    if let Some(body) = sole_field(content, PUBLISH_TAG) {
        return Ok(Inbound::Publish(body));
    }
    if let Some(body) = sole_field(content, DELIVER_TAG) {
        return Ok(Inbound::Deliver(body));
    }
    let frame = proto::Frame::decode(content)?;
    frame
        .body
        .map(|body| Inbound::Control(Box::new(body)))
        .ok_or(DecodeError::Malformed("frame without body"))
}

fn credit(message: &[u8]) -> Result<proto::Credit, DecodeError> {
    let mut credit = proto::Credit::default();
    let mut fields = Fields::in_place(message);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => credit.subscription = field.number()?,
            2 => credit.events = field.long()?,
            _ => {}
        }
    }
    Ok(credit)
}

/// The value of a length-delimited field that is all there is.
fn sole_field(content: &[u8], tag: u8) -> Option<&[u8]> {
    let (first, mut rest) = content.split_first()?;
    if *first != tag {
        return None;
    }
    let length = decode_varint(&mut rest).ok()?;
    (rest.len() as u64 == length).then_some(rest)
}

/// Appends a frame that is not an event.
pub(crate) fn encode_control(out: &mut Vec<u8>, body: proto::frame::Body) {
    let frame = proto::Frame { body: Some(body) };
    put_length(out, frame.encoded_len());
    frame.encode_raw(out);
}

/// Appends what stands before the envelope in a publish frame.
pub(crate) fn publish_head(out: &mut Vec<u8>, envelope_bytes: usize) {
    put_length(out, 1 + prefixed(envelope_bytes));
    put_field_head(out, PUBLISH_TAG, envelope_bytes);
}

/// Appends a deliver frame around an envelope's bytes. Targets are (subscription, position).
pub(crate) fn encode_delivery(out: &mut Vec<u8>, targets: &[(u32, u64)], envelope: &[u8]) {
    let targets_bytes: usize =
        targets.iter().map(|target| 1 + prefixed(target_bytes(*target))).sum();
    let delivery_bytes = targets_bytes + 1 + prefixed(envelope.len());
    put_length(out, 1 + prefixed(delivery_bytes));
    put_field_head(out, DELIVER_TAG, delivery_bytes);
    for target in targets {
        put_field_head(out, TARGETS_TAG, target_bytes(*target));
        out.push(SUBSCRIPTION_TAG);
        encode_varint(u64::from(target.0), out);
        out.push(POSITION_TAG);
        encode_varint(target.1, out);
    }
    put_field_head(out, EVENT_TAG, envelope.len());
    out.extend_from_slice(envelope);
}

/// Reads a `Delivery`: fills `targets`, returns the envelope.
pub(crate) fn parse_delivery<'a>(
    body: &'a [u8],
    targets: &mut Vec<(u32, u64)>,
) -> Result<&'a [u8], DecodeError> {
    targets.clear();
    let mut envelope = None;
    let mut fields = Fields::in_place(body);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => targets.push(target(field.chunk()?)?),
            2 => envelope = Some(field.chunk()?),
            _ => {}
        }
    }
    envelope.ok_or(DecodeError::Malformed("delivery without event"))
}

/// Subscription and position.
fn target(message: &[u8]) -> Result<(u32, u64), DecodeError> {
    let mut target = (0, 0);
    let mut fields = Fields::in_place(message);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => target.0 = field.number()?,
            2 => target.1 = field.long()?,
            _ => {}
        }
    }
    Ok(target)
}

fn target_bytes((subscription, position): (u32, u64)) -> usize {
    2 + encoded_len_varint(u64::from(subscription)) + encoded_len_varint(position)
}

fn prefixed(bytes: usize) -> usize {
    encoded_len_varint(bytes as u64) + bytes
}

fn put_field_head(out: &mut Vec<u8>, tag: u8, bytes: usize) {
    out.push(tag);
    encode_varint(bytes as u64, out);
}

fn put_length(out: &mut Vec<u8>, bytes: usize) {
    let bytes = u32::try_from(bytes).expect("frames are limited far below 4 GiB");
    out.extend_from_slice(&bytes.to_le_bytes());
}
