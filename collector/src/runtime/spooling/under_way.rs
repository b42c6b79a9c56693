//! The event that the bus was last given.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::{CollectionEvent, EventBus, PublishError};
use tokio::time::sleep;

/// A publish that has begun.
type Publishing = Pin<Box<dyn Future<Output = Result<(), PublishError>> + Send>>;

/// An event on its way to the bus.
pub(super) struct UnderWay {
    pub(super) event: CollectionEvent,
    /// Its number in the spool, if it is kept.
    pub(super) kept_as: Option<u64>,
    publishing: Publishing,
}

impl UnderWay {
    /// Gives an event to the bus, after a pause.
    pub(super) fn begin(
        bus: &Arc<dyn EventBus>,
        event: CollectionEvent,
        kept_as: Option<u64>,
        pause: Duration,
    ) -> Self {
        let (bus, sent) = (Arc::clone(bus), event.clone());
        let publishing = Box::pin(async move {
            if !pause.is_zero() {
                sleep(pause).await;
            }
            bus.publish(sent, None).await
        });
        Self { event, kept_as, publishing }
    }
}

/// Waits for the event under way; for ever without one. Cancel safe.
pub(super) async fn published(under_way: &mut Option<UnderWay>) -> Result<(), PublishError> {
    match under_way {
        Some(event) => event.publishing.as_mut().await,
        None => std::future::pending().await,
    }
}
