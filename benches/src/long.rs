//! A right history of any length: publishers take turns, every subscriber receives every event, a
//! fence for each subscriber ends it. One subscriber has a filter per event.

use bytestring::ByteString;
use daemoneye_eventbus::{EventFilter, EventKind, EventSubscription};
use equivalence::check::{Planned, PlannedAttributes};
use equivalence::plan::{Bus, Case, Operation, Phase, PublisherSpec, SubscriberSpec};
use equivalence::record::{
    FENCE, History, Operated, Outcome, Published, PublisherLog, Received, SubscriberLog,
};

/// The bus it is a history of: one whose publishers wait, so that every check has work.
pub const BUS: Bus = Bus::Crossbeam;
/// Publishers, which share the events evenly.
const PUBLISHERS: usize = 2;

/// A case, what was planned in it, and what happened.
pub struct Long {
    /// The case.
    pub case: Case,
    /// Its plan.
    pub plan: Plan,
    /// Its history.
    pub history: History,
}

impl Long {
    /// So many events, each received by so many subscribers.
    pub fn new(events: u64, subscribers: usize) -> Self {
        let topics = ["events.process.lifecycle", "events.process.metadata"];
        let plan = Plan { topics: topics.map(ByteString::from_static) };
        let history = history(events / PUBLISHERS as u64, subscribers);
        Self { case: case(subscribers), plan, history }
    }

    /// Publishes, fences included.
    pub fn publishes(&self) -> usize {
        self.history.publishers.iter().map(|log| log.published.len()).sum()
    }

    /// Arrivals, fences included.
    pub fn arrivals(&self) -> usize {
        self.history.subscribers.iter().map(|log| log.received.len()).sum()
    }
}

/// What was planned: it knows every event by its number.
pub struct Plan {
    topics: [ByteString; PUBLISHERS],
}

impl Planned for Plan {
    fn attributes(&self, publisher: usize, sequence: u64) -> Option<PlannedAttributes> {
        Some(PlannedAttributes {
            topic: self.topics[publisher].clone(),
            kind: EventKind::Process,
            pid: u32::try_from(sequence & !FENCE).ok(),
            priority: None,
            source: ByteString::from_static("p"),
            metadata: Vec::new(),
            correlation: None,
        })
    }
}

fn case(subscribers: usize) -> Case {
    let publishers = (0..PUBLISHERS).map(|index| PublisherSpec::bare(format!("p{index}")));
    let subscriber = |index| {
        let mut subscription = EventSubscription::new(format!("s{index}")).with_pattern("events.#");
        if index == 0 {
            let event_types = vec![EventKind::Process, EventKind::Network];
            let filter = EventFilter { event_types, ..EventFilter::default() };
            subscription = subscription.with_event_filter(filter);
        }
        SubscriberSpec::bare(subscription)
    };
    let subscribers = (0..subscribers).map(subscriber).collect();
    Case {
        phases: vec![Phase::bare("only")],
        ..Case::bare("bench", publishers.collect(), subscribers)
    }
}

fn history(events: u64, subscribers: usize) -> History {
    // No room is left over: who measures memory wants the records and nothing else.
    let publishes = usize::try_from(events).expect("it fits this machine") + subscribers;
    let publisher = |index| PublisherLog {
        name: format!("p{index}"),
        published: Vec::with_capacity(publishes),
        ..PublisherLog::default()
    };
    let subscriber = |index| SubscriberLog {
        name: format!("s{index}"),
        received: Vec::with_capacity(publishes * PUBLISHERS),
        ..SubscriberLog::default()
    };
    let mut history = History {
        publishers: (0..PUBLISHERS).map(publisher).collect(),
        subscribers: (0..subscribers).map(subscriber).collect(),
        operations: (0_u64..).zip(0..subscribers).map(subscribed).collect(),
        ..History::default()
    };
    let fences = (0..subscribers as u64).map(|index| FENCE | index);
    let mut now_ns = 1_000;
    for sequence in (1..=events).chain(fences) {
        for publisher in 0..PUBLISHERS {
            now_ns += 1_000;
            send(&mut history, publisher, sequence, now_ns);
        }
    }
    history
}

fn subscribed((at_ns, index): (u64, usize)) -> Operated {
    Operated {
        operation: Operation::Subscribe(index),
        phase: u32::MAX,
        call_ns: at_ns,
        return_ns: at_ns,
        outcome: "ok".to_owned(),
        expect: "ok".to_owned(),
    }
}

fn send(history: &mut History, publisher: usize, sequence: u64, now_ns: u64) {
    let digest = sequence << 1 | publisher as u64;
    history.publishers[publisher].published.push(Published {
        sequence,
        phase: 0,
        call_ns: now_ns,
        return_ns: now_ns + 500,
        outcome: Outcome::Ok,
        digest,
    });
    for log in &mut history.subscribers {
        log.received.push(Received {
            publisher: u16::try_from(publisher).expect("two publishers"),
            subscription: 0,
            sequence,
            receive_ns: now_ns + 900,
            position: log.received.len() as u64 + 1,
            digest,
            correlation: digest,
            is_root: true,
        });
    }
}
