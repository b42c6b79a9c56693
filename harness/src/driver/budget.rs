//! How long a whole trial may take, and where it was when it took longer.
//!
//! Each wait of a trial has a limit of its own; the budget bounds their sum. A trial beyond it says
//! nothing about the bus: it is infrastructure, like any other wait in vain.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::error::{DriveError, Stage};

/// The time of one trial, from the moment it was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    time: Duration,
    until: Instant,
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
