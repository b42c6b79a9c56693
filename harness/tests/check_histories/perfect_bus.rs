//! A simulated bus that keeps every promise, and the history an instrument would record of it.
//!
//! One clock, one routing point per step; calls and returns lie around it, arrivals after it.

use std::collections::HashMap;

use daemoneye_eventbus::{
    ByteString, CorrelationMetadata, EventBusStatistics, EventKind, EventSubscription,
    OverflowPolicy, Priority, SubscriptionStatistics,
};
use equivalence::check::oracle::{self, Match};
use equivalence::check::{Planned, PlannedAttributes};
use equivalence::plan::{Case, Operation, Phase, PublisherSpec, SubscriberSpec};
use equivalence::record::{
    FENCE, History, Operated, Outcome, Published, PublisherLog, Received, SubscriberLog,
};

/// Time between two steps, ns; calls, returns and arrivals lie within a few of them.
const STEP_NS: u64 = 100;

/// The plan of a simulated case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    events: HashMap<(usize, u64), PlannedAttributes>,
    /// Subscribers whose fences a companion carries.
    pub(crate) companions: Vec<usize>,
}

impl Planned for Plan {
    fn attributes(&self, publisher: usize, sequence: u64) -> Option<PlannedAttributes> {
        self.events.get(&(publisher, sequence)).cloned()
    }

    fn has_companion(&self, subscriber: usize) -> bool {
        self.companions.contains(&subscriber)
    }
}

/// A small generator: the same seed gives the same history.
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A case as it happens on the perfect bus.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) case: Case,
    pub(crate) history: History,
    pub(crate) plan: Plan,
    dice: Dice,
    now_ns: u64,
    phase: u32,
    published: u64,
    seats: Vec<Seat>,
}

/// One subscriber as the bus sees it.
#[derive(Debug, Clone, Default)]
struct Seat {
    live: bool,
    instance: Option<u16>,
    counters: SubscriptionStatistics,
}

/// A subscriber that reads promptly, with this subscription.
pub(crate) fn subscriber(subscription: EventSubscription) -> SubscriberSpec {
    SubscriberSpec { from_start: false, ..SubscriberSpec::bare(subscription) }
}

impl World {
    pub(crate) fn new(publishers: usize, subscribers: Vec<SubscriberSpec>, seed: u64) -> Self {
        let publishers = (0..publishers).map(|index| PublisherSpec::bare(format!("p{index}")));
        let publishers: Vec<PublisherSpec> = publishers.collect();
        let history = History {
            publishers: publishers
                .iter()
                .map(|spec| PublisherLog { name: spec.name.clone(), ..PublisherLog::default() })
                .collect(),
            subscribers: subscribers
                .iter()
                .map(|spec| SubscriberLog { name: spec.name.clone(), ..SubscriberLog::default() })
                .collect(),
            ..History::default()
        };
        let seats = vec![Seat::default(); subscribers.len()];
        let case = Case {
            phases: vec![Phase::bare("phase")],
            seed,
            ..Case::bare("simulated", publishers, subscribers)
        };
        let plan = Plan::default();
        let dice = Dice(seed);
        Self { case, history, plan, dice, now_ns: 10_000, phase: 0, published: 0, seats }
    }

    /// Begins the next phase.
    pub(crate) fn next_phase(&mut self) {
        self.phase += 1;
        self.case.phases.push(Phase::bare("phase"));
    }

    /// Lets time pass until no call overlaps another.
    pub(crate) fn rest(&mut self) {
        self.now_ns += 20 * STEP_NS;
    }

