//! Why a call has no answer.

use std::time::Duration;

use thiserror::Error;

use super::super::Refusal;
use super::super::codec::BodyError;
use crate::contract::PublishError;

/// Why a call has no answer. Whatever it is, nothing of the call is left in the client.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// As many requests are waiting as may; this one was not sent.
    #[error("{limit} requests are waiting for their reply, the limit")]
    TooManyPending {
        /// The limit.
        limit: usize,
    },
    /// The request was not accepted by the bus.
    #[error("the request was not sent: {0}")]
    NotSent(#[from] PublishError),
    /// Nobody answered in time; whether it was done is not known. Whoever was asked may notice a
    /// moment earlier: that is [`Refusal::DeadlinePassed`].
    #[error("no reply within {waited:?}")]
    Deadline {
        /// How long the call waited.
        waited: Duration,
    },
    /// The bus ended before there was a reply; whether it was done is not known.
    #[error("the bus ended before there was a reply")]
    BusEnded,
    /// Whoever was asked said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The request cannot be encoded, or the reply not be read.
    #[error("invalid body: {0}")]
    Body(#[from] BodyError),
}
