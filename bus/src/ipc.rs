//! The new bus as its users name it: embedded beside a broker, or connected to one elsewhere.

use std::time::Duration;

use async_trait::async_trait;
use bytestring::ByteString;

use crate::broker::{DaemoneyeBroker, EmbeddedBus};
use crate::client::{ClientConfig, ConnectError, EventBusClient};
use crate::contract::{
    CorrelationMetadata, EventBus, EventBusStatistics, EventReceiver, EventSubscription,
    PublishFuture, Resumed, ShutdownError, StatisticsError, SubscribeError, UnsubscribeError,
};
use crate::event::CollectionEvent;
use crate::topic::Topic;
use crate::transport::SocketAddress;

/// A handle to the broker; the same contract wherever the broker is.
///
/// A handle is one publisher, and owns the subscriptions made through it. Calls that wait use
/// tokio's timers and belong inside a runtime.
///
/// ```
/// use daemoneye_eventbus::{
///     BrokerConfig, CollectionEvent, DaemoneyeBroker, DaemoneyeEventBus, EventBus,
///     EventSubscription, ProcessEvent,
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let broker = DaemoneyeBroker::new(BrokerConfig::default());
/// let bus = DaemoneyeEventBus::from_broker(&broker, "agent");
/// let wanted = EventSubscription::new("lifecycle").with_pattern("events.process.lifecycle");
/// let mut events = bus.subscribe(wanted).await?;
///
/// bus.publish(CollectionEvent::Process(ProcessEvent::default()), None).await?;
/// assert_eq!(events.recv().await.unwrap().topic.as_str(), "events.process.lifecycle");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DaemoneyeEventBus {
    place: Place,
}

#[derive(Debug)]
enum Place {
    Embedded(EmbeddedBus),
    Connected(EventBusClient),
}

impl DaemoneyeEventBus {
    /// A handle to a broker in this process. `name` is the publisher of its events.
    pub fn from_broker(broker: &DaemoneyeBroker, name: impl Into<ByteString>) -> Self {
        Self { place: Place::Embedded(EmbeddedBus::new(broker, name.into())) }
    }

    /// A handle to a broker in another process; see [`EventBusClient::connect`].
    pub async fn connect(
        address: &SocketAddress,
        config: ClientConfig,
    ) -> Result<Self, ConnectError> {
        let client = EventBusClient::connect(address, config).await?;
        Ok(Self { place: Place::Connected(client) })
    }

    /// How often the connection to a broker elsewhere broke and was found again, and how many of the
    /// events published here that may have cost; see [`EventBusClient::resumed`].
    pub fn resumed(&self) -> Resumed {
        match &self.place {
            Place::Embedded(_) => Resumed::default(),
            Place::Connected(client) => client.resumed(),
        }
    }

    /// Completes once a handle to a broker elsewhere has ended; see [`EventBusClient::ended`].
    /// Never for one to a broker in this process. Cancel safe.
    pub async fn ended(&self) {
        match &self.place {
            Place::Embedded(_) => std::future::pending().await,
            Place::Connected(client) => client.ended().await,
        }
    }

    fn bus(&self) -> &dyn EventBus {
        match &self.place {
            Place::Embedded(bus) => bus,
            Place::Connected(client) => client,
        }
    }
}

#[async_trait]
impl EventBus for DaemoneyeEventBus {
    // Hands on the future, as `EventBus::publish` does.
    fn publish_to<'life0, 'async_trait>(
        &'life0 self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> PublishFuture<'async_trait>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        self.bus().publish_to(topic, event, correlation)
    }

    async fn subscribe(
        &self,
        subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        self.bus().subscribe(subscription).await
    }

    async fn unsubscribe(&self, subscriber_id: &str) -> Result<(), UnsubscribeError> {
        self.bus().unsubscribe(subscriber_id).await
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        self.bus().statistics().await
    }

    async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        self.bus().shutdown(deadline).await
    }
}
