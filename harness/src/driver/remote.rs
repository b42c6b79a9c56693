//! A role's way to a broker in another process, with something wrong in it, to see whether the
//! harness tells. Whatever the fault, it is one a client or a broker could really have.

mod inbox;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::acl::{Action, Effect, Roles, Rule, TopicTemplate};
use daemoneye_eventbus::{
    CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventReceiver,
    EventSubscription, PublishError, ShutdownError, StatisticsError, SubscribeError, Topic,
    UnsubscribeError,
};

use self::inbox::FaultyInbox;

legacy_buses::faults! {
    /// One fault between a role and its broker.
    pub enum RemoteFault {
        TellsNoGap "tells-no-gap" "never tells that a connection had broken",
        SubscribesOnce "subscribes-once"
            "comes back after a broken connection and does not subscribe again",
        TakesAgain "takes-again"
            "delivers what it sends again after a broken connection, though it was there",
        AcknowledgesEarly "acknowledges-early"
            "acknowledges events that a broken connection then loses",
        AllowsEverything "allows-everything" "asks no table who may publish and subscribe what",
    }
}

impl RemoteFault {
    /// The rules of a broker with this fault in place of its own.
    pub(super) fn rules(self) -> Option<Vec<Rule>> {
        let all = |action| Rule {
            roles: Roles::Any,
            action,
            topics: TopicTemplate::new("#").expect("a pattern"),
            effect: Effect::Allow,
        };
        (self == Self::AllowsEverything)
            .then(|| [Action::Publish, Action::Subscribe].map(all).to_vec())
    }
}

/// A handle behind a fault.
pub(super) struct FaultyHandle {
    bus: Arc<dyn EventBus>,
    fault: RemoteFault,
}

impl FaultyHandle {
    pub(super) fn new(bus: Arc<dyn EventBus>, fault: RemoteFault) -> Self {
        Self { bus, fault }
    }
}

#[async_trait]
impl EventBus for FaultyHandle {
    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        self.bus.publish_to(topic, event, correlation).await
    }

    async fn subscribe(
        &self,
        subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        let receiver = self.bus.subscribe(subscription).await?;
        Ok(EventReceiver::new(FaultyInbox::new(receiver, self.fault)))
    }

    async fn unsubscribe(&self, subscriber_id: &str) -> Result<(), UnsubscribeError> {
        self.bus.unsubscribe(subscriber_id).await
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        self.bus.statistics().await
    }

    async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        self.bus.shutdown(deadline).await
    }
}

#[cfg(test)]
mod tests {
    use super::RemoteFault;

    #[test]
    fn every_fault_is_found_by_its_name() {
        for fault in RemoteFault::ALL {
            assert_eq!(RemoteFault::named(fault.name()), Some(*fault));
        }
        assert_eq!(RemoteFault::named("nothing"), None);
    }
}
