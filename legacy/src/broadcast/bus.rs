//! The handle publishers and subscribers use.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use daemoneye_eventbus::contract::Matcher;
use daemoneye_eventbus::topic::default_topic;
use daemoneye_eventbus::{
    CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventFilter, EventReceiver,
    EventSubscription, PublishError, ShutdownError, StatisticsError, SubscribeError, Topic,
    UnsubscribeError,
};

use super::config::{BroadcastConfig, EventError};
use super::inbox::RingInbox;
use super::ring::{Refused, Ring};
use crate::draft::Draft;

/// The broadcast bus: one ring for all (CONTRACT §7). All clones are the same bus, which ends with
/// the last of them: what its receivers have not read they still can, then they end.
///
/// ```
/// use daemoneye_eventbus::{AuditEvent, CollectionEvent, EventFilter, EventKind, ProcessEvent};
/// use legacy_buses::broadcast::{BroadcastConfig, BroadcastEventBus};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = BroadcastEventBus::new(&BroadcastConfig::default())?;
/// let audits = EventFilter { event_types: vec![EventKind::Audit], ..EventFilter::default() };
/// let mut audits = bus.listen(audits)?;
///
/// let publisher = bus.clone();
/// publisher.send(CollectionEvent::Process(ProcessEvent::default()));
/// publisher.send(CollectionEvent::Audit(AuditEvent {
///     actor: "operator".into(),
///     action: "login".into(),
///     ..AuditEvent::default()
/// }));
/// let event = audits.recv().await.unwrap();
/// assert!(matches!(&event.event, CollectionEvent::Audit(audit) if audit.action == "login"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BroadcastEventBus {
    ring: Arc<Ring>,
    publish_limit: Duration,
    started: Instant,
}

impl BroadcastEventBus {
    /// Makes a bus. It has no thread and no task of its own.
    pub fn new(config: &BroadcastConfig) -> Result<Self, EventError> {
        let capacity = config.ring_capacity()?;
        let ring = Ring::new(capacity, config.subscriber_limit, config.backpressure);
        let publish_limit = config.publish_limit;
        Ok(Self { ring: Arc::new(ring), publish_limit, started: Instant::now() })
    }

    /// Publishes an event on its default topic (T8), and never fails or waits: with nobody to
    /// receive it, or after the bus was shut down, it is gone. Needs no runtime.
    pub fn send(&self, event: CollectionEvent) {
        self.send_all([event]);
    }

    /// The same for several events, which follow each other in the ring with none between them.
    pub fn send_all(&self, events: impl IntoIterator<Item = CollectionEvent>) {
        let drafts: Vec<Draft> = events.into_iter().map(on_default_topic).collect();
        let events = drafts.len();
        if self.ring.push(drafts) {
            tracing::trace!(events, "sent");
        } else {
            tracing::debug!(events, "not sent: the bus is closed");
        }
    }

    /// A stream of all events that pass a filter (M3), whatever their topic. It ends with the bus,
    /// skips what it was too slow for, and counts that in `lagged()`. Needs no runtime.
    pub fn listen(&self, filter: EventFilter) -> Result<EventReceiver, SubscribeError> {
        let id = format!("listener-{}", uuid::Uuid::new_v4());
        let wanted = EventSubscription::new(id).with_pattern("#").with_event_filter(filter);
        self.admit(&wanted)
    }

    fn admit(&self, wanted: &EventSubscription) -> Result<EventReceiver, SubscribeError> {
        let admitted = self.ring.subscribe(wanted, Matcher::compile(wanted)?)?;
        let id = wanted.subscriber_id.clone();
        tracing::debug!(subscriber = %id, "subscribed");
        Ok(EventReceiver::new(RingInbox::new(id, admitted, Arc::downgrade(&self.ring))))
    }

    /// Waits until nobody holds the oldest event. Cancelling it leaves no trace of the event (C14).
    async fn send_when_free(&self, draft: Box<Draft>) -> Result<(), PublishError> {
        let sent = async {
            let mut draft = *draft;
            loop {
                let room = self.ring.room();
                tokio::pin!(room);
                // Before the look that follows, so that no room is missed.
                room.as_mut().enable();
                draft = match self.ring.offer(draft) {
                    Ok(()) => return Ok(()),
                    Err(Refused::Closed) => return Err(PublishError::Closed),
                    Err(Refused::Held(back)) => *back,
                };
                room.await;
            }
        };
        let waited = self.publish_limit;
        tokio::time::timeout(waited, sent).await.unwrap_or(Err(PublishError::Timeout { waited }))
    }
}

fn on_default_topic(event: CollectionEvent) -> Draft {
    Draft::now(default_topic(&event), event, None)
}

#[async_trait]
impl EventBus for BroadcastEventBus {
    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        match self.ring.offer(Draft::now(topic, event, correlation)) {
            Ok(()) => Ok(()),
            Err(Refused::Closed) => Err(PublishError::Closed),
            Err(Refused::Held(draft)) => self.send_when_free(draft).await,
        }
    }

    async fn subscribe(
        &self,
        subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        self.admit(&subscription)
    }

    async fn unsubscribe(&self, subscriber_id: &str) -> Result<(), UnsubscribeError> {
        self.ring.unsubscribe(subscriber_id)
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        Ok(EventBusStatistics { uptime: self.started.elapsed(), ..self.ring.statistics() })
    }

    /// Returns at once: what was accepted is in the ring, which its receivers read to the end.
    async fn shutdown(&self, _deadline: Duration) -> Result<(), ShutdownError> {
        self.ring.close();
        Ok(())
    }
}

impl std::fmt::Debug for BroadcastEventBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BroadcastEventBus").finish_non_exhaustive()
    }
}
