//! Bodies of control messages, to bytes and back (`proto/control.proto`).
//!
//! The operation a message names says which body it has. Whatever the schema does not allow is an
//! error that says what is wrong; nothing is guessed.

mod announcement;
mod health;
mod numbers;
mod reply;
mod request;
mod status;
mod telemetry;
#[cfg(test)]
mod tests;

pub(super) use announcement::{
    decode_heartbeat, decode_status, decode_telemetry, encode_heartbeat, encode_status,
    encode_telemetry,
};
pub(super) use reply::{decode_reply, encode_reply};
pub(super) use request::{decode_request, encode_request};

use thiserror::Error;

use crate::event::ControlBodyError;

/// Why bytes are not the body they should be, or cannot be made one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BodyError {
    /// Not protobuf, or not of the schema.
    #[error("{0}")]
    Protobuf(#[from] prost::DecodeError),
    /// A number its enum does not have.
    #[error("{number} is no {what}")]
    UnknownNumber {
        /// Which enum.
        what: &'static str,
        /// The number.
        number: i32,
    },
    /// Something that must be there is not.
    #[error("{what} is missing")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// Encoded, it is longer than a body may be.
    #[error(transparent)]
    TooLong(#[from] ControlBodyError),
}
