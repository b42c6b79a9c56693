//! Where tasks of a run write the status, and others read it.

use tokio::sync::watch;

use super::CollectorStatus;

/// The writing side, shared by the tasks of one run.
#[derive(Debug, Clone)]
pub(super) struct Board {
    status: watch::Sender<CollectorStatus>,
}

/// Follows the status of a [`Collector`](super::Collector) while it runs, and after.
#[derive(Debug, Clone)]
pub struct StatusWatch {
    status: watch::Receiver<CollectorStatus>,
}

impl Board {
    pub(super) fn new(status: CollectorStatus) -> Self {
        Self { status: watch::Sender::new(status) }
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut CollectorStatus)) {
        self.status.send_modify(change);
    }

    pub(super) fn current(&self) -> CollectorStatus {
        self.status.borrow().clone()
    }

    pub(super) fn watch(&self) -> StatusWatch {
        StatusWatch { status: self.status.subscribe() }
    }
}

impl StatusWatch {
    /// The status now.
    pub fn current(&self) -> CollectorStatus {
        self.status.borrow().clone()
    }

    /// Waits until the status satisfies a condition, and returns it; `None` when the collector is
    /// gone and its last status did not. Cancel safe.
    pub async fn wait_for(
        &mut self,
        mut condition: impl FnMut(&CollectorStatus) -> bool,
    ) -> Option<CollectorStatus> {
        let status = self.status.wait_for(|status| condition(status)).await.ok()?;
        Some(status.clone())
    }
}
