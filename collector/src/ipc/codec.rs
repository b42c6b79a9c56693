//! Requests and responses, to bytes and back (`proto/ipc.proto`).
//!
//! What the schema does not allow is an error that says what is wrong; nothing is guessed. Of a
//! request or response that can be told from others, it is an error of that one alone.

mod request;
mod response;
#[cfg(test)]
mod tests;

pub(super) use request::{Asked, decode_request, encode_request};
pub(super) use response::{Answered, decode_response, encode_response};

use std::time::Duration;

use thiserror::Error;

use crate::analysis::FindingsError;

/// Why bytes are no message of the schema.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum CodecError {
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
    /// Something that must be there is not, or is not known here.
    #[error("there is no {what} this build knows")]
    Missing {
        /// What.
        what: &'static str,
    },
    /// More than may be found.
    #[error(transparent)]
    Findings(#[from] FindingsError),
}

/// A wait as it travels.
fn milliseconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}
