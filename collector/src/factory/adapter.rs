//! [`DaemoneyeEventBusAdapter`]: for callers that still speak to a bus as they did to the old one.
//!
//! What is left to adapt is small, because both buses have one event model and one contract: the
//! short patterns of old, `process` for `events.process.#`, and the end of a bus that is its
//! caller's own. `MIGRATION.md` beside this package's manifest has every row.
//!
//! The factory hands out the buses themselves. If it put the adapter around one of them, that one
//! would take patterns the other refuses, and the value that chooses between them would change more
//! than the bus. Old callers put it around whatever the factory gives them
//! ([`from_bus`](DaemoneyeEventBusAdapter::from_bus)), so that their patterns survive the way back
//! as well.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::contract::PublishFuture;
use daemoneye_eventbus::topic::NAMESPACES;
use daemoneye_eventbus::{
    BrokerConfig, ByteString, CollectionEvent, CorrelationFilter, CorrelationMetadata,
    DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventBusStatistics, EventReceiver,
    EventSubscription, PatternError, ShutdownError, SocketAddress, StatisticsError, SubscribeError,
    Topic, TopicFilter, TopicPattern, UnsubscribeError,
};

use super::{FactoryError, wiring};

/// Publisher of the events of an adapter that hosts its broker: a collector without a name.
const PUBLISHER: &str = "collector";
/// What old patterns called requests of one collector to another.
const TRIGGER: &str = "trigger";

/// A bus that takes the patterns of the old one.
///
/// ```
/// use collector_core::factory::DaemoneyeEventBusAdapter;
/// use daemoneye_eventbus::{BrokerConfig, DaemoneyeBroker, DaemoneyeEventBus};
/// use daemoneye_eventbus::{CollectionEvent, EventBus, EventSubscription, ProcessEvent};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let broker = DaemoneyeBroker::new(BrokerConfig::default());
/// let inner = DaemoneyeEventBus::from_broker(&broker, "agent");
/// let bus = DaemoneyeEventBusAdapter::from_parts(inner, Some(broker));
///
/// let wanted = EventSubscription::new("old").with_pattern("process.*");
/// let mut events = bus.subscribe(wanted).await?;
/// bus.publish(CollectionEvent::Process(ProcessEvent::default()), Some("scan-7".into())).await?;
/// assert_eq!(events.recv().await.unwrap().topic.as_str(), "events.process.lifecycle");
/// assert_eq!(bus.get_statistics().await?.events_published, 1);
/// # Ok(())
/// # }
/// ```
pub struct DaemoneyeEventBusAdapter {
    inner: Arc<dyn EventBus>,
    /// The broker behind it, where that is this adapter's to end.
    broker: Option<DaemoneyeBroker>,
}

impl DaemoneyeEventBusAdapter {
    /// Hosts a broker at this path, in a folder that is this user's alone, and a handle to it. Must
    /// be called inside a runtime.
    ///
    /// It is for who had a bus of its own. A collector that is to join others connects to their
    /// broker instead: [`EventBusFactory::create_as`](super::EventBusFactory::create_as), then
    /// [`from_bus`](Self::from_bus). No key is left for an operator, which is the agent's to do.
    #[expect(clippy::unused_async, reason = "the document's signature, which old callers await")]
    pub async fn new(socket_path: impl AsRef<Path>) -> Result<Self, FactoryError> {
        let address = SocketAddress::from_path(socket_path.as_ref())?;
        let broker = wiring::serve(&address, BrokerConfig::default())?;
        let inner = DaemoneyeEventBus::from_broker(&broker, PUBLISHER);
        Ok(Self::from_parts(inner, Some(broker)))
    }

    /// An adapter around a handle, and the broker that is to end with it, if any.
    pub fn from_parts(inner: DaemoneyeEventBus, broker: Option<DaemoneyeBroker>) -> Self {
        Self { inner: Arc::new(inner), broker }
    }

    /// An adapter around any bus, whichever a configuration means.
    pub fn from_bus(bus: Arc<dyn EventBus>) -> Self {
        Self { inner: bus, broker: None }
    }

