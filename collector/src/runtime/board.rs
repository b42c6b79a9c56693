//! Where tasks of a run write the status, and others read it.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

use super::CollectorStatus;
use crate::telemetry::OwnStatus;

/// The writing side, shared by the tasks of one run.
#[derive(Debug, Clone)]
pub(super) struct Board {
    status: watch::Sender<CollectorStatus>,
    /// Counts looks, apart from the status: that changes with every event.
    looks: watch::Sender<u64>,
    /// Somebody wants a look now.
    wanted: Arc<Notify>,
}

/// Follows the status of a [`Collector`](super::Collector) while it runs, and after.
#[derive(Debug, Clone)]
pub struct StatusWatch {
    status: watch::Receiver<CollectorStatus>,
    looks: watch::Receiver<u64>,
    wanted: Arc<Notify>,
}

impl Board {
    pub(super) fn new(status: CollectorStatus) -> Self {
        let (status, looks) = (watch::Sender::new(status), watch::Sender::new(0));
        Self { status, looks, wanted: Arc::default() }
    }

    /// Completes when somebody wants a look. Cancel safe.
    pub(super) async fn look_wanted(&self) {
        self.wanted.notified().await;
    }

    /// The collector has looked at itself.
    pub(super) fn looked(&self, own: OwnStatus) {
        let looks = own.looks;
        self.update(|status| status.own = own);
        self.looks.send_replace(looks);
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut CollectorStatus)) {
        self.status.send_modify(change);
    }

    pub(super) fn current(&self) -> CollectorStatus {
        self.status.borrow().clone()
    }

    pub(super) fn watch(&self) -> StatusWatch {
        let (status, looks) = (self.status.subscribe(), self.looks.subscribe());
        StatusWatch { status, looks, wanted: Arc::clone(&self.wanted) }
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

    /// Has a collector that runs look at itself now, and returns its status then; `None` when it is
    /// gone. Cancel safe.
    pub(crate) async fn look(&mut self) -> Option<CollectorStatus> {
        self.looks.mark_unchanged();
        self.wanted.notify_one();
        self.next_look().await
    }

    /// Waits until the collector has looked at itself once more, which it does at every health
    /// check, and returns its status; `None` when it is gone. Who comes late misses looks, and
    /// never the last. Cancel safe.
    pub async fn next_look(&mut self) -> Option<CollectorStatus> {
        self.looks.changed().await.ok()?;
        Some(self.current())
    }
}
