//! What cases are written with: publishers that number their events, listeners that know what they
//! expect, and a watchdog around every wait.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{Ending, Fixture, Traits, events};
use crate::contract::{SubscriptionStatistics, TryRecvError};
use crate::{
    BusEvent, ByteString, CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics,
    EventReceiver, EventSubscription, PublishError, SubscribeError, Topic,
};

/// How long a single step may take before it counts as hung. Far above what any step needs, also
/// on a loaded machine.
pub const WATCHDOG: Duration = Duration::from_secs(20);

/// What went wrong, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Fails with a sentence unless a condition holds.
pub(super) fn ensure(holds: bool, sentence: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure(sentence())) }
}

/// Fails unless two values are equal, and shows both.
pub(super) fn ensure_eq<T: PartialEq + fmt::Debug>(
    what: &str,
    found: &T,
    expected: &T,
) -> Result<(), Failure> {
    ensure(found == expected, || format!("{what}: found {found:?}, expected {expected:?}"))
}

/// A step under the watchdog.
pub(super) async fn within<T>(step: &str, future: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::time::timeout(WATCHDOG, future)
        .await
        .map_err(|_| Failure(format!("{step} did not end within {WATCHDOG:?}")))
}

/// The bus of one case.
pub struct Stage {
    fixture: Arc<dyn Fixture>,
    traits: Traits,
    /// Kept until the case ends: a handle that is dropped takes its subscriptions with it.
    handles: Mutex<Vec<Arc<dyn EventBus>>>,
}

/// Publishes numbered events under a name of its own.
pub struct Publisher {
    bus: Arc<dyn EventBus>,
    name: ByteString,
    sent: u64,
}

/// Receives the events of one subscription.
pub struct Listener {
    id: String,
    receiver: EventReceiver,
}

/// Which event of which publisher: its source and the source's number.
pub(super) type Origin = (String, u64);

pub(super) fn origin(event: &BusEvent) -> Origin {
    let header = event.event.header();
    (header.source.to_string(), header.source_sequence)
}

impl Stage {
    pub(super) fn new(fixture: Arc<dyn Fixture>, traits: Traits) -> Self {
        Self { fixture, traits, handles: Mutex::default() }
    }

    pub(super) fn traits(&self) -> Traits {
        self.traits
    }

    pub(super) async fn handle(&self, name: &str) -> Result<Arc<dyn EventBus>, Failure> {
        let step = format!("opening handle {name}");
        let handle = within(&step, self.fixture.handle(name)).await?;
        self.handles.lock().push(Arc::clone(&handle));
        Ok(handle)
    }

    /// Shuts the whole bus down.
    pub(super) async fn end(&self, deadline: Duration) -> Result<Ending, Failure> {
        within("shutdown of the whole bus", self.fixture.end(deadline)).await
    }

    /// A publisher with a handle of its own.
    pub(super) async fn publisher(&self, name: &str) -> Result<Publisher, Failure> {
        Ok(Publisher::new(self.handle(name).await?, name))
    }

    /// A listener with a handle of its own.
    pub(super) async fn listen(
        &self,
        subscription: EventSubscription,
    ) -> Result<Listener, Failure> {
        let bus = self.handle(&format!("of-{}", subscription.subscriber_id)).await?;
        listen_on(&*bus, subscription).await
    }

    /// A listener to patterns, with the usual capacity and policy.
    pub(super) async fn listen_to(&self, id: &str, patterns: &[&str]) -> Result<Listener, Failure> {
        self.listen(subscription(id, patterns)).await
    }
}

/// A subscription to patterns.
pub(super) fn subscription(id: &str, patterns: &[&str]) -> EventSubscription {
    patterns
        .iter()
        .fold(EventSubscription::new(id), |subscription, text| subscription.with_pattern(*text))
}

/// A listener on a given handle.
pub(super) async fn listen_on(
    bus: &dyn EventBus,
    subscription: EventSubscription,
) -> Result<Listener, Failure> {
    let id = subscription.subscriber_id.clone();
    match try_subscribe(bus, subscription).await? {
        Ok(receiver) => Ok(Listener { id, receiver }),
        Err(error) => Err(Failure(format!("subscribing {id}: {error}"))),
    }
}

/// The answer to a subscription, refused or not.
pub(super) async fn try_subscribe(
    bus: &dyn EventBus,
    subscription: EventSubscription,
) -> Result<Result<EventReceiver, SubscribeError>, Failure> {
    let step = format!("subscribing {}", subscription.subscriber_id);
    within(&step, bus.subscribe(subscription)).await
}

/// A subscription's refusal; being accepted is the failure.
pub(super) async fn refusal(
    bus: &dyn EventBus,
    subscription: EventSubscription,
) -> Result<SubscribeError, Failure> {
    let said = format!("{subscription:?}");
    match try_subscribe(bus, subscription).await? {
        Ok(_) => Err(Failure(format!("accepted although it must be refused: {said}"))),
        Err(error) => Ok(error),
    }
}

pub(super) async fn unsubscribe(bus: &dyn EventBus, id: &str) -> Result<(), Failure> {
    let ended = within(&format!("unsubscribing {id}"), bus.unsubscribe(id)).await?;
    ended.map_err(|error| Failure(format!("unsubscribing {id}: {error}")))
}

pub(super) async fn statistics(bus: &dyn EventBus) -> Result<EventBusStatistics, Failure> {
    let answer = within("asking for statistics", bus.statistics()).await?;
    answer.map_err(|error| Failure(format!("asking for statistics: {error}")))
}

