//! Why a workflow is not registered, not started, or does not end.

use std::time::Duration;

use thiserror::Error;

use super::super::plan::DefinitionError;
use super::super::request::MAX_PATH_BYTES;

/// Why a workflow is not registered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RegisterWorkflowError {
    /// It cannot be.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// The name is taken.
    #[error("there is a workflow {name:?} already")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// There are as many as may be.
    #[error("there are {limit} workflows, the limit")]
    LimitReached {
        /// The limit.
        limit: usize,
    },
}

/// Why an analysis is not started.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StartError {
    /// There is no such workflow or single stage.
    #[error("there is no workflow {name:?}")]
    UnknownWorkflow {
        /// Its name.
        name: String,
    },
    /// The collector that shall do it cannot be one.
    #[error(transparent)]
    Collector(#[from] DefinitionError),
    /// As many run as may.
    #[error("{limit} analyses are running, the limit")]
    TooMany {
        /// The limit.
        limit: u32,
    },
    /// The subject's path is no path.
    #[error("a path of {bytes} bytes, the limit is {MAX_PATH_BYTES}")]
    PathTooLong {
        /// Its length.
        bytes: usize,
    },
    /// The event asks for nothing.
    #[error("the event is no trigger request")]
    NoTrigger,
    /// The coordinator has ended.
    #[error("the coordinator has ended")]
    Ended,
}

/// Analyses did not end in time; they still will.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{running} analyses were still running after {waited:?}")]
pub struct EndAnalysesError {
    /// How many.
    pub running: usize,
    /// How long they were waited for.
    pub waited: Duration,
}
