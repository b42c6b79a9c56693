//! The broker as seen from its own process: no socket between, the same hub.
//!
//! A publish routes in the caller's own thread, so that an embedded subscriber is one wake-up
//! away and a remote one is written to directly.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytestring::ByteString;
use tokio::sync::Notify;
use uuid::Uuid;

use super::bell::HandedOver;
use super::hub::{AtFull, Leftovers, Routed};
use super::publication::Publication;
use super::subscription::Owner;
use super::{DaemoneyeBroker, Phase, Shared};
use crate::clock::monotonic_ns;
use crate::contract::{
    BusEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventId, EventReceiver,
    EventSubscription, PublishError, ShutdownError, StatisticsError, SubscribeError,
    UnsubscribeError,
};
use crate::event::CollectionEvent;
use crate::topic::Topic;
use crate::wire;

/// Who publishes again within so long of the last time is at it, nanoseconds: its receivers are woken
/// by the bell, and until then events gather for them. Making an event takes 1 µs, so that whoever paces
/// itself is above this and who is at it below.
const FLOOD_GAP_NS: u64 = 5_000;

/// A handle to a broker in this process; one publisher and the subscriptions made through it.
#[derive(Debug)]
pub(crate) struct EmbeddedBus {
    shared: Arc<Shared>,
    name: ByteString,
    incarnation: u64,
    published: AtomicU64,
    /// When the last publish returned, monotonic nanoseconds.
    returned_ns: AtomicU64,
    closed: AtomicBool,
    /// Told when it is closed, for a publish that waits for room.
    closing: Notify,
}

impl EmbeddedBus {
    pub(crate) fn new(broker: &DaemoneyeBroker, name: ByteString) -> Self {
        Self {
            shared: Arc::clone(&broker.shared),
            name,
            incarnation: Uuid::new_v4().as_u64_pair().0,
            published: AtomicU64::new(0),
            returned_ns: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            closing: Notify::new(),
        }
    }

    fn owner(&self) -> Owner {
        Owner::Handle(self.incarnation)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn accept(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
        now_ns: u64,
    ) -> Result<Publication<'static>, PublishError> {
        let limit_bytes = self.shared.config.payload_limit_bytes;
        let bytes = wire::payload_bytes(&event);
        if bytes > limit_bytes {
            return Err(PublishError::TooLarge { bytes, limit_bytes });
        }
        let id = EventId {
            publisher: self.name.clone(),
            incarnation: self.incarnation,
            sequence: self.published.fetch_add(1, Ordering::Relaxed) + 1,
        };
        let fresh = correlation.is_none();
        let event = BusEvent {
            correlation: correlation.unwrap_or_else(|| CorrelationMetadata::derived(&id)),
            id,
            topic,
            published_monotonic_ns: now_ns,
            event,
        };
        Ok(Publication::local(Arc::new(event), fresh))
    }

    /// Routes, or says whose room to wait for.
    fn try_route(&self, publication: &Publication<'_>, now_ns: u64) -> Routed {
        let idle_ns = now_ns.saturating_sub(self.returned_ns.load(Ordering::Relaxed));
        let mut hub = self.shared.hub.lock();
        let routed = hub.route(publication, AtFull::Wait, now_ns);
        let bell = &self.shared.bell;
        let handed_over = if idle_ns < FLOOD_GAP_NS {
            bell.hand_over(hub.sleepers())
        } else {
            HandedOver::Nothing
        };
        hub.flush();
        drop(hub);
        if handed_over == HandedOver::Ring {
            bell.ring();
        }
        self.returned_ns.store(monotonic_ns(), Ordering::Relaxed);
        routed
    }

    /// Routes as soon as there is room, unless this handle or its broker is closed first. Cancel
    /// safe: the event is routed whole or not at all.
    async fn route_when_there_is_room(
        &self,
        publication: Publication<'static>,
    ) -> Result<(), PublishError> {
        tokio::select! {
            biased;
            () = self.until_closed() => Err(PublishError::Closed),
            routed = self.route(publication) => routed,
        }
    }

    /// Waits until this handle or its broker is closed. Cancel safe.
    async fn until_closed(&self) {
        let mut phase = self.shared.phase.subscribe();
        let broker = phase.wait_for(|phase| *phase != Phase::Running);
        let handle = self.closing.notified();
        tokio::pin!(handle);
        handle.as_mut().enable();
        if self.is_closed() {
            return;
        }
        tokio::select! {
            () = handle => {}
            _ = broker => {}
        }
    }

    async fn route(&self, publication: Publication<'static>) -> Result<(), PublishError> {
        loop {
            let room = match self.try_route(&publication, monotonic_ns()) {
                Routed::Done => return Ok(()),
                Routed::Closed => return Err(PublishError::Closed),
                Routed::InvalidTopic => unreachable!("a `Topic` is valid"),
                Routed::Full(room) => room,
            };
            let notified = room.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            match self.try_route(&publication, monotonic_ns()) {
                Routed::Done => return Ok(()),
                Routed::Full(again) if Arc::ptr_eq(&again, &room) => notified.await,
                _ => {}
            }
        }
    }
}

#[async_trait]
impl EventBus for EmbeddedBus {
    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        if self.is_closed() {
            return Err(PublishError::Closed);
        }
        let now_ns = monotonic_ns();
        let publication = self.accept(topic, event, correlation, now_ns)?;
        match self.try_route(&publication, now_ns) {
            Routed::Done => return Ok(()),
            Routed::Closed => return Err(PublishError::Closed),
            Routed::Full(_) | Routed::InvalidTopic => {}
        }
        let limit = self.shared.config.publish_limit;
        // In a box of its own: the future of a publish that need not wait stays small.
        Box::pin(tokio::time::timeout(limit, self.route_when_there_is_room(publication)))
            .await
            .unwrap_or(Err(PublishError::Timeout { waited: limit }))
    }

    async fn subscribe(
        &self,
        subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        if self.is_closed() {
            return Err(SubscribeError::Closed);
        }
        self.shared.hub.lock().subscribe_local(&subscription, self.incarnation)
    }

    async fn unsubscribe(&self, subscriber_id: &str) -> Result<(), UnsubscribeError> {
        let mut hub = self.shared.hub.lock();
        if self.is_closed() || hub.is_closed() {
            return Err(UnsubscribeError::Closed);
        }
        hub.unsubscribe(subscriber_id, self.owner())
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        Ok(self.shared.hub.lock().statistics())
    }

    async fn shutdown(&self, _deadline: Duration) -> Result<(), ShutdownError> {
        if !self.closed.swap(true, Ordering::AcqRel) {
            self.closing.notify_waiters();
            let mut hub = self.shared.hub.lock();
            hub.end_owner(self.owner(), Leftovers::HandOver);
        }
        Ok(())
    }
}

impl Drop for EmbeddedBus {
    fn drop(&mut self) {
        self.shared.hub.lock().end_owner(self.owner(), Leftovers::HandOver);
    }
}
