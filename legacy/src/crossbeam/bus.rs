//! The handle publishers and subscribers use.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytestring::ByteString;
use crossbeam::channel::{self, Sender, TrySendError};
use daemoneye_eventbus::contract::Matcher;
use daemoneye_eventbus::hops::{Hop, HopLog};
use daemoneye_eventbus::{
    BusEvent, CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventId,
    EventReceiver, EventSubscription, PublishError, ShutdownError, StatisticsError, SubscribeError,
    Topic, UnsubscribeError,
};
use parking_lot::Mutex;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use super::config::CrossbeamConfig;
use super::control::{CONTROL_CAPACITY, Closing, Control, Message, Report};
use super::gate::Gate;
use super::handoff::Ears;
use super::noting::note;
use super::router::{Orders, Remains, Router};
use super::slot::Slot;
use crate::draft::Draft;

/// Name of the publisher of all events of this bus: the agent's own process.
const PUBLISHER: &str = "local";
/// How long a caller waits for the routing thread, which answers between two events (C14).
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// The name collectors were written against.
pub type LocalEventBus = HighPerformanceEventBusImpl;

/// The crossbeam bus: central queue, routing thread, one channel per subscriber (CONTRACT §8).
///
/// Calls that wait need a tokio runtime with its timer. Dropping the bus without
/// [`shutdown`](EventBus::shutdown) ends the routing thread too: what finds room at once is still
/// handed over, the rest is lost.
///
/// ```
/// use std::time::Duration;
///
/// use daemoneye_eventbus::{CollectionEvent, EventBus, EventSubscription, ProcessEvent};
/// use legacy_buses::crossbeam::{CrossbeamConfig, LocalEventBus};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = LocalEventBus::new(&CrossbeamConfig::default())?;
/// let wanted = EventSubscription::new("lifecycle").with_pattern("events.process.lifecycle");
/// let mut events = bus.subscribe(wanted).await?;
///
/// bus.publish(CollectionEvent::Process(ProcessEvent::default()), None).await?;
/// bus.shutdown(Duration::from_secs(1)).await?;
/// assert_eq!(events.recv().await.unwrap().id.sequence, 1);
/// assert_eq!(events.recv().await, None);
/// # Ok(())
/// # }
/// ```
pub struct HighPerformanceEventBusImpl {
    central: Sender<Message>,
    gate: Arc<Gate>,
    requests: mpsc::Sender<Control>,
    interrupt: Sender<()>,
    publisher: ByteString,
    /// This bus's life; a random number.
    incarnation: u64,
    publish_limit: Duration,
    hops: Option<HopLog>,
    started: Instant,
    /// The routing thread, until somebody has seen it end.
    thread: Mutex<Option<JoinHandle<()>>>,
    /// What the routing thread left.
    end: Arc<Mutex<End>>,
}

/// What remains of a routing thread. Locked once by it, and by callers after its end.
#[derive(Default)]
struct End {
    report: Option<Report>,
    /// Lines that stay open until the bus is dropped (V4).
    #[expect(dead_code, reason = "held, not read: dropping a slot ends its line")]
    kept: Vec<Slot>,
}

