//! A comparison of two buses as an instrument would record it, with nothing wrong in it: what the
//! corpus doctors.
//!
//! One publisher, one subscriber, a thousand events; ten blocks of trials in which both buses are
//! alike but for a little noise. All of it follows from the number of the event or block.

use daemoneye_eventbus::{
    EventBusStatistics, EventKind, EventSubscription, SubscriptionStatistics,
};

use super::notes::{published, received, subscribed};
use super::struck::Struck;
use crate::check::{Planned, PlannedAttributes};
use crate::gate::{Block, Evidence, Side, order};
use crate::plan::{Bus, Case, Fence, Lane, Phase, PublisherSpec, SubscriberSpec, TrialKind};
use crate::record::{
    History, Latency, PublisherLog, Resumption, SubscriberLog, TearDown, Trial, TrialFigures,
    Validity,
};

/// Events in the history, as many as the public project compares ten of.
const EVENTS: u64 = 1000;
/// Blocks of trials: enough that one odd block does not decide.
const BLOCKS: u32 = 10;
/// Where every event goes.
const TOPIC: &str = "events.process.lifecycle";
/// What is measured of either bus, before noise.
const THROUGHPUT_PER_S: f64 = 1_000_000.0;
const P99_NS: u64 = 50_000;
const MEMORY_BYTES: f64 = 8_000_000.0;
/// Samples of a latency; 10 000 are needed for a 99th percentile.
const SAMPLES: u64 = 20_000;

/// Two buses on one case, everything recorded; and the candidate on a case that no other bus can run.
#[derive(Debug, Clone)]
pub(super) struct Recorded {
    pub(super) case: Case,
    pub(super) baseline: History,
    pub(super) candidate: History,
    /// Trials at saturation: throughput.
    pub(super) saturated: Evidence,
    /// Trials at a fixed rate: latency and memory.
    pub(super) paced: Evidence,
    /// The candidate where somebody is cut off.
    pub(super) struck: Struck,
}

/// Every event is the same but for its number.
#[derive(Debug)]
pub(super) struct Alike;

impl Planned for Alike {
    fn attributes(&self, _publisher: usize, _sequence: u64) -> Option<PlannedAttributes> {
        Some(PlannedAttributes {
            topic: TOPIC.into(),
            kind: EventKind::Process,
            pid: Some(1),
            priority: None,
            source: "p0".into(),
            metadata: Vec::new(),
            correlation: None,
        })
    }
}

impl Recorded {
    /// Both buses keep every promise and measure alike.
    pub(super) fn right() -> Self {
        let history = history();
        Self {
            case: case(),
            baseline: history.clone(),
            candidate: history,
            saturated: evidence(TrialKind::Saturation),
            paced: evidence(TrialKind::Paced),
            struck: Struck::right(),
        }
    }
}

fn case() -> Case {
    let subscription = EventSubscription::new("s0").with_pattern("events.#");
    let (publisher, subscriber) = (PublisherSpec::bare("p0"), SubscriberSpec::bare(subscription));
    Case {
        phases: vec![Phase::bare("only")],
        ..Case::bare("corpus", vec![publisher], vec![subscriber])
    }
}

fn history() -> History {
    let fence = Fence { subscriber: 0, lane: Lane::Events, number: 1 }.sequence();
    let numbers = || (1..=EVENTS).chain([fence]).zip(1..);
    let published = numbers().map(|(sequence, place)| published(sequence, place)).collect();
    let received = numbers().map(|(sequence, place)| received(sequence, place)).collect();
    let statistics = statistics();
    History {
        touched: Vec::new(),
        publishers: vec![PublisherLog {
            name: "p0".to_owned(),
            published,
            resumed: Resumption::default(),
        }],
        subscribers: vec![SubscriberLog {
            name: "s0".to_owned(),
            received,
            ..SubscriberLog::default()
        }],
        operations: vec![subscribed(0)],
        statistics: Some(statistics.clone()),
        statistics_samples: vec![statistics],
    }
}

fn statistics() -> EventBusStatistics {
    let all = EVENTS + 1;
    EventBusStatistics {
        events_published: all,
        events_delivered: all,
        active_subscribers: 1,
        subscriptions: vec![SubscriptionStatistics {
            subscriber_id: "s0".to_owned(),
            matched: all,
            delivered: all,
            ..SubscriptionStatistics::default()
        }],
        ..EventBusStatistics::default()
    }
}

fn evidence(kind: TrialKind) -> Evidence {
    let mut evidence = Evidence::new("corpus".to_owned(), Bus::Crossbeam, Bus::Process);
    for number in 0..BLOCKS {
        let order = order(1, number);
        let trials = order.map(|side| {
            let noise_percent = match side {
                Side::Baseline => 0,
                Side::Candidate => number % 3,
            };
            trial(kind, evidence.bus(side), figures(kind, noise_percent))
        });
        evidence.blocks.push(Block { order, trials, host_busy: None, redone: false });
    }
    evidence
}

fn figures(kind: TrialKind, noise_percent: u32) -> TrialFigures {
    let noise = 1.0 + 0.01 * f64::from(noise_percent);
    if kind == TrialKind::Saturation {
        let throughput_per_s = Some(THROUGHPUT_PER_S * noise);
        return TrialFigures { throughput_per_s, ..TrialFigures::default() };
    }
    let latency = Latency { samples: SAMPLES, ..Latency::default() };
    let mut figures = TrialFigures {
        latency: Some(latency),
        memory_bytes: Some(MEMORY_BYTES * noise),
        ..TrialFigures::default()
    };
    set_latency(&mut figures, P99_NS + P99_NS / 100 * u64::from(noise_percent));
    figures
}

/// Sets a latency; its median lies at half its 99th percentile.
pub(super) fn set_latency(figures: &mut TrialFigures, p99_ns: u64) {
    if let Some(latency) = &mut figures.latency {
        latency.p99_ns = p99_ns;
        latency.p50_ns = p99_ns / 2;
    }
}

fn trial(kind: TrialKind, bus: Bus, figures: TrialFigures) -> Trial {
    Trial {
        case: "corpus".to_owned(),
        bus: Some(bus),
        void_of: None,
        kind,
        seed: 1,
        validity: Validity::Valid,
        figures,
        delivered: Vec::new(),
        processes: Vec::new(),
        tear_down: TearDown::default(),
    }
}
