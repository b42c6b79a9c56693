//! One request on its way, and why it has no answer.

use std::time::Duration;

use thiserror::Error;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::super::{IpcRefusal, IpcRequest, IpcResponse};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AskError {
    /// The collector refused.
    #[error("the collector refused: {0}")]
    Refused(IpcRefusal),
    /// There was no answer in time.
    #[error("no answer within {waited:?}{}", told(failure.as_ref()))]
    TimedOut {
        /// How long it was waited for.
        waited: Duration,
        /// Why the collector was not found meanwhile, if it was sought.
        failure: Option<String>,
    },
    /// There is no connection, and another attempt would end the same way.
    #[error("no connection: {reason}")]
    NoConnection {
        /// Why not.
        reason: String,
    },
    /// It was asked several times, and each time the connection broke before the answer.
    #[error("the connection broke {tries} times over it: {reason}")]
    Lost {
        /// How often it was asked.
        tries: u32,
        /// Why the connection broke the last time.
        reason: String,
    },
    /// The request is longer than the collector reads.
    #[error("a request of {bytes} bytes, the limit is {limit_bytes}")]
    TooLarge {
        /// How long it is.
        bytes: u64,
        /// How long it may be.
        limit_bytes: u64,
    },
    /// The answer is none to this request, or cannot be read.
    #[error("not an answer: {reason}")]
    NoAnswer {
        /// What is wrong.
        reason: String,
    },
    /// The runtime of the client has ended.
    #[error("the client has ended")]
    Ended,
}

impl AskError {
    /// A response of another kind than the request's.
    pub(super) fn unexpected(response: IpcResponse) -> Self {
        match response {
            IpcResponse::Refused(refusal) => Self::Refused(refusal),
            _ => Self::NoAnswer { reason: "it is one to another request".to_owned() },
        }
    }
}

fn told(failure: Option<&String>) -> String {
    failure.map_or_else(String::new, |failure| format!(": {failure}"))
}

/// One request, and who waits for its answer.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) request: IpcRequest,
    /// When nobody waits any more.
    pub(super) deadline: Instant,
    pub(super) reply: oneshot::Sender<Result<IpcResponse, AskError>>,
    /// How often it was asked.
    pub(super) tries: u32,
}

impl Call {
    /// Whether somebody waits.
    pub(super) fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    pub(super) fn answer(self, answer: Result<IpcResponse, AskError>) {
        // Nobody waits any more when this fails.
        let _ = self.reply.send(answer);
    }
}
