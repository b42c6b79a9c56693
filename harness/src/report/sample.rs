//! A small run for the tests of this room: two cases, nothing wrong.

use daemoneye_eventbus::hops::Hop;

use super::{
    Behaviour, BehaviourRow, CurveRow, Demanded, FORMAT, Host, LeftBehind, PerformanceRow, Run,
    Witness,
};
use crate::check::{Colour, Difference, Subject};
use crate::gate::{
    Basis, BlockRatios, Bounds, CurveLine, CurvePoint, Direction, Estimate, Exponent, Growth,
    Interval, Judgement, Knee, Limit, Missed, Quantile, Spread, Verdict, WhyMissed,
};
use crate::plan::gates::Metric;
use crate::plan::ledger::{Criterion, Proof};
use crate::plan::{Asks, Axis, Bus, Scale};
use crate::record::{HopTimes, TearDown, TracedTrial, Validity};

/// Two passing gates and one passing behaviour case on each bus.
pub(crate) fn run() -> Run {
    Run {
        command: "cargo xtask equivalence --profile pr --seed 7".to_owned(),
        format: FORMAT,
        revision: "abc123".to_owned(),
        host: Host {
            system: "linux".to_owned(),
            architecture: "x86_64".to_owned(),
            kernel: "6.1".to_owned(),
            cpu: "Fast 9000".to_owned(),
            cores: 2,
            memory_bytes: Some(4 << 30),
            governor: "unknown".to_owned(),
            allocator: "system".to_owned(),
        },
        seed: 7,
        profile: "pr".to_owned(),
        baseline: Bus::Crossbeam,
        baseline_revision: None,
        candidates: vec![Bus::Process],
        demanded: demanded(),
        started_unix_s: 1_000,
        finished_unix_s: 1_060,
        calibration: vec!["events are shared, not cloned".to_owned()],
        behaviour: vec![passing(Bus::Crossbeam), passing(Bus::Process)],
        performance: vec![throughput(), latency()],
        evidence: Vec::new(),
        traced: Vec::new(),
        curves: Vec::new(),
        criteria: criteria(),
        left_behind: Vec::new(),
        infrastructure: Vec::new(),
        interrupted: None,
        not_run: None,
    }
}

/// What its two gates demand.
fn demanded() -> Vec<Demanded> {
    vec![Demanded { bus: Bus::Process, metrics: vec![Metric::Throughput, Metric::LatencyP99] }]
}

fn again() -> String {
    "equivalence --scenario perf --candidate process".to_owned()
}

/// One criterion of each sort that people read: a number, a ratio, a figure, and what a bench shows.
fn criteria() -> Vec<Criterion> {
    let criterion = |id: &str, asks: &str, proof| Criterion {
        id: id.to_owned(),
        asks: asks.to_owned(),
        source: "a document".to_owned(),
        buses: Vec::new(),
        system: None,
        proofs: vec![proof],
    };
    let (saturation, paced) = (throughput().case, latency().case);
    let order = Proof::Claim {
        number: "C4".to_owned(),
        is_reported: true,
        cases: vec![passing(Bus::Process).case],
    };
    let gate = Proof::Gate { metric: Metric::Throughput, limit: 0.8, cases: vec![saturation] };
    let budget = Proof::Budget { metric: Metric::LatencyP99, limit: 1e6, cases: vec![paced] };
    let bench = Proof::Bench { command: "cargo bench --bench topic_match".to_owned() };
    vec![
        criterion("order", "Order is kept.", order),
        criterion("matching", "A match takes below 100 µs.", bench),
        criterion("throughput", "At least 80 % of the throughput.", gate),
        criterion("tail", "A p99 below 1 ms.", budget),
    ]
}

pub(crate) fn passing(bus: Bus) -> BehaviourRow {
    BehaviourRow {
        case: "ordering/one".to_owned(),
        bus,
        outcome: Behaviour::Pass,
        violations: Vec::new(),
        timeline: None,
        divergences: Vec::new(),
        differences: Vec::new(),
        unsteady: Vec::new(),
        checked: Vec::new(),
        reached: Vec::new(),
        published: 100,
        received: 100,
        topics: Vec::new(),
        processes: Vec::new(),
        kept_in: None,
        rerun: format!("equivalence --scenario ordering/one --candidate {}", bus.as_str()),
    }
}