/// Why a bus was not started.
#[derive(Debug, Error)]
pub enum StartError {
    /// The central queue would hold nothing.
    #[error("the central queue needs a capacity of at least 1 event")]
    NoCapacity,
    /// The system gives no thread.
    #[error("the routing thread did not start: {0}")]
    Thread(#[from] std::io::Error),
}

/// One attempt to enqueue.
enum Attempt {
    Accepted,
    Full(Arc<BusEvent>),
}

impl HighPerformanceEventBusImpl {
    /// Starts a bus and its routing thread.
    pub fn new(config: &CrossbeamConfig) -> Result<Self, StartError> {
        let (central, central_receiver) = match config.central_capacity {
            Some(0) => return Err(StartError::NoCapacity),
            Some(events) => channel::bounded(events),
            None => unbounded(),
        };
        let (requests, request_receiver) = mpsc::channel(CONTROL_CAPACITY);
        let (interrupt, interrupt_receiver) = channel::bounded(1);
        let gate = Arc::new(Gate::default());
        let ears = Ears {
            central: central_receiver,
            interrupt: interrupt_receiver,
            hand_off: config.hand_off,
        };
        let orders = Orders {
            sharing: config.sharing,
            subscriber_limit: config.subscriber_limit,
            faithful: config.faithful,
            hand_off_limit: config.hand_off_limit,
            hops: config.hops.clone(),
        };
        let router = Router::new(Arc::clone(&gate), ears, request_receiver, orders);
        let end = Arc::new(Mutex::new(End::default()));
        let thread_end = Arc::clone(&end);
        let thread = std::thread::Builder::new()
            .name("crossbeam-router".to_owned())
            .spawn(move || conclude(router.run(), &thread_end))?;
        Ok(Self {
            central,
            gate,
            requests,
            interrupt,
            publisher: ByteString::from_static(PUBLISHER),
            incarnation: uuid::Uuid::new_v4().as_u64_pair().0,
            publish_limit: config.publish_limit,
            hops: config.hops.clone(),
            started: Instant::now(),
            thread: Mutex::new(Some(thread)),
            end,
        })
    }

    /// Numbers an event and offers it once.
    fn offer(&self, draft: Draft) -> Result<Attempt, PublishError> {
        let id = self.next_id()?;
        self.enqueue(Arc::new(draft.numbered(id)))
    }

    /// Offers an event again, with a new number: the old ticket was given back.
    fn offer_again(
        &self,
        mut event: Arc<BusEvent>,
        is_fresh_root: bool,
    ) -> Result<Attempt, PublishError> {
        let id = self.next_id()?;
        let own = Arc::get_mut(&mut event).expect("an event nobody accepted has one owner");
        if is_fresh_root {
            own.correlation = CorrelationMetadata::derived(&id);
        }
        own.id = id;
        self.enqueue(event)
    }

    fn next_id(&self) -> Result<EventId, PublishError> {
        let sequence = self.gate.ticket().ok_or(PublishError::Closed)?;
        Ok(EventId { publisher: self.publisher.clone(), incarnation: self.incarnation, sequence })
    }

    fn enqueue(&self, event: Arc<BusEvent>) -> Result<Attempt, PublishError> {
        note(self.hops.as_ref(), Hop::SendQueue, &event);
        match self.central.try_send(Message::Event(event)) {
            Ok(()) => {
                self.gate.accepted();
                Ok(Attempt::Accepted)
            }
            Err(TrySendError::Full(Message::Event(event))) => {
                self.gate.give_back();
                Ok(Attempt::Full(event))
            }
            Err(_) => {
                self.gate.give_back();
                Err(PublishError::Closed)
            }
        }
    }

    /// Waits for room, up to the publish limit. Cancelling it leaves no trace of the event (C14).
    async fn enqueue_with_room(
        &self,
        mut event: Arc<BusEvent>,
        is_fresh_root: bool,
    ) -> Result<(), PublishError> {
        let waiter = self.gate.wait();
        let accepted = async {
            loop {
                let room = waiter.room();
                tokio::pin!(room);
                room.as_mut().enable();
                // Pairs with the fence in `announce_room`: either this attempt sees the room, or
                // the routing thread sees this waiter.
                fence(Ordering::SeqCst);
                match self.offer_again(event, is_fresh_root)? {
                    Attempt::Accepted => return Ok(()),
                    Attempt::Full(back) => event = back,
                }
                room.await;
            }
        };
        tokio::time::timeout(self.publish_limit, accepted)
            .await
            .unwrap_or(Err(PublishError::Timeout { waited: self.publish_limit }))
    }

