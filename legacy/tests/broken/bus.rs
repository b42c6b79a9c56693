//! A sound bus behind one fault.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::contract::{Delivery, Inbox};
use daemoneye_eventbus::{
    BusEvent, CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventReceiver,
    EventSubscription, OverflowPolicy, PublishError, ShutdownError, StatisticsError,
    SubscribeError, Topic, TryRecvError, UnsubscribeError,
};
use legacy_buses::crossbeam::LocalEventBus;
use parking_lot::Mutex;

/// What a broken bus does wrong, always and in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: shows that the wrapper itself is sound.
    None,
    LosesOneInFive,
    DeliversTwice,
    SwapsNeighbours,
    SwapsForOneSubscriber,
    DeliversForeignTopics,
    IgnoresEventFilter,
    IgnoresTopicFilter,
    IgnoresCorrelationFilter,
    NeverUnsubscribes,
    ReplacesDuplicateIds,
    TruncatesCorrelation,
    GivesEveryEventOneRoot,
    JoinsArguments,
    CutsTimestamps,
    EmptyTextBecomesAbsent,
    CountsOneTooMany,
    HidesDrops,
    HidesLag,
    DropsInsteadOfBlocking,
    DropsNewestForOldest,
    NeverOpensTheCircuit,
    OneMorePlace,
    KeepsDeadReceivers,
    DiscardsAtShutdown,
    PublishesAfterShutdown,
}

pub(crate) struct BrokenBus {
    sound: LocalEventBus,
    fault: Fault,
    /// Set by `shutdown`.
    is_shut_down: Arc<AtomicBool>,
    /// Receivers that outlive their owners, for [`Fault::KeepsDeadReceivers`].
    kept: Mutex<Vec<SoundReceiver>>,
}

type SoundReceiver = Arc<Mutex<EventReceiver>>;

impl BrokenBus {
    pub(crate) fn new(sound: LocalEventBus, fault: Fault) -> Self {
        Self { sound, fault, is_shut_down: Arc::default(), kept: Mutex::default() }
    }

    fn damage_event(&self, event: &mut CollectionEvent) {
        match (self.fault, event) {
            (Fault::JoinsArguments, CollectionEvent::Process(event)) => {
                event.arguments = vec![event.arguments.join(" ").into()];
            }
            (Fault::CutsTimestamps, event) => {
                let stamp = &mut event.header_mut().observed_unix_ns;
                *stamp -= *stamp % 1_000_000_000;
            }
            (Fault::EmptyTextBecomesAbsent, CollectionEvent::Process(event)) => {
                event.executable_path.take_if(|path| path.is_empty());
            }
            _ => {}
        }
    }

    fn damage_correlation(
        &self,
        given: Option<CorrelationMetadata>,
    ) -> Option<CorrelationMetadata> {
        match (self.fault, given) {
            (Fault::TruncatesCorrelation, Some(given)) => Some(CorrelationMetadata::root(given.id)),
            (Fault::GivesEveryEventOneRoot, None) => Some(CorrelationMetadata::root("root")),
            (_, given) => given,
        }
    }

    fn damage_subscription(&self, wanted: &mut EventSubscription) {
        let is_lossy = matches!(wanted.policy, OverflowPolicy::CircuitBreak(_));
        match self.fault {
            Fault::DeliversForeignTopics => wanted.topic_patterns.push("#".into()),
            Fault::IgnoresEventFilter => wanted.event_filter = None,
            Fault::IgnoresTopicFilter => wanted.topic_filter = None,
            Fault::IgnoresCorrelationFilter => wanted.correlation_filter = None,
            Fault::DropsInsteadOfBlocking | Fault::DropsNewestForOldest => {
                wanted.policy = OverflowPolicy::DropNewest;
            }
            Fault::NeverOpensTheCircuit if is_lossy => wanted.policy = OverflowPolicy::DropNewest,
            Fault::OneMorePlace => wanted.capacity += 1,
            _ => {}
        }
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
        self.damage_event(&mut event);
        let correlation = self.damage_correlation(correlation);
        match self.sound.publish_to(topic, event, correlation).await {
            Err(PublishError::Closed) if self.fault == Fault::PublishesAfterShutdown => Ok(()),
            outcome => outcome,
        }
    }