/// Waits until everything published on a handle has reached the bus, whether or not it can be
/// delivered: a bus answers in order. Where events travel, a request may overtake those that still
/// wait beside it, but leaves no later than they do; so the second one comes behind them all.
pub(super) async fn reached(bus: &dyn EventBus) -> Result<(), Failure> {
    statistics(bus).await?;
    statistics(bus).await.map(drop)
}

/// The figures of one subscription.
pub(super) async fn figures(
    bus: &dyn EventBus,
    id: &str,
) -> Result<SubscriptionStatistics, Failure> {
    let all = statistics(bus).await?;
    let own = all.subscriptions.into_iter().find(|own| own.subscriber_id == id);
    own.ok_or_else(|| Failure(format!("statistics do not list subscription {id}")))
}

/// Asks for statistics until they are as expected.
pub(super) async fn settled(
    bus: &dyn EventBus,
    what: &str,
    is_expected: impl Fn(&EventBusStatistics) -> bool + Send,
) -> Result<EventBusStatistics, Failure> {
    let mut last = EventBusStatistics::default();
    let asking = async {
        loop {
            last = statistics(bus).await?;
            if is_expected(&last) {
                return Ok(last.clone());
            }
            tokio::task::yield_now().await;
        }
    };
    match within(what, asking).await {
        Ok(answer) => answer,
        Err(Failure(step)) => Err(Failure(format!("{step}; the last figures were {last:?}"))),
    }
}

impl Publisher {
    pub(super) fn new(bus: Arc<dyn EventBus>, name: &str) -> Self {
        Self { bus, name: name.into(), sent: 0 }
    }

    pub(super) fn bus(&self) -> &dyn EventBus {
        &*self.bus
    }

    /// The origin of the event sent last.
    pub(super) fn last(&self) -> Origin {
        (self.name.to_string(), self.sent)
    }

    /// Publishes the next numbered event on a topic; it must succeed.
    pub(super) async fn send(&mut self, topic: &str) -> Result<Origin, Failure> {
        self.send_with(topic, events::process(0), None).await
    }

    /// The same with an event and a correlation of the case's choice.
    pub(super) async fn send_with(
        &mut self,
        topic: &str,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<Origin, Failure> {
        let outcome = self.try_send(topic, event, correlation).await?;
        let origin = self.last();
        outcome.map_err(|error| Failure(format!("publishing {origin:?} on {topic}: {error}")))?;
        Ok(origin)
    }

    /// Publishes several events on one topic.
    pub(super) async fn send_many(
        &mut self,
        topic: &str,
        events: usize,
    ) -> Result<Vec<Origin>, Failure> {
        let mut origins = Vec::with_capacity(events);
        for _ in 0..events {
            origins.push(self.send(topic).await?);
        }
        Ok(origins)
    }

    /// Publishes and returns the outcome. The number is used up either way.
    pub(super) async fn try_send(
        &mut self,
        topic: &str,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<Result<(), PublishError>, Failure> {
        let (topic, event) = self.numbered(topic, event)?;
        let step = format!("publishing {:?} on {topic}", self.last());
        within(&step, self.bus.publish_to(topic, event, correlation)).await
    }

    /// Gives an event this publisher's name and next number.
    pub(super) fn numbered(
        &mut self,
        topic: &str,
        mut event: CollectionEvent,
    ) -> Result<(Topic, CollectionEvent), Failure> {
        let topic = topic.parse().map_err(|error| Failure(format!("topic {topic}: {error}")))?;
        self.sent += 1;
        event.header_mut().source = self.name.clone();
        event.header_mut().source_sequence = self.sent;
        Ok((topic, event))
    }
}

impl Listener {
    /// The next event; none, or the end, is a failure.
    pub(super) async fn next(&mut self) -> Result<Arc<BusEvent>, Failure> {
        let step = format!("{} receiving after position {}", self.id, self.receiver.position());
        let next = within(&step, self.receiver.recv()).await?;
        next.ok_or_else(|| Failure(format!("{} ended instead of receiving", self.id)))
    }

    /// The next event must be this one.
    pub(super) async fn expect(&mut self, expected: &Origin) -> Result<Arc<BusEvent>, Failure> {
        let event = self.next().await?;
        ensure_eq(&format!("next event of {}", self.id), &origin(&event), expected)?;
        Ok(event)
    }

    /// The next events must be these, in this order.
    pub(super) async fn expect_all(&mut self, expected: &[Origin]) -> Result<(), Failure> {
        for one in expected {
            self.expect(one).await?;
        }
        Ok(())
    }

    /// Receives this many events.
    pub(super) async fn take(&mut self, events: usize) -> Result<Vec<Origin>, Failure> {
        let mut origins = Vec::with_capacity(events);
        for _ in 0..events {
            origins.push(origin(&*self.next().await?));
        }
        Ok(origins)
    }

    /// Nothing may be waiting; only meaningful after a fence on the same connection.
    pub(super) fn expect_nothing(&mut self) -> Result<(), Failure> {
        match self.receiver.try_recv() {
            Err(TryRecvError::Empty) => Ok(()),
            Err(TryRecvError::Ended) => Err(Failure(format!("{} ended", self.id))),
            Ok(event) => {
                Err(Failure(format!("{} received {:?}, expected nothing", self.id, origin(&event))))
            }
        }
    }

    /// The receiver must end here.
    pub(super) async fn expect_end(&mut self) -> Result<(), Failure> {
        let step = format!("{} waiting for its end", self.id);
        match within(&step, self.receiver.recv()).await? {
            None => Ok(()),
            Some(event) => {
                Err(Failure(format!("{} received {:?} at its end", self.id, origin(&event))))
            }
        }
    }

    pub(super) fn receiver(&mut self) -> &mut EventReceiver {
        &mut self.receiver
    }
}
