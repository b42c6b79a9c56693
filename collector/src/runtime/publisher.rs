//! From batches to the bus, one event after the other.

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::{CollectionEvent, EventBus, PublishError};
use tokio::sync::{Semaphore, mpsc};
use tracing::{debug, warn};

use super::RunError;
use super::board::Board;
use super::intake::Batch;
use crate::config::CollectorConfig;

/// Pause before an event is published again that the bus had no room for. Buses wait themselves
/// before they say so; this only keeps one that does not from spinning.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// Publishes batches in order until the intake ends.
pub(super) struct Publisher {
    bus: Arc<dyn EventBus>,
    batches: mpsc::Receiver<Batch>,
    permits: Arc<Semaphore>,
    /// Free permits at which backpressure ends: half, so that it does not flicker.
    relief_permits: usize,
    log_events: bool,
    /// Whether it was told that the bus has no room.
    is_held_up: bool,
    /// Whether it was told that the bus takes some events never.
    is_refused: bool,
    board: Board,
}

impl Publisher {
    pub(super) fn new(
        bus: Arc<dyn EventBus>,
        batches: mpsc::Receiver<Batch>,
        permits: Arc<Semaphore>,
        config: &CollectorConfig,
        board: Board,
    ) -> Self {
        let relief_permits = config.backpressure_threshold.div_ceil(2);
        let log_events = config.enable_debug_logging;
        let (is_held_up, is_refused) = (false, false);
        Self { bus, batches, permits, relief_permits, log_events, is_held_up, is_refused, board }
    }

    /// Runs until the intake has ended and its batches are through; an error when the bus is
    /// gone.
    pub(super) async fn run(mut self) -> Result<(), RunError> {
        let result = self.publish_all().await;
        // An intake that waits for a permit must learn that none will come.
        self.permits.close();
        result
    }

    async fn publish_all(&mut self) -> Result<(), RunError> {
        while let Some(batch) = self.batches.recv().await {
            let Batch { events, permits } = batch;
            for event in events {
                self.publish(event).await?;
            }
            drop(permits);
            self.relieve();
        }
        Ok(())
    }

    /// Publishes one event, again and again while the bus has no room: losing it would be worse
    /// than holding the sources back. The deadline of a stop ends that.
    async fn publish(&mut self, event: CollectionEvent) -> Result<(), RunError> {
        loop {
            match self.bus.publish(event.clone(), None).await {
                Ok(()) => break,
                // It has its place in the order all the same: once more would be twice.
                Err(error @ (PublishError::Undelivered | PublishError::Unconfirmed { .. })) => {
                    warn!(%error, kind = event.kind().as_str(), "some may not get an event");
                    break;
                }
                Err(error @ PublishError::Timeout { .. }) => {
                    warn_once(&mut self.is_held_up, &error, "trying again until the bus has room");
                    self.board.update(|status| status.publish_retries += 1);
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                Err(error @ (PublishError::TooLarge { .. } | PublishError::Denied(_))) => {
                    warn_once(&mut self.is_refused, &error, "events are lost");
                    self.board.update(|status| status.events_lost += 1);
                    return Ok(());
                }
                Err(source) => return Err(RunError::BusLost { source, lost: 0 }),
            }
        }
        if self.log_events {
            debug!(?event, "published");
        }
        (self.is_held_up, self.is_refused) = (false, false);
        self.board.update(|status| status.events_published += 1);
        Ok(())
    }

    fn relieve(&self) {
        if self.permits.available_permits() >= self.relief_permits {
            self.board.update(|status| status.backpressure = false);
        }
    }
}

/// Once for as long as it lasts; how often it happened is counted.
pub(super) fn warn_once(is_told: &mut bool, error: &PublishError, what: &'static str) {
    if !std::mem::replace(is_told, true) {
        warn!(%error, "{what}");
    }
}
