//! Why a workflow cannot be.

use std::time::Duration;

use daemoneye_eventbus::duration::format_duration;
use thiserror::Error;

use super::{MAX_NAME_BYTES, MAX_PARAMETERS_BYTES, MAX_RETRIES, MAX_STAGES};

/// Why a workflow cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DefinitionError {
    /// There is nothing to do.
    #[error("a workflow needs a stage")]
    NoStages,
    /// There is too much to do.
    #[error("{stages} stages, the limit is {MAX_STAGES}")]
    TooManyStages {
        /// How many.
        stages: usize,
    },
    /// A name is not written as names are.
    #[error("{what} name {found:?} is not 1 to {MAX_NAME_BYTES} of a-z 0-9 _ -")]
    InvalidName {
        /// Of what.
        what: &'static str,
        /// As given.
        found: String,
    },
    /// Two stages have one id.
    #[error("there are two stages {stage:?}")]
    DuplicateStage {
        /// The id.
        stage: String,
    },
    /// Dependencies are given for a stage there is not.
    #[error("there is no stage {stage:?} to have dependencies")]
    UnknownStage {
        /// Its id.
        stage: String,
    },
    /// A stage needs one there is not.
    #[error("stage {stage:?} needs {needs:?}, which there is not")]
    UnknownDependency {
        /// Who.
        stage: String,
        /// Whom.
        needs: String,
    },
    /// A stage needs another twice.
    #[error("stage {stage:?} needs {needs:?} twice")]
    DuplicateDependency {
        /// Who.
        stage: String,
        /// Whom.
        needs: String,
    },
    /// No stage of these can be the first.
    #[error("stages need each other in a circle: {}", .stages.join(" -> "))]
    Cycle {
        /// Each needs the one behind it; the last is the first again.
        stages: Vec<String>,
    },
    /// No time, or too much.
    #[error(
        "{whose} has a timeout of {}; it must be above zero and {} at most",
        format_duration(*timeout),
        format_duration(*longest)
    )]
    InvalidTimeout {
        /// Of the workflow or of which stage.
        whose: String,
        /// As given.
        timeout: Duration,
        /// The limit.
        longest: Duration,
    },
    /// A stage would be tried too often.
    #[error("stage {stage:?} has {retries} retries, the limit is {MAX_RETRIES}")]
    TooManyRetries {
        /// Which.
        stage: String,
        /// How many.
        retries: u32,
    },
    /// A stage has too much to be told.
    #[error("stage {stage:?} has {bytes} bytes of parameters, the limit is {MAX_PARAMETERS_BYTES}")]
    ParametersTooLong {
        /// Which.
        stage: String,
        /// Names and values together.
        bytes: usize,
    },
}
