//! A bus that one component has opened for itself, and whose end it can wait for.

use std::sync::Arc;

use daemoneye_eventbus::{DaemoneyeEventBus, EventBus};

/// A component's own handle.
pub(crate) struct OwnBus {
    bus: Arc<dyn EventBus>,
    /// The same, where it leads to a broker elsewhere.
    connection: Option<Arc<DaemoneyeEventBus>>,
}

impl OwnBus {
    pub(super) fn local(bus: Arc<dyn EventBus>) -> Self {
        Self { bus, connection: None }
    }

    pub(super) fn connected(connection: Arc<DaemoneyeEventBus>) -> Self {
        Self { bus: connection.clone(), connection: Some(connection) }
    }

    pub(crate) fn bus(&self) -> &Arc<dyn EventBus> {
        &self.bus
    }

    /// Completes once its connection is gone and no longer sought; never for a bus in this process.
    /// Cancel safe.
    pub(crate) async fn ended(&self) {
        match &self.connection {
            Some(connection) => connection.ended().await,
            None => std::future::pending().await,
        }
    }
}
