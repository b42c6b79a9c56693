//! Triggers on a bus: events in, requests out.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::{
    BusEvent, ByteString, CollectionEvent, EventBus, EventReceiver, EventSubscription,
    OverflowPolicy, PublishError, SubscribeError,
};
use tokio::sync::{mpsc, watch};
use tracing::warn;

use super::error::TriggerServiceError;
use super::handle::TriggerHandle;
use super::manager::TriggerManager;
use super::moment::Moment;
use super::request::Fired;
use super::statistics::TriggerServiceStatistics;

/// Events that wait to be looked at by default: a burst of a scan, some megabytes.
pub const DEFAULT_CAPACITY_EVENTS: usize = 8192;
/// Requests told done that wait to be heard of; at the next the teller waits.
const DONE_CAPACITY: usize = 256;
/// Pause before a request is published again that the bus had no room for. Buses wait themselves
/// before they say so; this only keeps one that does not from spinning.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// How a service subscribes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerServiceConfig {
    /// Its name as a subscriber, unique on the bus. Default `triggers`.
    pub subscriber_id: String,
    /// Events that wait to be looked at; at the next the oldest is given up and counted. Default
    /// [`DEFAULT_CAPACITY_EVENTS`].
    pub capacity_events: usize,
}

impl Default for TriggerServiceConfig {
    fn default() -> Self {
        Self { subscriber_id: "triggers".to_owned(), capacity_events: DEFAULT_CAPACITY_EVENTS }
    }
}

/// A [`TriggerManager`] on a bus.
///
/// It never holds up a publisher: events that come faster than they are looked at are given up,
/// the oldest first, counted and told.
pub struct TriggerService {
    bus: Arc<dyn EventBus>,
    subscriber_id: String,
    receiver: EventReceiver,
    manager: TriggerManager,
    done: mpsc::Receiver<ByteString>,
    statistics: watch::Sender<TriggerServiceStatistics>,
    /// Whether it was told that events are lost.
    is_losing: bool,
    /// Whether it was told that requests are refused.
    is_refused: bool,
}

impl TriggerService {
    /// Subscribes to what the triggers are about. Every matching event published after this
    /// returns is looked at, once the service runs.
    ///
    /// Without triggers there is nothing to subscribe to: [`SubscribeError::NoPattern`].
    pub async fn subscribe(
        bus: Arc<dyn EventBus>,
        manager: TriggerManager,
        config: TriggerServiceConfig,
    ) -> Result<(Self, TriggerHandle), SubscribeError> {
        let mut subscription = EventSubscription::new(config.subscriber_id.clone())
            .with_policy(OverflowPolicy::DropOldest)
            .with_capacity(config.capacity_events);
        for pattern in manager.patterns() {
            subscription = subscription.with_pattern(pattern);
        }
        let receiver = bus.subscribe(subscription).await?;
        let (done_sender, done) = mpsc::channel(DONE_CAPACITY);
        let statistics = watch::Sender::new(TriggerServiceStatistics::default());
        let handle = TriggerHandle::new(done_sender, statistics.subscribe());
        let service = Self {
            bus,
            subscriber_id: config.subscriber_id,
            receiver,
            manager,
            done,
            statistics,
            is_losing: false,
            is_refused: false,
        };
        Ok((service, handle))
    }

    /// Runs until the bus ends. See [`run_until`](Self::run_until).
    pub async fn run(self) -> Result<TriggerServiceStatistics, TriggerServiceError> {
        self.run_until(std::future::pending()).await
    }

    /// Runs until `stop` completes or the bus ends, and returns what was counted. The bus is left
    /// open; what was not looked at by then is not.
    ///
    /// Dropping the future ends the subscription; a request that was being published then is
    /// published whole or not at all, and further ones of the same event are not made.
    pub async fn run_until(
        mut self,
        stop: impl Future<Output = ()>,
    ) -> Result<TriggerServiceStatistics, TriggerServiceError> {
        let served = tokio::select! {
            () = stop => Ok(()),
            served = self.serve() => served,
        };
        // So that the name is free at once. On a bus that has ended there is nothing to end.
        let _ = self.bus.unsubscribe(&self.subscriber_id).await;
        let statistics = self.conclude();
        match served {
            Ok(()) | Err(PublishError::Closed) => Ok(statistics),
            Err(source) => {
                Err(TriggerServiceError::BusLost { source, lost: statistics.requests_lost })
            }
        }
    }

    async fn serve(&mut self) -> Result<(), PublishError> {
        loop {
            tokio::select! {
                Some(trigger_id) = self.done.recv() => {
                    self.manager.done(&trigger_id);
                    self.report();
                }
                event = self.receiver.recv() => {
                    let Some(event) = event else { return Ok(()) };
                    self.observe(&event).await?;
                }
            }
        }
    }

    async fn observe(&mut self, event: &BusEvent) -> Result<(), PublishError> {
        let fired = self.manager.observe(event, Moment::now());
        self.statistics.send_modify(|statistics| statistics.events_received += 1);
        self.report();
        self.tell_of_losses();
        for fired in fired {
            self.publish(fired).await?;
        }
        Ok(())
    }

    /// Publishes a request, again and again while the bus has no room.
    async fn publish(&mut self, fired: Fired) -> Result<(), PublishError> {
        let mut is_waiting = false;
        loop {
            let event = CollectionEvent::TriggerRequest(fired.request.clone());
            match self.bus.publish(event, Some(fired.correlation.clone())).await {
                // What was accepted and not confirmed is not asked for twice.
                Ok(()) | Err(PublishError::Unconfirmed { .. } | PublishError::Undelivered) => {
                    self.statistics.send_modify(|statistics| statistics.requests_published += 1);
                    self.is_refused = false;
                    return Ok(());
                }
                Err(PublishError::Timeout { waited }) => {
                    if !std::mem::replace(&mut is_waiting, true) {
                        let trigger = &fired.trigger;
                        warn!(?waited, %trigger, "the bus has no room; trying until it has");
                    }
                    self.statistics.send_modify(|statistics| statistics.publish_retries += 1);
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                Err(error @ (PublishError::TooLarge { .. } | PublishError::Denied(_))) => {
                    self.refused(&fired, &error);
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives a request up that the bus never takes; told once until it takes one.
    fn refused(&mut self, fired: &Fired, error: &PublishError) {
        if !std::mem::replace(&mut self.is_refused, true) {
            warn!(%error, trigger = %fired.trigger, "a request is lost");
        }
        self.manager.withdraw(fired);
        self.statistics.send_modify(|statistics| statistics.requests_lost += 1);
        self.report();
    }

    /// Shows what the triggers count.
    fn report(&self) {
        let triggers = self.manager.statistics();
        self.statistics.send_modify(|statistics| statistics.triggers = triggers);
    }

    /// Counts what was lost before this event; told once until an event comes without a loss.
    fn tell_of_losses(&mut self) {
        let lost = self.receiver.lagged();
        let is_losing = lost > self.statistics.borrow().events_lost;
        if is_losing && !self.is_losing {
            warn!(lost, "events come faster than triggers look at them");
        }
        self.is_losing = is_losing;
        self.statistics.send_modify(|statistics| statistics.events_lost = lost);
    }

    /// The last account: what was to be asked, and the bus is not known to have.
    fn conclude(&self) -> TriggerServiceStatistics {
        let lost = self.receiver.lagged();
        self.statistics.send_modify(|statistics| {
            let (fired, published) = (statistics.triggers.fired, statistics.requests_published);
            statistics.requests_lost = fired.saturating_sub(published);
            statistics.events_lost = lost;
        });
        *self.statistics.borrow()
    }
}
