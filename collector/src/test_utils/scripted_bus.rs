//! A bus whose answers are scripted, for faults no real bus makes on command. What it accepts goes
//! to a real one, a broker that no other process reaches.

use std::collections::VecDeque;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::{
    BrokerConfig, BusEvent, CollectionEvent, CorrelationMetadata, DaemoneyeBroker,
    DaemoneyeEventBus, EventBus, EventBusStatistics, EventId, EventReceiver, EventSubscription,
    PublishError, ShutdownError, StatisticsError, SubscribeError, Topic, UnsubscribeError,
};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};

/// Accepts events, unless its script says otherwise for the next ones.
#[derive(Debug)]
pub(crate) struct ScriptedBus {
    bus: DaemoneyeEventBus,
    broker: DaemoneyeBroker,
    script: Mutex<VecDeque<PublishError>>,
    accepted: watch::Sender<Vec<BusEvent>>,
    /// Publishes wait for one each.
    room: Semaphore,
    /// What was accepted is not said before there is one.
    answers: Semaphore,
}

impl ScriptedBus {
    /// Answers with these errors first.
    pub(crate) fn new(script: impl IntoIterator<Item = PublishError>) -> Self {
        let broker = DaemoneyeBroker::new(BrokerConfig::default());
        Self {
            bus: DaemoneyeEventBus::from_broker(&broker, "test"),
            broker,
            script: Mutex::new(script.into_iter().collect()),
            accepted: watch::Sender::new(Vec::new()),
            room: Semaphore::new(Semaphore::MAX_PERMITS),
            answers: Semaphore::new(Semaphore::MAX_PERMITS),
        }
    }

    /// Has no room until [`open`](Self::open).
    pub(crate) fn stalled() -> Self {
        Self { room: Semaphore::new(0), ..Self::new([]) }
    }

    /// Accepts events and never says so.
    pub(crate) fn mute() -> Self {
        Self { answers: Semaphore::new(0), ..Self::new([]) }
    }

    /// The bus behind it, which no script stands in front of.
    pub(crate) fn behind(&self) -> &dyn EventBus {
        &self.bus
    }

    pub(crate) fn open(&self) {
        self.room.add_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn accepted(&self) -> Vec<CollectionEvent> {
        self.accepted.borrow().iter().map(|accepted| accepted.event.clone()).collect()
    }

    /// Waits until so many are accepted, and returns all that are.
    pub(crate) async fn until_accepted(&self, many: usize) -> Vec<BusEvent> {
        let mut accepted = self.accepted.subscribe();
        let accepted = accepted.wait_for(|accepted| accepted.len() >= many).await;
        accepted.expect("the bus is here").clone()
    }
}

#[async_trait]
impl EventBus for ScriptedBus {
    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        let _room = self.room.acquire().await.map_err(|_| PublishError::Closed)?;
        let refusal = self.script.lock().pop_front();
        if let Some(error) = refusal {
            return Err(error);
        }
        self.bus.publish_to(topic.clone(), event.clone(), correlation).await?;
        let id = EventId { publisher: "p".into(), incarnation: 1, sequence: 1 };
        let correlation = CorrelationMetadata::derived(&id);
        let event = BusEvent { id, topic, published_monotonic_ns: 0, correlation, event };
        self.accepted.send_modify(|accepted| accepted.push(event));
        let _answer = self.answers.acquire().await.map_err(|_| PublishError::Closed)?;
        Ok(())
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
        let ended = self.broker.shutdown(deadline).await;
        ended.and(self.bus.shutdown(deadline).await)
    }
}
