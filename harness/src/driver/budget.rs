//! How long a whole trial may take, and where it was when it took longer.
//!
//! Each wait of a trial has a limit of its own; the budget bounds their sum. A trial beyond it says
//! nothing about the bus: it is infrastructure, like any other wait in vain.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::error::DriveError;

/// The time of one trial, from the moment it was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    time: Duration,
    until: Instant,
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

impl Budget {
    /// Begins now.
    pub(super) fn of(time: Duration) -> Self {
        Self { time, until: Instant::now() + time }
    }

    /// Waits for a part of a trial; `None` once the budget is used up. What was begun is dropped
    /// then, and its processes are the caller's to end.
    pub(super) async fn limit<T>(&self, part: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.until, part).await.ok()
    }

    /// What is told of a trial that took longer.
    pub(super) fn exceeded(&self, stage: Stage) -> DriveError {
        DriveError::Budget { time: self.time, stage }
    }
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
