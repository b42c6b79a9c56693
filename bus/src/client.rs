//! The client: a handle to a broker in another process.
//!
//! A link outlives its connections: one task reads and, when one breaks, finds the next; another
//! writes what could not be written at once. Both are on the caller's runtime; on a current-thread
//! runtime a received event wakes its consumer without changing threads. What a publish waits for
//! is its publisher's choice ([`Confirmation`]). Never imports the broker.

mod config;
mod connect;
mod inbox;
mod inspecting;
mod keeper;
mod ledger;
mod link;
mod outbox;
mod reader;
mod reconnect;
mod requests;
mod seen;
mod standing;
mod subscribed;
mod unconfirmed;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use config::ClientConfig;
pub use connect::ConnectError;
pub use reconnect::Reconnect;

use crate::acl::Role;
use crate::contract::{
    Confirmation, CorrelationMetadata, EventBus, EventBusStatistics, EventReceiver,
    EventSubscription, Matcher, PublishError, Resumed, ShutdownError, StatisticsError,
    SubscribeError, UnsubscribeError,
};
use crate::event::CollectionEvent;
use crate::topic::Topic;
use crate::transport::SocketAddress;
use connect::Introduction;
use link::{Alive, Link};

/// A connection to a broker in another process; when it breaks, another one is found, unless
/// [`ClientConfig::reconnect`] says otherwise (W5).
///
/// Dropping it closes the connection once its receivers are dropped as well; events accepted
/// before are still written.
///
/// `Fire` means that an accepted event may still be lost with the connection.
/// [`resumed`](Self::resumed) tells how many may be so far, and once the handle has ended every
/// `publish`, and `shutdown`, tells how many of all it accepted (C13):
/// [`PublishError::Disconnected`]. A handle that was dropped leaves that to the log.
#[derive(Debug)]
pub struct EventBusClient {
    link: Arc<Link>,
    /// The link ends when this and all receivers are gone.
    _alive: Arc<Alive>,
}

impl EventBusClient {
    /// Connects and introduces itself, within the connect limit. Must be called inside a tokio
    /// runtime, on which the link's tasks then run.
    ///
    /// Cancelling it closes the connection.
    pub async fn connect(
        address: &SocketAddress,
        config: ClientConfig,
    ) -> Result<Self, ConnectError> {
        let mut introduction = Introduction::new(&config);
        let connection = connect::connect(address, &mut introduction, config.connect_limit).await?;
        let link = Arc::new(Link::new(address.clone(), config, &introduction, &connection));
        let alive = Arc::new(Alive::new(&link));
        let keep = keeper::run(Arc::clone(&link), Arc::downgrade(&alive), introduction, connection);
        tokio::spawn(keep);
        Ok(Self { link, _alive: alive })
    }

    /// What the broker takes this client for (A4).
    pub fn role(&self) -> Role {
        self.link.role()
    }

    /// How often the connection broke and was found again, and how many of the events published
    /// here that may have cost (W5). What its subscriptions lost,
    /// [`EventReceiver::resumed`] tells.
    pub fn resumed(&self) -> Resumed {
        self.link.resumed()
    }

    /// Completes once this handle has ended: its connection is gone and no longer sought, or it was
    /// shut down. Why, the next `publish` tells. Cancel safe.
    pub async fn ended(&self) {
        self.link.ended().await;
    }

    /// Accepts an event, to be confirmed as said here instead of by the configuration. What became
    /// of it is told by the receipt, so that many may be on their way at once.
    ///
    /// Waits for room up to the publish limit. Cancel safe: an event is accepted only by the call
    /// that returns its receipt.
    pub async fn submit_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
        confirmation: Confirmation,
    ) -> Result<Receipt, PublishError> {
        let told = self.link.accept(&topic, &event, correlation.as_ref(), confirmation).await?;
        Ok(Receipt { link: Arc::clone(&self.link), told })
    }
}

/// The receipt of an event that was accepted; dropping it loses nothing but the word.
#[derive(Debug)]
#[must_use = "only a receipt tells whether the event was confirmed"]
pub struct Receipt {
    link: Arc<Link>,
    told: link::Told,
}

impl Receipt {
    /// Waits until the event is confirmed, up to the confirm limit; with `Fire` it is at once.
    pub async fn confirmed(self) -> Result<(), PublishError> {
        self.link.told(self.told).await
    }
}

#[async_trait]
impl EventBus for EventBusClient {
    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        let confirmation = self.link.config.confirmation;
        let told = self.link.accept(&topic, &event, correlation.as_ref(), confirmation).await?;
        self.link.told(told).await
    }

    async fn subscribe(
        &self,
        subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        // What needs no broker is refused here, with the full error.
        Matcher::compile(&subscription)?;
        self.link.subscribe(subscription).await
    }

    async fn unsubscribe(&self, subscriber_id: &str) -> Result<(), UnsubscribeError> {
        self.link.unsubscribe(subscriber_id).await
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        self.link.statistics().await
    }

    async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        self.link.shutdown(deadline).await
    }
}