    pub(crate) fn subscribe(&mut self, subscriber: usize) {
        let subscription = self.case.topology.subscribers[subscriber].subscription.clone();
        let taken = (0..self.seats.len()).any(|other| {
            let spec = &self.case.topology.subscribers[other].subscription;
            self.seats[other].live && spec.subscriber_id == subscription.subscriber_id
        });
        let outcome = if taken { "duplicate-id" } else { "ok" };
        self.operate(Operation::Subscribe(subscriber), outcome);
        if !taken {
            let seat = &mut self.seats[subscriber];
            seat.live = true;
            seat.instance = Some(seat.instance.map_or(0, |instance| instance + 1));
            seat.counters = SubscriptionStatistics {
                subscriber_id: subscription.subscriber_id,
                ..SubscriptionStatistics::default()
            };
            self.history.subscribers[subscriber].ended = false;
        }
    }

    pub(crate) fn unsubscribe(&mut self, subscriber: usize) {
        let live = std::mem::replace(&mut self.seats[subscriber].live, false);
        self.operate(Operation::Unsubscribe(subscriber), if live { "ok" } else { "unknown" });
        self.history.subscribers[subscriber].ended |= live;
    }

    pub(crate) fn drop_receiver(&mut self, subscriber: usize) {
        self.seats[subscriber].live = false;
        self.operate(Operation::DropReceiver(subscriber), "ok");
    }

    pub(crate) fn shutdown(&mut self) {
        self.operate(Operation::Shutdown(1_000), "ok");
        for (seat, log) in self.seats.iter_mut().zip(&mut self.history.subscribers) {
            log.ended |= std::mem::replace(&mut seat.live, false);
        }
    }

    /// Publishes the publisher's next event; returns its sequence.
    pub(crate) fn publish(&mut self, publisher: usize, topic: &str, outcome: Outcome) -> u64 {
        let log = &self.history.publishers[publisher].published;
        let sequence = 1 + log.iter().filter(|one| one.sequence & FENCE == 0).count() as u64;
        let correlation = (publisher % 2 == 1).then(|| step(publisher, sequence));
        let attributes = PlannedAttributes {
            topic: topic.into(),
            kind: EventKind::Process,
            pid: Some(1_000 + u32::try_from(sequence).expect("few events")),
            priority: [None, Some(Priority::Low), Some(Priority::High)]
                [usize::try_from(sequence % 3).expect("below 3")],
            source: format!("p{publisher}").into(),
            metadata: vec![("parity".into(), (sequence % 2).to_string().into())],
            correlation,
        };
        self.send(publisher, sequence, attributes, outcome);
        sequence
    }

    /// Delivers an event of before to one subscriber that has just come.
    pub(crate) fn recall(&mut self, subscriber: usize, publisher: usize, sequence: u64) {
        let attributes = self.plan.events[&(publisher, sequence)].clone();
        let mut published = self.history.publishers[publisher].published.iter();
        let digest = published.find(|one| one.sequence == sequence).expect("published").digest;
        self.deliver(subscriber, publisher, sequence, &attributes, digest);
    }

    /// Fences one subscriber through one publisher, on a topic that its patterns match.
    pub(crate) fn fence(&mut self, publisher: usize, subscriber: usize, topic: &str) {
        let attributes = PlannedAttributes {
            topic: topic.into(),
            kind: EventKind::Process,
            pid: Some(1),
            priority: Some(Priority::Critical),
            source: format!("p{publisher}").into(),
            metadata: vec![("parity".into(), "0".into())],
            correlation: Some(step(publisher, 0)),
        };
        let lane = u64::from(!topic.starts_with("events")) << 40;
        let sequence = FENCE | lane | (u64::from(self.phase) << 16) | subscriber as u64;
        self.send(publisher, sequence, attributes, Outcome::Ok);
    }

