//! The way to a service that runs: what is done goes in, what is counted comes out.

use daemoneye_eventbus::ByteString;
use tokio::sync::{mpsc, watch};

use super::error::ServiceEnded;
use super::statistics::TriggerServiceStatistics;

/// Speaks with a [`TriggerService`](super::TriggerService) while it runs; clones speak with the
/// same.
#[derive(Debug, Clone)]
pub struct TriggerHandle {
    done: mpsc::Sender<ByteString>,
    statistics: watch::Receiver<TriggerServiceStatistics>,
}

impl TriggerHandle {
    pub(super) fn new(
        done: mpsc::Sender<ByteString>,
        statistics: watch::Receiver<TriggerServiceStatistics>,
    ) -> Self {
        Self { done, statistics }
    }

    /// Tells that a request is done, so that its trigger may make another. One that nobody made
    /// is ignored.
    ///
    /// Waits while the service is busy. Cancel safe: a cancelled call told nothing.
    pub async fn done(&self, trigger_id: impl Into<ByteString>) -> Result<(), ServiceEnded> {
        self.done.send(trigger_id.into()).await.map_err(|_| ServiceEnded)
    }

    /// What was counted so far, also after the service has ended.
    pub fn statistics(&self) -> TriggerServiceStatistics {
        *self.statistics.borrow()
    }

    /// Waits until what is counted satisfies a condition, and returns it; `None` when the service
    /// has ended and it does not. Cancel safe.
    pub async fn wait_for(
        &mut self,
        mut condition: impl FnMut(&TriggerServiceStatistics) -> bool,
    ) -> Option<TriggerServiceStatistics> {
        let found = self.statistics.wait_for(|statistics| condition(statistics)).await;
        found.ok().map(|statistics| *statistics)
    }
}
