//! The wrapper: passes every call on to the sound bus, but for its fault.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::contract::{Delivery, Matcher};
use daemoneye_eventbus::{
    CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventReceiver,
    EventSubscription, PublishError, ShutdownError, StatisticsError, SubscribeError, Topic,
    UnsubscribeError,
};
use parking_lot::Mutex;

use super::Fault;
use super::closing::Closing;
use super::counters::Counters;
use super::event;
use super::holding::{Call, Holding};
use super::inbox::BrokenInbox;
use super::leavings;
use super::passage::Passage;
use super::seen::Seen;
use super::slowness::Slowness;
use super::wanted;

/// How long [`Fault::HasAHoleAtFirst`] waits for each of the first events.
const FIRST_EVENTS_LIMIT: Duration = Duration::from_millis(200);
/// How many it waits for; it loses the second.
const FIRST_EVENTS: usize = 3;
/// How long [`Fault::WaitsBeyondItsLimit`] waits on: longer than any slack a check may allow.
const WAIT_BEYOND: Duration = Duration::from_secs(12);
/// [`Fault::DeliversWhatItRefused`] refuses one event in so many of a source.
const REFUSED_ONE_IN: u64 = 100;
/// [`Fault::RefusesForNoReason`] refuses one event in so many of a source, and takes none of them.
const NEEDLESSLY_REFUSED_ONE_IN: u64 = 50;

/// A sound bus behind one fault. Shutting it down shuts the sound bus down.
pub struct BrokenBus {
    sound: Arc<dyn EventBus>,
    fault: Fault,
    closing: Arc<Closing>,
    seen: Option<Arc<Seen>>,
    holding: Holding,
    counters: Counters,
    slowness: Slowness,
    /// Ids of accepted subscriptions, oldest first, for [`Fault::EvictsAtTheLimit`].
    members: Mutex<VecDeque<String>>,
    /// Receivers that outlive their owners, for [`Fault::KeepsDeadReceivers`].
    kept: Mutex<Vec<Arc<Mutex<EventReceiver>>>>,
    /// Accepted subscriptions so far.
    subscribed: Mutex<u64>,
}

impl BrokenBus {
    /// Puts a fault before a sound bus.
    pub fn new(sound: Arc<dyn EventBus>, fault: Fault) -> Self {
        leavings::begin(fault);
        Self {
            sound,
            fault,
            closing: Arc::default(),
            seen: (fault == Fault::ShowsEffectsFirst).then(Arc::default),
            holding: Holding::default(),
            counters: Counters::default(),
            slowness: Slowness::of(fault),
            members: Mutex::default(),
            kept: Mutex::default(),
            subscribed: Mutex::default(),
        }
    }

    async fn pass_on(&self, call: Call) -> Result<(), PublishError> {
        let refuses = self.fault == Fault::DeliversWhatItRefused
            && call.number() % REFUSED_ONE_IN == REFUSED_ONE_IN - 1;
        if self.fault == Fault::RefusesForNoReason
            && call.number() % NEEDLESSLY_REFUSED_ONE_IN == NEEDLESSLY_REFUSED_ONE_IN - 1
        {
            return Err(PublishError::Timeout { waited: Duration::ZERO });
        }
        let Call { topic, event, correlation } = call;
        match self.sound.publish_to(topic, event, correlation).await {
            Ok(()) if refuses => Err(PublishError::Timeout { waited: Duration::ZERO }),
            Err(PublishError::Closed) if self.fault == Fault::PublishesAfterShutdown => Ok(()),
            outcome @ Err(PublishError::Timeout { .. })
                if self.fault == Fault::WaitsBeyondItsLimit =>
            {
                tokio::time::sleep(WAIT_BEYOND).await;
                outcome
            }
            outcome => outcome,
        }
    }