    async fn subscribe(
        &self,
        mut wanted: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        self.damage_subscription(&mut wanted);
        let id = wanted.subscriber_id.clone();
        if self.fault == Fault::ReplacesDuplicateIds {
            let _ = self.sound.unsubscribe(&id).await;
        }
        let receiver = self.sound.subscribe(wanted).await?;
        let receiver = Arc::new(Mutex::new(receiver));
        let fault = match self.fault {
            Fault::SwapsForOneSubscriber if id == "twin" => Fault::SwapsNeighbours,
            fault => fault,
        };
        if fault == Fault::KeepsDeadReceivers {
            self.kept.lock().push(Arc::clone(&receiver));
        }
        let is_shut_down = Arc::clone(&self.is_shut_down);
        let extra = VecDeque::new();
        let inbox = BrokenInbox { receiver, fault, is_shut_down, taken: 0, extra };
        Ok(EventReceiver::new(inbox))
    }

    async fn unsubscribe(&self, subscriber_id: &str) -> Result<(), UnsubscribeError> {
        if self.fault == Fault::NeverUnsubscribes {
            return Ok(());
        }
        self.sound.unsubscribe(subscriber_id).await
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        let mut figures = self.sound.statistics().await?;
        match self.fault {
            Fault::CountsOneTooMany => figures.events_published += 1,
            Fault::HidesDrops => {
                figures.events_dropped = 0;
                figures.subscriptions.iter_mut().for_each(|own| own.dropped = 0);
            }
            _ => {}
        }
        Ok(figures)
    }

    async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        self.is_shut_down.store(true, Ordering::SeqCst);
        self.sound.shutdown(deadline).await
    }
}

struct BrokenInbox {
    receiver: SoundReceiver,
    fault: Fault,
    is_shut_down: Arc<AtomicBool>,
    /// Events taken from the sound receiver.
    taken: u64,
    /// To hand out before asking it again.
    extra: VecDeque<Delivery>,
}

impl BrokenInbox {
    fn is_discarding(&self) -> bool {
        self.fault == Fault::DiscardsAtShutdown && self.is_shut_down.load(Ordering::SeqCst)
    }

    /// What becomes of one sound event; `None` to look for another.
    fn damage(&mut self, event: Arc<BusEvent>) -> Option<Delivery> {
        self.taken += 1;
        let mut receiver = self.receiver.lock();
        let delivery = Delivery { event, position: receiver.position() };
        match self.fault {
            Fault::LosesOneInFive if self.taken.is_multiple_of(5) => None,
            Fault::SwapsNeighbours if self.taken % 10 == 3 => {
                self.extra.push_back(delivery);
                let next = receiver.try_recv().ok()?;
                Some(Delivery { event: next, position: receiver.position() })
            }
            Fault::DeliversTwice => {
                self.extra.push_back(delivery.clone());
                Some(delivery)
            }
            _ => Some(delivery),
        }
    }
}

impl Inbox for BrokenInbox {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        loop {
            if let Some(extra) = self.extra.pop_front() {
                return Poll::Ready(Some(extra));
            }
            if self.is_discarding() {
                return Poll::Ready(None);
            }
            let next = self.receiver.lock().poll_recv(cx);
            match next {
                Poll::Ready(Some(event)) => {
                    if let Some(delivery) = self.damage(event) {
                        return Poll::Ready(Some(delivery));
                    }
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn try_next(&mut self) -> Result<Delivery, TryRecvError> {
        loop {
            if let Some(extra) = self.extra.pop_front() {
                return Ok(extra);
            }
            if self.is_discarding() {
                return Err(TryRecvError::Ended);
            }
            let event = self.receiver.lock().try_recv()?;
            if let Some(delivery) = self.damage(event) {
                return Ok(delivery);
            }
        }
    }

    fn lagged(&self) -> u64 {
        if self.fault == Fault::HidesLag { 0 } else { self.receiver.lock().lagged() }
    }
}
