//! The trait itself.

use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;

use super::{
    CorrelationMetadata, EventBusStatistics, EventReceiver, EventSubscription, PublishError,
    ShutdownError, StatisticsError, SubscribeError, UnsubscribeError,
};
use crate::event::CollectionEvent;
use crate::topic::{Topic, default_topic};

/// What a publish returns: it is accepted once this is.
pub type PublishFuture<'a> = Pin<Box<dyn Future<Output = Result<(), PublishError>> + Send + 'a>>;

/// An event bus: in this process, embedded, or behind a broker in another one.
///
/// Object-safe and shared by reference; handles are meant to live in an `Arc`. Every wait has a
/// limit (C14). Cancelling any call loses nothing but that call: the event of a cancelled
/// `publish` is either published whole or not at all.
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Publishes on the event's default topic (T8).
    ///
    /// Without a correlation the event becomes the root of a new one (C8). Success means
    /// accepted (C7); a publish nobody subscribes to succeeds.
    // As `async_trait` writes it, but for the future, which is that of `publish_to` and not one
    // around it: an event is moved no oftener than it must be.
    fn publish<'life0, 'async_trait>(
        &'life0 self,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> PublishFuture<'async_trait>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        self.publish_to(default_topic(&event), event, correlation)
    }

    /// Publishes on a topic of the caller's choice.
    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError>;

    /// Subscribes; every matching event published after this returns arrives (C1).
    async fn subscribe(
        &self,
        subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError>;

    /// Ends a subscription; nothing published after this returns arrives (C2). What was queued
    /// can still be received, then the receiver ends.
    async fn unsubscribe(&self, subscriber_id: &str) -> Result<(), UnsubscribeError>;

    /// The counters of the whole bus (C12).
    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError>;

    /// Refuses new publishes, hands over what was accepted or counts it as dropped by the
    /// deadline, and ends all receivers once they are drained (C13). A second call succeeds.
    ///
    /// On a handle to a broker this ends the handle's own session only; the broker's owner ends
    /// the broker. `Ok` then means that the broker has dealt with everything this handle accepted;
    /// an error tells how many events it may not have.
    async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError>;
}