    /// Asks the sound bus, and makes room where the fault says so.
    async fn admit(&self, wanted: EventSubscription) -> Result<EventReceiver, SubscribeError> {
        let id = wanted.subscriber_id.clone();
        if self.fault == Fault::ReplacesDuplicateIds {
            let _ = self.sound.unsubscribe(&id).await;
        }
        let asked = self.sound.subscribe(wanted.clone()).await;
        let oldest = match (self.fault, &asked) {
            (Fault::EvictsAtTheLimit, Err(SubscribeError::LimitReached { .. })) => {
                self.members.lock().pop_front()
            }
            _ => None,
        };
        let admitted = match oldest {
            Some(oldest) => {
                let _ = self.sound.unsubscribe(&oldest).await;
                self.sound.subscribe(wanted).await
            }
            None => asked,
        };
        if admitted.is_ok() {
            self.members.lock().push_back(id);
        }
        admitted.map_err(|cause| match self.fault {
            Fault::RefusesForAnotherReason => SubscribeError::LimitReached { limit: 0 },
            _ => cause,
        })
    }

    /// The fault at this subscription: some concern every second one only.
    fn fault_here(&self) -> Fault {
        let mut subscribed = self.subscribed.lock();
        *subscribed += 1;
        let is_second = subscribed.is_multiple_of(2);
        match self.fault {
            Fault::SwapsForOneSubscriber | Fault::ShowsEffectsFirst if !is_second => Fault::Nothing,
            fault => fault,
        }
    }

    /// The first events of a subscription that is not told yet that it is one, with a hole.
    async fn first_events(&self, receiver: &mut EventReceiver) -> Vec<Delivery> {
        let mut first = Vec::new();
        if self.fault != Fault::HasAHoleAtFirst || !self.holding.has_seen_publishes() {
            return first;
        }
        while first.len() < FIRST_EVENTS {
            match tokio::time::timeout(FIRST_EVENTS_LIMIT, receiver.recv()).await {
                Ok(Some(event)) => first.push(Delivery { event, position: receiver.position() }),
                Ok(None) | Err(_) => return first,
            }
        }
        first.remove(1);
        first
    }
}

#[async_trait]
impl EventBus for BrokenBus {
    async fn publish_to(
        &self,
        topic: Topic,
        mut event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        self.slowness.before_publish();
        event::damage(self.fault, &mut event);
        let correlation = event::damage_correlation(self.fault, correlation);
        let calls = self.holding.take_in(self.fault, Call { topic, event, correlation });
        for id in self.holding.due() {
            let _ = self.sound.unsubscribe(&id).await;
        }
        for call in calls {
            self.pass_on(call).await?;
        }
        Ok(())
    }

    async fn subscribe(
        &self,
        mut wanted: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        let matcher = match self.fault {
            Fault::DeliversOneForeign => Matcher::compile(&wanted).ok(),
            _ => None,
        };
        wanted::damage(self.fault, &mut wanted);
        let mut receiver = self.admit(wanted).await?;
        let first = self.first_events(&mut receiver).await;
        let receiver = Arc::new(Mutex::new(receiver));
        if self.fault == Fault::KeepsDeadReceivers {
            self.kept.lock().push(Arc::clone(&receiver));
        }
        let fault = self.fault_here();
        let mut passage = Passage::new(fault, matcher, self.seen.clone());
        passage.take_back(first);
        let closing = Arc::clone(&self.closing);
        Ok(EventReceiver::new(BrokenInbox::new(receiver, fault, closing, passage)))
    }

    async fn unsubscribe(&self, subscriber_id: &str) -> Result<(), UnsubscribeError> {
        // An unknown id is told as such, or the fault would be another one.
        let is_member = self.members.lock().iter().any(|id| id == subscriber_id);
        match self.fault {
            Fault::NeverUnsubscribes if is_member => Ok(()),
            Fault::UnsubscribesLate if is_member => {
                self.holding.end_later(subscriber_id);
                Ok(())
            }
            _ => self.sound.unsubscribe(subscriber_id).await,
        }
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        let mut counted = self.sound.statistics().await?;
        self.counters.damage(self.fault, &mut counted, self.members.lock().iter());
        Ok(counted)
    }

    async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        let is_first = !self.closing.shut_down();
        for call in self.holding.drain() {
            let _ = self.pass_on(call).await;
        }
        if is_first && self.fault == Fault::HangsAtShutdown {
            tokio::time::sleep(deadline).await;
            let _ = self.sound.shutdown(deadline).await;
            return Err(ShutdownError::Deadline { undelivered: 0, waited: deadline });
        }
        self.sound.shutdown(deadline).await
    }
}
