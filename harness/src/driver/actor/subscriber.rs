//! One subscriber: a thread that receives, records, and does what it is told meanwhile.
//!
//! Orders and events are awaited together on one thread: with a connection to a broker the
//! client's input runs here too, so that no wake-up crosses threads on an event's way.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::{BusEvent, EventBus, EventReceiver, EventSubscription};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, Sleep, sleep};

use super::assignment::Assignment;
use super::ledger::Ledger;
use super::link::Link;
use super::protocol::Notice;
use super::tally::Tally;
use crate::driver::bus::{subscribe_code, unsubscribe_code};
use crate::plan::{Reading, idle_pattern};

/// Events taken in a row before orders and the client's input get their turn.
const BATCH_EVENTS: usize = 256;

/// Events an idle subscription has room for: none will come.
const IDLE_CAPACITY: usize = 1;
/// What the id of an idle subscription has after that of its subscriber, before its number.
const IDLE_SUFFIX: &str = "~idle";

/// What a subscriber's thread is told.
#[derive(Debug)]
pub(super) enum SubscriberOrder {
    /// Subscribe, as action `id`.
    Subscribe { id: u64 },
    /// Unsubscribe and drain, as action `id`.
    Unsubscribe { id: u64 },
    /// Unsubscribe with an id nobody has, as action `id`.
    UnsubscribeUnknown { id: u64 },
    /// Drop the receiver, as action `id`.
    DropReceiver { id: u64 },
    /// Stop or resume reading, as action `id`.
    Read { id: u64, reading: bool },
    /// A phase begins.
    Phase { phase: u32 },
    /// Void: so many events may be made in all.
    Grant { events: u64 },
    /// Read until everything has ended.
    Drain { by_case: bool },
    /// Write the records and end.
    Finish,
}

pub(super) struct Subscriber {
    index: usize,
    assignment: Arc<Assignment>,
    bus: Arc<dyn EventBus>,
    link: Link,
    subscriptions: Vec<Subscription>,
    /// What nothing matches; held and never read.
    idle: Vec<EventReceiver>,
    /// How many times this subscriber has subscribed successfully.
    subscribed: u16,
    reading: bool,
    /// `None` for one that takes whatever there is.
    pace: Option<Pace>,
    /// Draining has begun: tell when everything has ended.
    draining: bool,
    /// What ends from here on was ended by tear-down, not by the bus on trial.
    tearing_down: bool,
    ledger: Ledger,
}

/// A subscriber that takes its time: one event, then none for a while.
struct Pace {
    gap: Duration,
    /// When the next may be taken.
    due: Pin<Box<Sleep>>,
}

impl Pace {
    /// Call within a runtime with timers.
    fn new(per_s: f64) -> Self {
        Self { gap: Duration::from_secs_f64(1.0 / per_s), due: Box::pin(sleep(Duration::ZERO)) }
    }

    /// The next is due one gap after this one was, so that lateness does not add up; what was idle
    /// does not catch up.
    fn has_taken(&mut self) {
        let next = self.due.deadline().max(Instant::now() - self.gap) + self.gap;
        self.due.as_mut().reset(next);
    }
}

struct Subscription {
    receiver: EventReceiver,
    /// Which one of this subscriber's it is, from 0.
    number: u16,
    /// It carries fences only.
    companion: bool,
}

/// What ended a wait.
enum News {
    Order(Option<SubscriberOrder>),
    /// More events wait than fit in one turn, or a subscription ended.
    More,
}

impl Subscriber {
    pub(super) fn new(
        index: usize,
        assignment: Arc<Assignment>,
        bus: Arc<dyn EventBus>,
        link: Link,
        tally: Tally,
    ) -> std::io::Result<Self> {
        let spec = &assignment.case.topology.subscribers[index];
        let reading = spec.reading == Reading::Prompt;
        let pace = spec.pace_per_s.map(Pace::new);
        let ledger = Ledger::new(index, &assignment, link.clone(), tally)?;
        Ok(Self {
            index,
            assignment,
            bus,
            link,
            subscriptions: Vec::new(),
            idle: Vec::new(),
            subscribed: 0,
            reading,
            pace,
            draining: false,
            tearing_down: false,
            ledger,
        })
    }