    /// Sends the routing thread a request and returns its answer; `None` when it has ended.
    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Control) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(make(reply)).await.ok()?;
        if self.gate.request() {
            // A full queue needs no nudge: its reader is awake.
            let _ = self.central.try_send(Message::Nudge);
        }
        let _ = self.interrupt.try_send(());
        answer.await.ok()
    }

    fn join(&self) {
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the routing thread panicked");
        }
    }
}

#[cfg(test)]
impl HighPerformanceEventBusImpl {
    /// Whether nobody has seen the routing thread end.
    pub(super) fn is_running(&self) -> bool {
        self.thread.lock().is_some()
    }

    /// The routing thread, to see it end after the bus.
    pub(super) fn routing_thread(&self) -> JoinHandle<()> {
        self.thread.lock().take().expect("asked once, before shutdown")
    }
}

#[expect(clippy::disallowed_methods, reason = "the document's bus has an unbounded central queue")]
fn unbounded() -> (Sender<Message>, channel::Receiver<Message>) {
    channel::unbounded()
}

/// The routing thread's last act: its figures, then its answers.
fn conclude(remains: Remains, end: &Mutex<End>) {
    *end.lock() = End { report: Some(remains.report), kept: remains.kept };
    for reply in remains.replies {
        let _ = reply.send(remains.result.clone());
    }
}

#[async_trait]
impl EventBus for HighPerformanceEventBusImpl {
    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        let is_fresh_root = correlation.is_none();
        match self.offer(Draft::now(topic, event, correlation))? {
            Attempt::Accepted => Ok(()),
            Attempt::Full(event) => self.enqueue_with_room(event, is_fresh_root).await,
        }
    }

    async fn subscribe(
        &self,
        subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        let matcher = Matcher::compile(&subscription)?;
        if self.gate.is_closed() {
            return Err(SubscribeError::Closed);
        }
        let (slot, receiver) = Slot::new(&subscription, matcher, self.gate.highest_ticket());
        let slot = Box::new(slot);
        let answer = self.ask(|reply| Control::Subscribe { slot, reply });
        match tokio::time::timeout(REQUEST_LIMIT, answer).await {
            Ok(answer) => answer.unwrap_or(Err(SubscribeError::Closed)).map(|()| receiver),
            Err(_) => Err(SubscribeError::Timeout { waited: REQUEST_LIMIT }),
        }
    }

    async fn unsubscribe(&self, subscriber_id: &str) -> Result<(), UnsubscribeError> {
        let id = subscriber_id.to_owned();
        let answer = self.ask(|reply| Control::Unsubscribe { id, reply });
        match tokio::time::timeout(REQUEST_LIMIT, answer).await {
            Ok(answer) => answer.unwrap_or(Err(UnsubscribeError::Closed)),
            Err(_) => Err(UnsubscribeError::Timeout { waited: REQUEST_LIMIT }),
        }
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        let answer = self.ask(|reply| Control::Statistics { reply });
        let Ok(report) = tokio::time::timeout(REQUEST_LIMIT, answer).await else {
            return Err(StatisticsError::Timeout { waited: REQUEST_LIMIT });
        };
        let left = || self.end.lock().report.clone().unwrap_or_default();
        let report = report.unwrap_or_else(left);
        Ok(EventBusStatistics {
            events_published: self.gate.published(),
            events_delivered: report.delivered,
            events_dropped: report.dropped,
            refused: 0,
            active_subscribers: report.active,
            uptime: self.started.elapsed(),
            subscriptions: report.subscriptions,
        })
    }

    async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        let ordered = Instant::now();
        let is_first = self.gate.close();
        let answer = self.ask(|reply| {
            let deadline = ordered.checked_add(deadline);
            Control::Shutdown(Closing { deadline, ordered, reply })
        });
        let result = answer.await.unwrap_or(Ok(()));
        self.join();
        // Only the first call learns what was lost; a second one succeeds (C13).
        if is_first { result } else { Ok(()) }
    }
}

impl std::fmt::Debug for HighPerformanceEventBusImpl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HighPerformanceEventBusImpl").finish_non_exhaustive()
    }
}
