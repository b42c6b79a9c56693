//! How those who serve are told that the server ends.

use std::future::pending;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::super::LAST_WORDS_LIMIT;

/// Tells when the server ends, and by when everything is to be done.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    deadline: watch::Receiver<Option<Instant>>,
}

impl Ending {
    pub(super) fn new(deadline: watch::Receiver<Option<Instant>>) -> Self {
        Self { deadline }
    }

    /// Completes once the server ends, with the moment by which what was begun is to be answered.
    /// Cancel safe.
    pub(super) async fn begun(&mut self) -> Instant {
        let begun = self.deadline.wait_for(Option::is_some).await.map(|deadline| *deadline);
        match begun {
            Ok(Some(deadline)) => deadline,
            // The server is dropped, and whoever waits here with it.
            Ok(None) | Err(_) => pending().await,
        }
    }

    /// Completes when even the time for last words is up. Cancel safe.
    pub(super) async fn over(&mut self) {
        let deadline = self.begun().await;
        sleep_until(deadline + LAST_WORDS_LIMIT).await;
    }
}
