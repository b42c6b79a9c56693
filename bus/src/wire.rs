//! Bytes on the socket: frames, envelopes, and the conversion to and from the model.
//!
//! Knows nothing of sockets or brokers. Wire types stay in here and in the rooms that send them;
//! the conversion is explicit both ways (W1–W3; `proto/eventbus.proto`, `PROTOCOL.md`).

mod access;
#[cfg(any(test, fuzzing))]
mod agreement;
mod confirmation;
mod control;
mod departures;
mod encode;
mod envelope;
mod event;
mod fields;
mod frame;
mod inspection;
mod kind;
pub(crate) mod proto;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use access::{access_from_wire, access_to_wire};
#[cfg(fuzzing)]
pub(crate) use agreement::assert_agrees;
pub(crate) use confirmation::{lane_from_wire, lane_to_wire};
pub(crate) use control::{
    statistics_from_wire, statistics_to_wire, subscription_from_wire, subscription_to_wire,
};
pub(crate) use departures::Departures;
pub use encode::payload_bytes;
pub use envelope::{EventDecoder, EventEnvelope, encode_payload};
pub(crate) use envelope::{decode_event, encode_envelope, encode_publish};
pub use frame::FrameError;
pub(crate) use frame::{
    Inbound, LENGTH_BYTES, Scanner, encode_control, encode_delivery, parse_delivery,
};
pub(crate) use inspection::{
    inspection_from_wire, inspection_to_wire, query_from_wire, query_to_wire,
};

use thiserror::Error;

/// Versions of the protocol this build speaks, both ends included (W1).
pub const MIN_VERSION: u32 = 1;
/// The newest version this build speaks.
pub const MAX_VERSION: u32 = 1;
/// Largest payload by default, bytes (W2).
pub const DEFAULT_PAYLOAD_LIMIT_BYTES: usize = 1 << 20;
/// Silent heartbeat intervals after which either side takes the other for gone (W4).
pub(crate) const MISSED_HEARTBEATS: u32 = 3;
/// Room in a frame for everything that is not payload, bytes (W2).
pub const ENVELOPE_LIMIT_BYTES: usize = 64 << 10;

/// Why bytes do not make a message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Not valid protobuf, or not of the schema.
    #[error("malformed message: {0}")]
    Malformed(&'static str),
    /// The protobuf decoder's own words.
    #[error("malformed message: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// A field that must be text is not UTF-8.
    #[error("field {field} is not UTF-8")]
    NotUtf8 {
        /// Which field.
        field: &'static str,
    },
    /// A topic that breaks T1 or T2.
    #[error("topic: {0}")]
    Topic(#[from] crate::topic::TopicError),
}
