//! What can go wrong in the agent, and what that means for its exit code.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use daemoneye_eventbus::{ShutdownError, SubscribeError};
use thiserror::Error;

use crate::analysis::RegisterWorkflowError;
use crate::factory::FactoryError;
use crate::trigger::RegisterError;

/// Why the agent did not do its work to the end.
#[derive(Debug, Error)]
pub enum AgentError {
    /// fsmond shall run, and nothing of what it is to watch exists when the agent starts.
    #[error("none of `fsmond.paths` exists: {paths}; correct them, or make one of them")]
    NothingToWatch {
        /// The first of them.
        paths: String,
    },
    /// There is no bus.
    #[error("the bus cannot be hosted")]
    Bus(#[from] FactoryError),
    /// The agent's own subscription was refused.
    #[error("the agent cannot subscribe")]
    Subscribe(#[from] SubscribeError),
    /// A trigger of the configuration cannot be.
    #[error("a trigger is refused")]
    Trigger(#[from] RegisterError),
    /// A workflow of the configuration cannot be.
    #[error("a workflow is refused")]
    Workflow(#[from] RegisterWorkflowError),
    /// The file of received events cannot be written.
    #[error("cannot record to {}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The agent's own subscription lost events on the way (C11).
    #[error("the agent lost {lost} events of its own subscription, and received {received}")]
    Lost {
        /// How many.
        lost: u64,
        /// How many came.
        received: u64,
    },
    /// A collector did not start, the first time.
    #[error("collector {name}")]
    Collector {
        /// Its name.
        name: String,
        /// What happened to it.
        source: MemberError,
    },
    /// A collector was given up: it ended once more than it is started again (R5).
    #[error("collector {name} failed after {restarts} restarts within {window:?}")]
    Failed {
        /// Its name.
        name: String,
        /// How often it was started again.
        restarts: u32,
        /// Within which time.
        window: Duration,
        /// Its last end.
        source: Box<MemberError>,
    },
    /// A collector was given up at once when it was started again: it cannot do what the
    /// configuration says.
    #[error("collector {name} is not started again")]
    Refused {
        /// Its name.
        name: String,
        /// Its last end.
        source: Box<MemberError>,
    },
    /// A collector did not stop in order, so that events may be missing.
    #[error("collector {name} did not stop in order")]
    CollectorStop {
        /// Its name.
        name: String,
        /// What happened to it.
        source: MemberError,
    },
    /// It was told to end at once, while it was stopping.
    #[error("cut off by a second Ctrl-C: collectors were killed, and events may be lost")]
    CutOff,
    /// The bus did not close in order.
    #[error("the bus did not close in order")]
    Shutdown(#[from] ShutdownError),
}

/// What happened to one collector.
#[derive(Debug, Error)]
pub enum MemberError {
    /// There is no token for it.
    #[error("no token for it")]
    Token(#[from] FactoryError),
    /// Its executable, or its thread, could not be started.
    #[error("cannot start {}", program.display())]
    Spawn {
        /// The executable.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its settings cannot be told to it: a path among them is no text.
    #[error("its settings cannot be told to it")]
    Settings(#[source] serde_json::Error),
    /// It took too long until it was ready.
    #[error("not ready within {waited:?}")]
    NotReady {
        /// The limit.
        waited: Duration,
    },
    /// It ended without having been asked to.
    #[error("ended unasked: {how}")]
    Ended {
        /// Its exit status or its error.
        how: String,
    },
    /// It cannot do what the configuration says: to start it again would be in vain.
    #[error("refuses its configuration: {why}")]
    Refused {
        /// What is wrong, in its own words, or else its exit status.
        why: String,
    },
    /// It had joined and showed no life any more; its process was killed.
    #[error("killed: it showed no life for {waited:?} after three missed heartbeats")]
    Unresponsive {
        /// The limit.
        waited: Duration,
    },
    /// It ended with an error when asked to end.
    #[error("ended badly: {how}")]
    EndedBadly {
        /// Its exit status or its error.
        how: String,
    },
    /// It did not end in time; a process was killed.
    #[error("did not end within {waited:?}")]
    Overdue {
        /// The limit.
        waited: Duration,
    },
    /// The system did not say how it ended.
    #[error("its end cannot be observed")]
    Wait(#[source] io::Error),
}

/// Whose fault it was, for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Something is missing that was delivered: exit code 1.
    Failure,
    /// The configuration must be changed: exit code 2.
    Configuration,
    /// The system or another process: exit code 4.
    Infrastructure,
}

impl AgentError {
    /// Whose fault it was.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Bus(error) if error.is_configuration() => ErrorKind::Configuration,
            Self::Collector { source, .. } if source.is_configuration() => ErrorKind::Configuration,
            Self::NothingToWatch { .. }
            | Self::Subscribe(SubscribeError::InvalidPattern { .. })
            | Self::Trigger(_)
            | Self::Workflow(_)
            | Self::Refused { .. } => ErrorKind::Configuration,
            Self::Lost { .. } | Self::CollectorStop { .. } | Self::CutOff | Self::Shutdown(_) => {
                ErrorKind::Failure
            }
            _ => ErrorKind::Infrastructure,
        }
    }
}

impl MemberError {
    /// Whether the configuration must be changed, so that another start would be in vain.
    pub(super) fn is_configuration(&self) -> bool {
        matches!(self, Self::Settings(_) | Self::Refused { .. })
    }
}
