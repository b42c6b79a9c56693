//! Why a trial could not be driven: infrastructure, never a verdict on a bus (exit code 4).

use std::fmt;
use std::io;
use std::time::Duration;

use thiserror::Error;

use super::records::RecordsError;
use crate::record::Turn;

/// Why there is no trial.
#[derive(Debug, Error)]
pub enum DriveError {
    /// A folder or file of the trial could not be made.
    #[error("cannot prepare the trial: {0}")]
    Prepare(io::Error),
    /// An actor did not start.
    #[error("cannot start actor {name}: {cause}")]
    Spawn {
        /// Its name in the trial.
        name: String,
        /// Why.
        cause: io::Error,
    },
    /// An actor gave up or ended unasked.
    #[error("actor {name} {what}{}", tail(stderr))]
    Actor {
        /// Its name in the trial.
        name: String,
        /// What it did.
        what: String,
        /// The end of its standard error.
        stderr: String,
    },
    /// Something did not happen within its limit.
    #[error("waited {limit:?} for {what} in vain; silent: {silent}{}", tail(stderr))]
    Limit {
        /// What was waited for.
        what: String,
        /// The limit.
        limit: Duration,
        /// The actors that owed it.
        silent: String,
        /// The ends of their standard error.
        stderr: String,
    },
    /// The trial took longer than its `[budget]`; it was stopped and everything of it ended.
    #[error("the trial took longer than its budget of {time:?} and was stopped in {stage}")]
    Budget {
        /// The budget.
        time: Duration,
        /// Where it was.
        stage: Stage,
    },
    /// The records of an actor cannot be read.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// A subscriber's summary cannot be read.
    #[error("cannot read the summary of subscriber {subscriber}: {cause}")]
    Summary {
        /// Its index.
        subscriber: usize,
        /// Why.
        cause: String,
    },
    /// It went wrong with one of the agents of a switch.
    #[error("{turn}: {cause}")]
    Turn {
        /// Whose turn it was.
        turn: Turn,
        /// Why.
        cause: Box<Self>,
    },
    /// The user interrupted the run.
    #[error("interrupted")]
    Interrupted,
}

/// Where a trial is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Processes start, and whoever is there from the start subscribes.
    Starting,
    /// A phase, by name.
    Phase(String),
    /// Everything drains and ends.
    Ending,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("starting"),
            Self::Phase(name) => write!(f, "phase {name:?}"),
            Self::Ending => f.write_str("tear-down"),
        }
    }
}

fn tail(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!("; its last words:\n{stderr}") }
}
