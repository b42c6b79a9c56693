//! The client: a handle to a broker in another process.
//!
//! A session is one connection and two tasks on the caller's runtime, one that reads and one that
//! writes what could not be written at once. On a current-thread runtime a received event wakes
//! its consumer without changing threads. Publishing is `fire`: success means taken into a bounded
//! outbox, in order (C7). Never imports the broker.

mod config;
mod connect;
mod inbox;
mod inspecting;
mod ledger;
mod outbox;
mod reader;
mod requests;
mod session;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use config::ClientConfig;
pub use connect::ConnectError;

use crate::acl::Role;
use crate::contract::{
    CorrelationMetadata, EventBus, EventBusStatistics, EventReceiver, EventSubscription, Matcher,
    PublishError, ShutdownError, StatisticsError, SubscribeError, UnsubscribeError,
};
use crate::event::CollectionEvent;
use crate::topic::Topic;
use crate::transport::SocketAddress;
use session::{Alive, Session};

/// A connection to a broker in another process.
///
/// Dropping it closes the connection once its receivers are dropped as well; events accepted
/// before are still written.
///
/// `fire` means that an accepted event may still be lost with the connection. Every later
/// `publish`, and `shutdown`, then tells how many of all this handle accepted may be (C13):
/// [`PublishError::Disconnected`]. A handle that was dropped leaves that to the log.
#[derive(Debug)]
pub struct EventBusClient {
    session: Arc<Session>,
    /// The session ends when this and all receivers are gone.
    _alive: Arc<Alive>,
}

impl EventBusClient {
    /// Connects and introduces itself, within the connect limit. Must be called inside a tokio
    /// runtime, on which the session's tasks then run.
    ///
    /// Cancelling it closes the connection.
    pub async fn connect(
        address: &SocketAddress,
        config: ClientConfig,
    ) -> Result<Self, ConnectError> {
        let (session, buffer) = connect::connect(address, config).await?;
        let session = Arc::new(session);
        let alive = Arc::new(Alive::new(&session));
        tokio::spawn(reader::run(Arc::clone(&session), Arc::downgrade(&alive), buffer));
        tokio::spawn(writer::run(Arc::clone(&session)));
        Ok(Self { session, _alive: alive })
    }

    /// What the broker takes this client for (A4).
    pub fn role(&self) -> Role {
        self.session.role()
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
        self.session.publish(&topic, &event, correlation.as_ref()).await
    }

    async fn subscribe(
        &self,
        subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        // What needs no broker is refused here, with the full error.
        Matcher::compile(&subscription)?;
        self.session.subscribe(subscription).await
    }

    async fn unsubscribe(&self, subscriber_id: &str) -> Result<(), UnsubscribeError> {
        self.session.unsubscribe(subscriber_id).await
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        self.session.statistics().await
    }

    async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        self.session.shutdown(deadline).await
    }
}
