//! Replies: what came of a request, or why nothing did.

use thiserror::Error;

use super::config::{ConfigError, ConfigOutcome};
use super::health::HealthReport;
use super::member::{Capabilities, Registered};
use super::status::AgentStatus;
use super::task::TaskResult;

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// It is done; there is nothing more to say.
    Done,
    /// To [`Operation::Register`](super::Operation::Register).
    Registered(Registered),
    /// To [`Operation::HealthCheck`](super::Operation::HealthCheck).
    Health(HealthReport),
    /// To [`Operation::GetCapabilities`](super::Operation::GetCapabilities).
    Capabilities(Capabilities),
    /// To [`Operation::GetStatus`](super::Operation::GetStatus).
    Status(AgentStatus),
    /// To [`Operation::UpdateConfig`](super::Operation::UpdateConfig).
    Config(ConfigOutcome),
    /// To [`Operation::ExecuteTask`](super::Operation::ExecuteTask).
    Task(TaskResult),
}

/// Why a request was not done, as whoever was asked says.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no such operation, or not here.
    #[error("unknown operation: {reason}")]
    UnknownOperation {
        /// Which.
        reason: String,
    },
    /// The body is not the operation's, or asks for what cannot be.
    #[error("invalid body: {reason}")]
    InvalidBody {
        /// What is wrong with it.
        reason: String,
    },
    /// The deadline passed before it was done.
    #[error("the deadline passed: {reason}")]
    DeadlinePassed {
        /// When.
        reason: String,
    },
    /// As many requests are running as may.
    #[error("busy: {reason}")]
    Busy {
        /// How many.
        reason: String,
    },
    /// It was tried and did not work.
    #[error("failed: {reason}")]
    Failed {
        /// Why.
        reason: String,
    },
}

impl Refusal {
    /// An operation this handler does not have.
    pub fn unknown(operation: super::Operation) -> Self {
        Self::UnknownOperation { reason: format!("{operation} is not done here") }
    }

    /// Something that was tried and did not work.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into() }
    }
}

/// What an asker is told of an update that cannot be.
impl From<ConfigError> for Refusal {
    fn from(error: ConfigError) -> Self {
        Self::InvalidBody { reason: error.to_string() }
    }
}