/// A case that holds, and in which the bus does otherwise than the baseline.
pub(crate) fn differing(bus: Bus) -> BehaviourRow {
    let difference = Difference {
        colour: Colour::Undecided,
        subject: Subject::Operations,
        sentence: "one did more".to_owned(),
        unsteady: false,
    };
    BehaviourRow { differences: vec![difference], ..passing(bus) }
}

/// A case that broke C4.
pub(crate) fn failing(bus: Bus) -> BehaviourRow {
    let witness = Witness {
        rule: "C4".to_owned(),
        sentence: "s0 received p0#18 before p0#17".to_owned(),
        subscriber: Some("s0".to_owned()),
        twin: None,
        messages: vec!["p0#18".to_owned(), "p0#17".to_owned()],
    };
    BehaviourRow { outcome: Behaviour::Fail, violations: vec![witness], ..passing(bus) }
}

/// The same, with the folder where everything of it is kept.
pub(super) fn failing_and_kept(bus: Bus) -> BehaviourRow {
    let folder = format!("trials/cases/ordering/one/{}", bus.as_str());
    BehaviourRow { kept_in: Some(folder), ..failing(bus) }
}

pub(super) fn leftover(bus: Bus) -> LeftBehind {
    let tear_down = TearDown { sockets: vec!["bus.sock".to_owned()], ..TearDown::default() };
    LeftBehind { case: "ordering/one".to_owned(), bus: Some(bus), tear_down }
}

fn throughput() -> PerformanceRow {
    PerformanceRow {
        case: "perf/saturation[subs=1]".to_owned(),
        metric: Metric::Throughput,
        baseline: Bus::Crossbeam,
        candidate: Bus::Process,
        gated: true,
        enforced: true,
        holds_one: None,
        rerun: Some(again()),
        judgement: Judgement {
            verdict: Verdict::Pass,
            limit: Limit { direction: Direction::AtLeast, ratio: 0.8 },
            quantile: None,
            baseline: Some(912_000.0),
            candidate: Some(2_742_000.0),
            raw: Some(estimate(3.0, 2.9, 3.125)),
            corrected: None,
            basis: Basis::Raw,
            notes: Vec::new(),
            block_ratios: BlockRatios::default(),
        },
    }
}

fn latency() -> PerformanceRow {
    PerformanceRow {
        case: "perf/paced[rate=10k]".to_owned(),
        metric: Metric::LatencyP99,
        baseline: Bus::Crossbeam,
        candidate: Bus::Process,
        gated: true,
        enforced: false,
        holds_one: None,
        rerun: Some(again()),
        judgement: Judgement {
            verdict: Verdict::Pass,
            limit: Limit { direction: Direction::AtMost, ratio: 2.0 },
            quantile: Some(Quantile::P99),
            baseline: Some(41_234.0),
            candidate: Some(51_500.0),
            raw: Some(estimate(1.25, 1.0, 1.5)),
            corrected: Some(estimate(1.5, 1.25, 1.75)),
            basis: Basis::Corrected,
            notes: Vec::new(),
            block_ratios: BlockRatios::default(),
        },
    }
}

fn estimate(ratio: f64, low: f64, high: f64) -> Estimate {
    Estimate { ratio, blocks: 6, interval: Some(Interval { low, high, detectable: 1.25 }) }
}

fn line(bus: Bus, points: Vec<CurvePoint>) -> CurveLine {
    CurveLine { bus, points, growth: None, knee: None, verdict: None, notes: Vec::new() }
}

fn point(at: f64) -> CurvePoint {
    CurvePoint {
        at,
        trials: 6,
        throughput_per_s: None,
        cpu_s_per_million: None,
        p50_ns: None,
        p99_ns: None,
    }
}

fn spread(median: f64, arm: f64) -> Spread {
    Spread { median, low: median * (1.0 - arm), high: median * (1.0 + arm) }
}

fn growth(whole: [f64; 3], last: [f64; 3]) -> Growth {
    let exponent = |[low, estimate, high]: [f64; 3]| {
        let bounds = Some(Bounds { low, high });
        Exponent { estimate, bounds }
    };
    Growth { whole: exponent(whole), last: exponent(last), rounds: 6 }
}

