//! The handle publishers and subscribers use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use daemoneye_eventbus::contract::Matcher;
use daemoneye_eventbus::{
    CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventReceiver,
    EventSubscription, OverflowPolicy, PublishError, ShutdownError, StatisticsError,
    SubscribeError, Topic, UnsubscribeError,
};
use parking_lot::Mutex;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::config::{SharingConfig, StartError};
use super::filter::SharingFilter;
use super::message::Message;
use super::slot::Slot;
use super::worker::Worker;
use crate::draft::Draft;

/// Events a native subscription holds by default.
pub const DEFAULT_QUEUE_CAPACITY_EVENTS: usize = 256;
/// How long a caller waits for the worker, which has at most a ring's events to share out first
/// (C14).
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// The sharing bus: one ring, one worker, a filter and a queue for each subscriber (CONTRACT §7).
///
/// Calls that wait need a tokio runtime with its timer. Dropping the bus without
/// [`shutdown`](EventBus::shutdown) ends the worker too, once the ring is empty.
///
/// ```
/// use daemoneye_eventbus::{CollectionEvent, EventBus, EventKind, ProcessEvent};
/// use legacy_buses::sharing::{SharingConfig, SharingEventBus, SharingFilter};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = SharingEventBus::new(&SharingConfig::default())?;
/// let mut all = bus.subscribe_all().await?;
/// let mut audits = bus.subscribe_filtered(SharingFilter::Kind(EventKind::Audit), 16).await?;
///
/// bus.publish(CollectionEvent::Process(ProcessEvent::default()), None).await?;
/// assert_eq!(all.receiver.recv().await.unwrap().id.sequence, 1);
/// assert!(audits.receiver.try_recv().is_err());
///
/// bus.leave(&audits.id).await;
/// bus.leave(&audits.id).await;
/// assert_eq!(audits.receiver.recv().await, None);
/// # Ok(())
/// # }
/// ```
pub struct SharingEventBus {
    messages: mpsc::Sender<Message>,
    closing: Arc<AtomicBool>,
    publish_limit: Duration,
    started: Instant,
    /// The worker, until somebody has seen it end.
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The worker's last figures, once it has ended.
    ended: watch::Receiver<Option<EventBusStatistics>>,
}

/// A native subscription. Dropping the receiver ends it.
#[derive(Debug)]
pub struct Subscribed {
    /// Its name on the bus, made up.
    pub id: String,
    /// Its events.
    pub receiver: EventReceiver,
}

impl SharingEventBus {
    /// Starts a bus and its worker.
    pub fn new(config: &SharingConfig) -> Result<Self, StartError> {
        let (messages, receiver) = mpsc::channel(config.checked_capacity()?);
        let (end, ended) = watch::channel(None);
        let closing = Arc::new(AtomicBool::new(false));
        let worker = Worker::new(receiver, Arc::clone(&closing), config.subscriber_limit);
        let thread = std::thread::Builder::new()
            .name("sharing-worker".to_owned())
            .spawn(move || drop(end.send_replace(Some(worker.run()))))?;
        Ok(Self {
            messages,
            closing,
            publish_limit: config.publish_limit,
            started: Instant::now(),
            thread: Mutex::new(Some(thread)),
            ended,
        })
    }

    /// Subscribes to everything, with the usual capacity of 256 events.
    pub async fn subscribe_all(&self) -> Result<Subscribed, SubscribeError> {
        self.subscribe_filtered(SharingFilter::All, DEFAULT_QUEUE_CAPACITY_EVENTS).await
    }

    /// Subscribes to what passes a filter, with a queue of so many events, 1 to 1 048 576. What
    /// finds it full is lost, and counted in the receiver's `lagged()`.
    pub async fn subscribe_filtered(
        &self,
        filter: SharingFilter,
        capacity: usize,
    ) -> Result<Subscribed, SubscribeError> {
        let id = format!("shared-{}", uuid::Uuid::new_v4());
        let wanted = EventSubscription::new(id.clone())
            .with_pattern("#")
            .with_capacity(capacity)
            .with_policy(OverflowPolicy::DropNewest);
        let receiver = self.admit(&wanted, filter).await?;
        Ok(Subscribed { id, receiver })
    }

