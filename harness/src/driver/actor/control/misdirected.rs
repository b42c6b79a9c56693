//! A member's way to the bus with replies that go astray: a fault to be caught.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::event::{ControlBody, ControlMessage, ControlSubject, ReplyAddress};
use daemoneye_eventbus::{
    CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventReceiver,
    EventSubscription, PublishError, ShutdownError, StatisticsError, SubscribeError, Topic,
    UnsubscribeError,
};
use parking_lot::Mutex;

use super::fault::ControlFault;

/// A bus on which replies are published wrongly, and everything else as it is.
pub(super) struct Misdirected {
    bus: Arc<dyn EventBus>,
    fault: ControlFault,
    /// Everybody who may ask.
    askers: Vec<String>,
    /// What the last reply said; replies are sent beside each other. Never held across an await.
    last: Mutex<Option<ControlBody>>,
}

impl Misdirected {
    pub(super) fn new(bus: Arc<dyn EventBus>, fault: ControlFault, askers: Vec<String>) -> Self {
        Self { bus, fault, askers, last: Mutex::new(None) }
    }

    /// What is published instead of a reply.
    fn instead(&self, reply: ControlMessage) -> Vec<ControlMessage> {
        match self.fault {
            ControlFault::AnswersEveryAsker => {
                let addresses =
                    self.askers.iter().filter_map(|name| ReplyAddress::new(name.clone()).ok());
                let to = |address| ControlMessage {
                    subject: ControlSubject::Reply(address),
                    ..reply.clone()
                };
                addresses.map(to).collect()
            }
            ControlFault::AnswersAnother => {
                let before = self.last.lock().replace(reply.body.clone());
                vec![ControlMessage { body: before.unwrap_or_else(|| reply.body.clone()), ..reply }]
            }
            _ => vec![reply],
        }
    }
}

#[async_trait]
impl EventBus for Misdirected {
    async fn publish(
        &self,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        let event = match event {
            CollectionEvent::Control(message)
                if matches!(message.subject, ControlSubject::Reply(_)) =>
            {
                for message in self.instead(message) {
                    let event = CollectionEvent::Control(message);
                    // Who never asked may not be answered; whoever did is.
                    let _ = self.bus.publish(event, correlation.clone()).await;
                }
                return Ok(());
            }
            other => other,
        };
        self.bus.publish(event, correlation).await
    }

    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        self.bus.publish_to(topic, event, correlation).await
    }

    async fn subscribe(&self, wanted: EventSubscription) -> Result<EventReceiver, SubscribeError> {
        self.bus.subscribe(wanted).await
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