/// What a traced trial says, of the hops there are on a bus.
pub(super) fn traced(bus: Bus) -> TracedTrial {
    let us = |hop: Hop| match hop {
        Hop::Encode => 1.2,
        Hop::SendQueue => 0.4,
        Hop::BrokerWake => 21.0,
        Hop::Route => 2.5,
        Hop::BrokerQueue => 3.0,
        Hop::SubscriberWake => 25.0,
        Hop::Decode => 8.0,
    };
    let times = |hop: &Hop| HopTimes {
        hop: *hop,
        mean_ns: us(*hop) * 1e3,
        p50_ns: 900,
        p99_ns: Some(90_000),
    };
    let in_process = [Hop::Route, Hop::SubscriberWake];
    let hops: &[Hop] = if bus == Bus::Process { &Hop::ALL } else { &in_process };
    let hops: Vec<HopTimes> = hops.iter().map(times).collect();
    let mean_ns: f64 = hops.iter().map(|times| times.mean_ns).sum();
    TracedTrial {
        case: latency().case,
        bus,
        validity: Validity::Valid,
        every: 3,
        samples: 4_000,
        mean_ns,
        p50_ns: 55_000,
        whole_mean_ns: Some(1.003 * mean_ns),
        judged_mean_ns: Some(0.985 * mean_ns),
        hops,
        unjoined: Vec::new(),
        left_out: 0,
    }
}

/// The reference grows, the candidate does not.
pub(super) fn flat_curve() -> CurveRow {
    let at = |cost, arm| {
        [1.0, 10_000.0].map(|at| CurvePoint {
            throughput_per_s: Some(spread(1e6 / cost, arm)),
            cpu_s_per_million: Some(spread(cost, arm)),
            ..point(at)
        })
    };
    let reference = CurveLine {
        growth: Some(growth([0.5, 0.52, 0.55], [0.9, 0.98, 1.0])),
        verdict: Some(Verdict::Fail),
        ..line(Bus::Crossbeam, at(2.0, 0.0).to_vec())
    };
    let candidate = CurveLine {
        growth: Some(growth([-0.02, 0.01, 0.04], [-0.01, 0.03, 0.08])),
        verdict: Some(Verdict::Pass),
        notes: vec!["the generator missed its schedule in 1 trial(s)".to_owned()],
        ..line(Bus::Process, at(1.0, 0.1).to_vec())
    };
    CurveRow {
        scenario: "perf/curves/topics".to_owned(),
        axis: Axis {
            name: "topics".to_owned(),
            label: "topics published on".to_owned(),
            scale: Scale::Count,
            asks: Asks::Flat,
        },
        lines: vec![reference, candidate],
        trials: Vec::new(),
    }
}

/// One climb that the generator ended, one that the bus did.
pub(super) fn knee_curve() -> CurveRow {
    let at = |figures: [f64; 3]| {
        let points = [50e3, 100e3, 200e3].into_iter().zip(figures);
        points.map(|(at, p99)| CurvePoint { p99_ns: Some(spread(p99, 0.2)), ..point(at) }).collect()
    };
    let knee = |kept, by_median, missed, why| {
        let missed = Some(Missed { rate_per_s: missed, why });
        let kept_per_s = Some(kept);
        Some(Knee { kept_per_s, kept_by_median_per_s: Some(by_median), missed, trials: 6 })
    };
    let reference = CurveLine {
        knee: knee(100e3, 100e3, 200e3, WhyMissed::GeneratorLate),
        ..line(Bus::Crossbeam, at([2e4, 3e4, 5e4]))
    };
    let candidate = CurveLine {
        knee: knee(50e3, 100e3, 100e3, WhyMissed::OverLimit(1)),
        ..line(Bus::Process, at([3e4, 9e5, 5e6]))
    };
    CurveRow {
        scenario: "perf/curves/knee".to_owned(),
        axis: Axis {
            name: "rate".to_owned(),
            label: "events a second".to_owned(),
            scale: Scale::PerSecond,
            asks: Asks::Knee(1_000_000),
        },
        lines: vec![reference, candidate],
        trials: Vec::new(),
    }
}