    /// The pattern of today for a pattern of old.
    ///
    /// - A name alone meant everything of a kind: `process` is `events.process.#`, `control` is
    ///   `control.#`.
    /// - A last `*` meant everything below: `process.*` is `events.process.#` as well, and not
    ///   `events.process.+`, which would lose what is deeper than one level, and what is on
    ///   `events.process` itself. An earlier `*` is one level, `+`.
    /// - `trigger` is below `control`, where requests between collectors are; every other name is
    ///   below `events`. What begins with a namespace or a wildcard of today is of today, and stays
    ///   as it is but for a `*`.
    ///
    /// Whether the result is a pattern is not checked here.
    pub fn map_topic_pattern(pattern: &str) -> String {
        let levels: Vec<&str> = pattern.split('.').collect();
        let (first, last) = (levels[0], levels.len() - 1);
        let namespace = match first {
            "+" | "#" => None,
            TRIGGER => Some("control"),
            name if NAMESPACES.contains(&name) => None,
            _ => Some("events"),
        };
        let mapped = levels.iter().enumerate().map(|(index, level)| match *level {
            "*" if index == last => "#",
            "*" => "+",
            level => level,
        });
        let is_name_alone = last == 0 && !is_wildcard(first);
        let below = is_name_alone.then_some("#");
        namespace.into_iter().chain(mapped).chain(below).collect::<Vec<_>>().join(".")
    }

    /// The subscription of today for one with patterns of old; everything but the patterns stays.
    /// Without patterns the capabilities decide, as they did (M1).
    ///
    /// A pattern that cannot be mapped is refused as it was said, and so is a wildcard of old where
    /// wildcards are disabled (M2); those that mapping brings are not.
    pub fn convert_subscription(
        subscription: EventSubscription,
    ) -> Result<EventSubscription, SubscribeError> {
        let are_enabled = subscription.enable_wildcards;
        let convert_all = |patterns: Vec<String>, may_be_wild: bool| {
            let converted = patterns.into_iter().map(|pattern| convert(pattern, may_be_wild));
            converted.collect::<Result<Vec<_>, _>>()
        };
        let topic_patterns = convert_all(subscription.topic_patterns, are_enabled)?;
        let topic_filter = match subscription.topic_filter {
            None => None,
            // Wildcards of a filter were never disabled (M4).
            Some(filter) => Some(TopicFilter {
                exclude: convert_all(filter.exclude, true)?,
                include: convert_all(filter.include, true)?,
            }),
        };
        let enable_wildcards = true;
        Ok(EventSubscription { topic_patterns, topic_filter, enable_wildcards, ..subscription })
    }

    /// The filter of today for the one id an old subscription filtered by. An id that ends in `*`
    /// is a beginning today (M5).
    pub fn convert_correlation_filter(correlation_id: impl Into<ByteString>) -> CorrelationFilter {
        CorrelationFilter {
            correlation_id: Some(correlation_id.into()),
            ..CorrelationFilter::default()
        }
    }

    /// The counters of the whole bus (C12), under the name old callers have for it.
    pub async fn get_statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        self.statistics().await
    }
}

fn is_wildcard(level: &str) -> bool {
    matches!(level, "*" | "+" | "#")
}

fn convert(pattern: String, may_be_wild: bool) -> Result<String, SubscribeError> {
    let wildcard = (1..).zip(pattern.split('.')).find(|(_, level)| is_wildcard(level));
    if let Some((level, text)) = wildcard.filter(|_| !may_be_wild) {
        let cause = PatternError::WildcardsDisabled { level, text: text.to_owned() };
        return Err(SubscribeError::InvalidPattern { pattern, cause });
    }
    let mapped = DaemoneyeEventBusAdapter::map_topic_pattern(&pattern);
    match TopicPattern::new(&mapped) {
        Ok(_) => Ok(mapped),
        Err(cause) => Err(SubscribeError::InvalidPattern { pattern, cause }),
    }
}

#[async_trait]
impl EventBus for DaemoneyeEventBusAdapter {
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
        self.inner.publish_to(topic, event, correlation)
    }

    async fn subscribe(
        &self,
        subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        self.inner.subscribe(Self::convert_subscription(subscription)?).await
    }

    async fn unsubscribe(&self, subscriber_id: &str) -> Result<(), UnsubscribeError> {
        self.inner.unsubscribe(subscriber_id).await
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        self.inner.statistics().await
    }

    /// Ends the bus as the old one ended: with the broker, where that is this adapter's.
    async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        // The broker first: what others have sent is handed over before the handle ends.
        let ended = match &self.broker {
            Some(broker) => broker.shutdown(deadline).await,
            None => Ok(()),
        };
        ended.and(self.inner.shutdown(deadline).await)
    }
}

impl fmt::Debug for DaemoneyeEventBusAdapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.broker.is_some();
        f.debug_struct("DaemoneyeEventBusAdapter").field("hosts", &hosts).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
