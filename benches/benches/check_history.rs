//! How long does it take to judge a million arrivals? (METHOD §5: about a second.)
//!
//! 250 000 events of two publishers, four subscribers, one of them with a filter per event.

use std::hint::black_box;

use bytestring::ByteString;
use criterion::{Criterion, criterion_group, criterion_main};
use daemoneye_eventbus::{EventFilter, EventKind, EventSubscription};
use equivalence::check::{Planned, PlannedAttributes, Verdict, check};
use equivalence::plan::{
    Bus, BusSettings, Case, Correlate, Expectation, Operation, Phase, PublisherSpec, Reading,
    SubscriberSpec, Topology, TrialKind,
};
use equivalence::record::{
    FENCE, History, Operated, Outcome, Published, PublisherLog, Received, SubscriberLog,
};

/// Events per publisher: 250 000 in all, a million arrivals at four subscribers.
const EVENTS: u64 = 125_000;
const PUBLISHERS: usize = 2;
const SUBSCRIBERS: usize = 4;

struct Plan {
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

fn case() -> Case {
    let publisher = |index| PublisherSpec {
        table: 0,
        name: format!("p{index}"),
        mix: Vec::new(),
        correlate: Correlate::Fresh,
    };
    let subscriber = |index| {
        let mut subscription = EventSubscription::new(format!("s{index}")).with_pattern("events.#");
        if index == 0 {
            let event_types = vec![EventKind::Process, EventKind::Network];
            let filter = EventFilter { event_types, ..EventFilter::default() };
            subscription = subscription.with_event_filter(filter);
        }
        SubscriberSpec {
            name: format!("s{index}"),
            subscription,
            reading: Reading::Prompt,
            pace_per_s: None,
            from_start: true,
        }
    };
    let phase = Phase {
        name: "only".to_owned(),
        publish: Vec::new(),
        actions: Vec::new(),
        idle_ms: 0,
        fence: true,
        measured: false,
    };
    Case {
        id: "bench".to_owned(),
        scenario: "bench".to_owned(),
        summary: String::new(),
        wild: false,
        claims: Vec::new(),
        kind: TrialKind::Behaviour,
        topology: Topology {
            bus: BusSettings::default(),
            publishers: (0..PUBLISHERS).map(publisher).collect(),
            subscribers: (0..SUBSCRIBERS).map(subscriber).collect(),
        },
        phases: vec![phase],
        expect: Expectation::default(),
        not_applicable: Vec::new(),
        divergences: Vec::new(),
        budget_ms: 60_000,
        seed: 1,
    }
}

/// A right history: the publishers take turns, a fence for each subscriber ends it.
fn history() -> History {
    let mut history = History {
        publishers: (0..PUBLISHERS)
            .map(|index| PublisherLog { name: format!("p{index}"), published: Vec::new() })
            .collect(),
        subscribers: (0..SUBSCRIBERS)
            .map(|index| SubscriberLog { name: format!("s{index}"), ..SubscriberLog::default() })
            .collect(),
        operations: (0_u64..).zip(0..SUBSCRIBERS).map(subscribed).collect(),
        ..History::default()
    };
    let fences = (0..SUBSCRIBERS as u64).map(|index| FENCE | index);
    let mut now_ns = 1_000;
    for sequence in (1..=EVENTS).chain(fences) {
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

fn a_million_arrivals(criterion: &mut Criterion) {
    let topics = ["events.process.lifecycle", "events.process.metadata"];
    let plan = Plan { topics: topics.map(ByteString::from_static) };
    let (case, history) = (case(), history());
    let report = check(&case, Bus::Crossbeam, &history, &plan);
    assert_eq!(report.verdict(), Verdict::Pass, "a right history is judged");
    let mut group = criterion.benchmark_group("check_history");
    group.sample_size(10);
    group.bench_function("a_million_arrivals", |bencher| {
        bencher.iter(|| check(black_box(&case), Bus::Crossbeam, black_box(&history), &plan));
    });
    group.finish();
}

criterion_group!(benches, a_million_arrivals);
criterion_main!(benches);
