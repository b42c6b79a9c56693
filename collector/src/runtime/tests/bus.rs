//! A bus whose answers are scripted, for faults no real bus makes on command.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::{
    CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventReceiver,
    EventSubscription, PublishError, ShutdownError, StatisticsError, SubscribeError, Topic,
    UnsubscribeError,
};
use tokio::sync::Semaphore;

/// Accepts events, unless its script says otherwise for the next ones.
#[derive(Debug)]
pub(super) struct ScriptedBus {
    script: Mutex<VecDeque<PublishError>>,
    accepted: Mutex<Vec<CollectionEvent>>,
    /// Publishes wait for one each.
    room: Semaphore,
}

impl ScriptedBus {
    /// Answers with these errors first.
    pub(super) fn new(script: impl IntoIterator<Item = PublishError>) -> Self {
        Self {
            script: Mutex::new(script.into_iter().collect()),
            accepted: Mutex::default(),
            room: Semaphore::new(Semaphore::MAX_PERMITS),
        }
    }

    /// Has no room until [`open`](Self::open).
    pub(super) fn stalled() -> Self {
        Self { room: Semaphore::new(0), ..Self::new([]) }
    }

    pub(super) fn open(&self) {
        self.room.add_permits(Semaphore::MAX_PERMITS);
    }

    pub(super) fn accepted(&self) -> Vec<CollectionEvent> {
        self.accepted.lock().unwrap().clone()
    }
}

#[async_trait]
impl EventBus for ScriptedBus {
    async fn publish_to(
        &self,
        _topic: Topic,
        event: CollectionEvent,
        _correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        let _room = self.room.acquire().await.map_err(|_| PublishError::Closed)?;
        if let Some(error) = self.script.lock().unwrap().pop_front() {
            return Err(error);
        }
        self.accepted.lock().unwrap().push(event);
        Ok(())
    }

    async fn subscribe(&self, _: EventSubscription) -> Result<EventReceiver, SubscribeError> {
        Err(SubscribeError::Closed)
    }

    async fn unsubscribe(&self, id: &str) -> Result<(), UnsubscribeError> {
        Err(UnsubscribeError::Unknown { id: id.to_owned() })
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        Ok(EventBusStatistics::default())
    }

    async fn shutdown(&self, _deadline: Duration) -> Result<(), ShutdownError> {
        Ok(())
    }
}