    /// Receives and obeys until told to finish; returns what could not be written.
    pub(super) async fn run(mut self, mut orders: Receiver<SubscriberOrder>) -> Vec<String> {
        loop {
            let news = std::future::poll_fn(|cx| self.poll_news(cx, &mut orders)).await;
            match news {
                News::Order(None | Some(SubscriberOrder::Finish)) => break,
                News::Order(Some(order)) => self.obey(order).await,
                // The client's input runs on this very thread and must not starve.
                News::More => tokio::task::yield_now().await,
            }
            self.tell_when_drained();
        }
        self.take_what_waits();
        self.close().await;
        self.ledger.finish()
    }

    fn poll_news(
        &mut self,
        cx: &mut Context<'_>,
        orders: &mut Receiver<SubscriberOrder>,
    ) -> Poll<News> {
        if let Poll::Ready(order) = orders.poll_recv(cx) {
            return Poll::Ready(News::Order(order));
        }
        if self.poll_events(cx) { Poll::Ready(News::More) } else { Poll::Pending }
    }

    /// Takes a batch of every subscription; returns whether another turn is due. Otherwise the
    /// task is woken by whatever comes next.
    fn poll_events(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.reading || !self.is_due(cx) {
            return false;
        }
        let batch = if self.pace.is_some() { 1 } else { BATCH_EVENTS };
        let mut more = false;
        let mut position = 0;
        while position < self.subscriptions.len() {
            let subscription = &mut self.subscriptions[position];
            let mut left = batch;
            let ended = loop {
                if left == 0 {
                    more = true;
                    if let Some(pace) = &mut self.pace {
                        pace.has_taken();
                    }
                    break false;
                }
                match subscription.receiver.poll_recv(cx) {
                    Poll::Ready(Some(event)) => {
                        left -= 1;
                        record(&mut self.ledger, subscription, &event);
                    }
                    Poll::Ready(None) => break true,
                    Poll::Pending => break false,
                }
            };
            if ended {
                more = true;
                self.forget(position);
            } else if more {
                // Companions come last: a fence counts once everything before it was taken.
                break;
            } else {
                position += 1;
            }
        }
        more
    }

    /// Whether it may take another event now; otherwise the task is woken when it may.
    fn is_due(&mut self, cx: &mut Context<'_>) -> bool {
        self.pace.as_mut().is_none_or(|pace| pace.due.as_mut().poll(cx).is_ready())
    }

    fn take_what_waits(&mut self) {
        for subscription in &mut self.subscriptions {
            while let Ok(event) = subscription.receiver.try_recv() {
                record(&mut self.ledger, subscription, &event);
            }
        }
    }

    fn forget(&mut self, position: usize) {
        let gone = self.subscriptions.remove(position);
        if !gone.companion {
            let (lagged, resumed) = (gone.receiver.lagged(), gone.receiver.resumed());
            self.ledger.ended(lagged, resumed, !self.tearing_down);
        }
    }

    async fn obey(&mut self, order: SubscriberOrder) {
        match order {
            SubscriberOrder::Subscribe { id } => self.subscribe(id).await,
            SubscriberOrder::Unsubscribe { id } => {
                let own = self.spec().subscription.subscriber_id.clone();
                self.unsubscribe(id, own).await;
                self.drop_companion().await;
            }
            SubscriberOrder::UnsubscribeUnknown { id } => {
                self.unsubscribe(id, "nobody-has-this-id".to_owned()).await;
            }
            SubscriberOrder::DropReceiver { id } => {
                let call_ns = monotonic_ns();
                while !self.subscriptions.is_empty() {
                    self.forget(0);
                }
                self.operated(id, call_ns, "ok");
            }
            SubscriberOrder::Read { id, reading } => {
                let call_ns = monotonic_ns();
                self.reading = reading;
                self.operated(id, call_ns, "ok");
            }
            SubscriberOrder::Phase { phase } => {
                let total = self.ledger.begin(phase);
                self.link.tell(&Notice::Phased { subscriber: self.index, total });
            }
            SubscriberOrder::Drain { by_case } => {
                self.reading = true;
                self.pace = None;
                self.draining = true;
                self.tearing_down = !by_case;
                self.link.tell(&Notice::Draining { subscriber: self.index });
            }
            SubscriberOrder::Grant { .. } | SubscriberOrder::Finish => {}
        }
    }