    /// Samples the counters, and keeps them as the final ones so far.
    pub(crate) fn sample(&mut self) {
        let rows: Vec<SubscriptionStatistics> =
            self.seats.iter().filter(|seat| seat.live).map(|seat| seat.counters.clone()).collect();
        let statistics = EventBusStatistics {
            refused: 0,
            events_published: self.published,
            events_delivered: rows.iter().map(|row| row.delivered).sum(),
            events_dropped: rows.iter().map(|row| row.dropped).sum(),
            active_subscribers: rows.len(),
            uptime: std::time::Duration::from_nanos(self.now_ns),
            subscriptions: rows,
        };
        if let Some(before) = self.history.statistics.replace(statistics.clone()) {
            let kept = self.history.statistics.as_mut().expect("just set");
            kept.events_delivered = kept.events_delivered.max(before.events_delivered);
            kept.events_dropped = kept.events_dropped.max(before.events_dropped);
        }
        self.history.statistics_samples.push(self.history.statistics.clone().expect("just set"));
    }

    /// Records an operation as ended as it must.
    pub(crate) fn operate(&mut self, operation: Operation, outcome: &str) {
        self.now_ns += STEP_NS;
        let at_start = self.now_ns < 10_000 + 20 * STEP_NS && self.published == 0;
        let subscribes = matches!(operation, Operation::Subscribe(_));
        let last = self.history.operations.last().map_or(0, |operated| operated.return_ns);
        self.history.operations.push(Operated {
            operation,
            phase: if at_start && subscribes { u32::MAX } else { self.phase },
            call_ns: (self.now_ns - self.dice.roll(4 * STEP_NS)).max(last + 1).min(self.now_ns),
            return_ns: self.now_ns + self.dice.roll(STEP_NS / 2),
            outcome: outcome.to_owned(),
            expect: outcome.to_owned(),
        });
    }

    fn send(
        &mut self,
        publisher: usize,
        sequence: u64,
        attributes: PlannedAttributes,
        outcome: Outcome,
    ) {
        self.now_ns += STEP_NS;
        let log = &mut self.history.publishers[publisher].published;
        let last = log.last().map_or(0, |one| one.return_ns);
        let digest = 1 + ((publisher as u64) << 40 | (sequence ^ 0xABCD));
        log.push(Published {
            sequence,
            phase: self.phase,
            call_ns: (self.now_ns - self.dice.roll(4 * STEP_NS)).max(last + 1),
            return_ns: self.now_ns + self.dice.roll(STEP_NS / 2),
            outcome,
            digest,
        });
        if outcome == Outcome::Ok {
            self.published += 1;
            for subscriber in 0..self.seats.len() {
                self.deliver(subscriber, publisher, sequence, &attributes, digest);
            }
        }
        self.plan.events.insert((publisher, sequence), attributes);
    }

    fn deliver(
        &mut self,
        subscriber: usize,
        publisher: usize,
        sequence: u64,
        attributes: &PlannedAttributes,
        digest: u64,
    ) {
        let subscription = &self.case.topology.subscribers[subscriber].subscription;
        let seat = &mut self.seats[subscriber];
        if !seat.live || oracle::matches(subscription, attributes) != Match::Yes {
            return;
        }
        let log = &mut self.history.subscribers[subscriber];
        seat.counters.matched += 1;
        if subscription.policy != OverflowPolicy::Block && self.dice.roll(3) == 0 {
            seat.counters.dropped += 1;
            log.lagged += 1;
            return;
        }
        seat.counters.delivered += 1;
        let last = log.received.last().map_or(0, |received| received.receive_ns);
        log.received.push(Received {
            publisher: u16::try_from(publisher).expect("few publishers"),
            subscription: seat.instance.expect("live"),
            sequence,
            receive_ns: (self.now_ns + self.dice.roll(6 * STEP_NS)).max(last),
            position: seat.counters.matched,
            digest,
            correlation: 7 + ((publisher as u64) << 32 | (sequence & 0xFFFF_FFFF)),
            is_root: attributes.correlation.is_none(),
        });
    }
}

fn step(publisher: usize, sequence: u64) -> CorrelationMetadata {
    let mut metadata = CorrelationMetadata::root(format!("p{publisher}"))
        .child(format!("p{publisher}-{sequence}"));
    metadata.tags.push((ByteString::from("publisher"), format!("p{publisher}").into()));
    metadata
}