    /// Ends a subscription; ending one that has ended is harmless. What was queued can still be
    /// received, then the receiver ends.
    pub async fn leave(&self, id: &str) {
        if let Err(cause) = self.unsubscribe(id).await {
            tracing::debug!(subscriber = id, %cause, "nothing to leave");
        }
    }

    async fn admit(
        &self,
        wanted: &EventSubscription,
        filter: SharingFilter,
    ) -> Result<EventReceiver, SubscribeError> {
        let matcher = Matcher::compile(wanted)?;
        let (slot, receiver) = Slot::new(wanted, matcher, filter);
        let slot = Box::new(slot);
        let answer = self.ask(|reply| Message::Subscribe { slot, reply });
        match timeout(REQUEST_LIMIT, answer).await {
            Ok(answer) => answer.unwrap_or(Err(SubscribeError::Closed)).map(|()| receiver),
            Err(_) => Err(SubscribeError::Timeout { waited: REQUEST_LIMIT }),
        }
    }

    /// Sends the worker a request and returns its answer; `None` when the bus is closed.
    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Message) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.messages.send(make(reply)).await.ok()?;
        answer.await.ok()
    }

    /// Waits for the worker's end and returns its last figures. Cancel safe.
    async fn last_figures(&self) -> EventBusStatistics {
        let mut ended = self.ended.clone();
        let last = ended.wait_for(Option::is_some).await;
        // Without any, the worker has panicked.
        last.ok().and_then(|figures| figures.clone()).unwrap_or_default()
    }

    fn join(&self) {
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the worker panicked");
        }
    }
}

#[async_trait]
impl EventBus for SharingEventBus {
    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        let draft = Box::new(Draft::now(topic, event, correlation));
        if self.closing.load(Ordering::Acquire) {
            return Err(PublishError::Closed);
        }
        let message = match self.messages.try_send(Message::Event(draft)) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(PublishError::Closed),
            Err(TrySendError::Full(message)) => message,
        };
        let waited = self.publish_limit;
        match timeout(waited, self.messages.send(message)).await {
            Ok(sent) => sent.map_err(|_| PublishError::Closed),
            Err(_) => Err(PublishError::Timeout { waited }),
        }
    }

    async fn subscribe(
        &self,
        subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        self.admit(&subscription, SharingFilter::All).await
    }

    async fn unsubscribe(&self, subscriber_id: &str) -> Result<(), UnsubscribeError> {
        let id = subscriber_id.to_owned();
        let answer = self.ask(|reply| Message::Unsubscribe { id, reply });
        match timeout(REQUEST_LIMIT, answer).await {
            Ok(answer) => answer.unwrap_or(Err(UnsubscribeError::Closed)),
            Err(_) => Err(UnsubscribeError::Timeout { waited: REQUEST_LIMIT }),
        }
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        let asking = async {
            match self.ask(|reply| Message::Statistics { reply }).await {
                Some(figures) => figures,
                None => self.last_figures().await,
            }
        };
        match timeout(REQUEST_LIMIT, asking).await {
            Ok(figures) => Ok(EventBusStatistics { uptime: self.started.elapsed(), ..figures }),
            Err(_) => Err(StatisticsError::Timeout { waited: REQUEST_LIMIT }),
        }
    }

    /// Hands over what is in the ring, however short the deadline: nothing of it waits for anybody.
    async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        self.closing.store(true, Ordering::Release);
        let ending = async {
            // Refused by a bus that is closed already.
            let _ = self.messages.send(Message::Nudge).await;
            self.last_figures().await
        };
        let waited = deadline.max(REQUEST_LIMIT);
        if timeout(waited, ending).await.is_err() {
            let left = self.messages.max_capacity() - self.messages.capacity();
            return Err(ShutdownError::Deadline { undelivered: left as u64, waited });
        }
        self.join();
        Ok(())
    }
}

impl std::fmt::Debug for SharingEventBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharingEventBus").finish_non_exhaustive()
    }
}