    async fn subscribe(&mut self, id: u64) {
        let bus = Arc::clone(&self.bus);
        let asked = self.spec().subscription.clone();
        let call_ns = monotonic_ns();
        let result = self.meanwhile(bus.subscribe(asked)).await;
        let return_ns = monotonic_ns();
        let outcome = subscribe_code(&result).to_owned();
        if let Ok(receiver) = result {
            let number = self.subscribed;
            self.subscribed += 1;
            self.subscriptions.push(Subscription { receiver, number, companion: false });
            self.add_companion(number).await;
            self.add_idle().await;
        }
        self.link.tell(&Notice::Operated { id, call_ns, return_ns, outcome });
    }

    /// Where no fence can pass the subscription itself, a companion of the same connection
    /// carries it.
    async fn add_companion(&mut self, number: u16) {
        let Some(asked) = self.companion() else { return };
        let bus = Arc::clone(&self.bus);
        match self.meanwhile(bus.subscribe(asked)).await {
            Ok(receiver) => {
                self.subscriptions.push(Subscription { receiver, number, companion: true });
            }
            Err(cause) => {
                self.link.tell(&Notice::Failed { reason: format!("companion: {cause}") });
            }
        }
    }

    /// The subscriptions beside its own that nothing matches, where the case has any.
    async fn add_idle(&mut self) {
        let own = self.spec().subscription.subscriber_id.clone();
        let (first, wanted) = self.idle_numbers();
        for number in first..first + wanted {
            let asked = EventSubscription::new(format!("{own}{IDLE_SUFFIX}{number}"))
                .with_pattern(idle_pattern(number))
                .with_capacity(IDLE_CAPACITY);
            let bus = Arc::clone(&self.bus);
            match self.meanwhile(bus.subscribe(asked)).await {
                Ok(receiver) => self.idle.push(receiver),
                Err(cause) => {
                    let reason = format!("idle subscription {number}: {cause}");
                    return self.link.tell(&Notice::Failed { reason });
                }
            }
        }
    }

    /// Number of its first idle subscription, after those of all before it, and how many it has.
    fn idle_numbers(&self) -> (usize, usize) {
        let all = &self.assignment.case.topology.subscribers;
        let before = all[..self.index].iter().map(|spec| spec.idle_subscriptions).sum();
        (before, self.spec().idle_subscriptions)
    }

    async fn drop_companion(&mut self) {
        if let Some(asked) = self.companion() {
            let bus = Arc::clone(&self.bus);
            // Unknown when the subscription itself was refused; then there is nothing to end.
            let _ = self.meanwhile(bus.unsubscribe(&asked.subscriber_id)).await;
        }
    }

    fn companion(&self) -> Option<EventSubscription> {
        crate::driver::fencing::companion(&self.assignment.case, self.index)
    }

    async fn unsubscribe(&mut self, id: u64, subscriber_id: String) {
        let bus = Arc::clone(&self.bus);
        let call_ns = monotonic_ns();
        let result = self.meanwhile(bus.unsubscribe(&subscriber_id)).await;
        self.operated(id, call_ns, unsubscribe_code(&result));
    }

    /// Waits for an operation and goes on receiving: a full queue must not hold it up.
    async fn meanwhile<T>(&mut self, operation: impl Future<Output = T>) -> T {
        let mut operation = pin!(operation);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(output) = operation.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            if self.poll_events(cx) {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await
    }

    fn operated(&self, id: u64, call_ns: u64, outcome: &str) {
        let return_ns = monotonic_ns();
        let outcome = outcome.to_owned();
        self.link.tell(&Notice::Operated { id, call_ns, return_ns, outcome });
    }

    fn tell_when_drained(&mut self) {
        if self.draining && self.subscriptions.is_empty() {
            self.draining = false;
            self.link.tell(&Notice::Drained { subscriber: self.index });
        }
    }

    async fn close(&mut self) {
        self.tearing_down = true;
        self.idle.clear();
        while !self.subscriptions.is_empty() {
            self.forget(0);
        }
        // A second shutdown of a bus that is down already succeeds (C13).
        let _ = self.bus.shutdown(super::CLOSE_LIMIT).await;
    }

    fn spec(&self) -> &crate::plan::SubscriberSpec {
        &self.assignment.case.topology.subscribers[self.index]
    }
}

fn record(ledger: &mut Ledger, subscription: &Subscription, event: &BusEvent) {
    if subscription.companion {
        // Not an arrival on the subscription under test: it says that the fence has passed.
        ledger.companion(event);
        return;
    }
    let position = subscription.receiver.position();
    ledger.received(event, subscription.number, position);
}
