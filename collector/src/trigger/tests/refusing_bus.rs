//! A bus in this process that refuses requests as it is told, and nothing else.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::{
    CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventReceiver,
    EventSubscription, PublishError, ShutdownError, StatisticsError, SubscribeError, Topic,
    UnsubscribeError,
};
use legacy_buses::crossbeam::{CrossbeamConfig, LocalEventBus};

/// Answers the first requests with the errors of its script.
pub(super) struct RefusingBus {
    bus: LocalEventBus,
    script: Mutex<VecDeque<PublishError>>,
}

impl RefusingBus {
    pub(super) fn new(script: impl IntoIterator<Item = PublishError>) -> Self {
        let bus = LocalEventBus::new(&CrossbeamConfig::default()).expect("the bus starts");
        Self { bus, script: Mutex::new(script.into_iter().collect()) }
    }
}

#[async_trait]
impl EventBus for RefusingBus {
    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        if matches!(event, CollectionEvent::TriggerRequest(_)) {
            let refusal = self.script.lock().unwrap().pop_front();
            if let Some(error) = refusal {
                return Err(error);
            }
        }
        self.bus.publish_to(topic, event, correlation).await
    }

    async fn subscribe(&self, wanted: EventSubscription) -> Result<EventReceiver, SubscribeError> {
        self.bus.subscribe(wanted).await
    }

    async fn unsubscribe(&self, id: &str) -> Result<(), UnsubscribeError> {
        self.bus.unsubscribe(id).await
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        self.bus.statistics().await
    }

    async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        self.bus.shutdown(deadline).await
    }
}
