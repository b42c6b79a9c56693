//! A small run for the tests of this room: two cases, nothing wrong.

use super::{Behaviour, BehaviourRow, FORMAT, Host, LeftBehind, PerformanceRow, Run, Witness};
use crate::gate::{
    Basis, BlockRatios, Direction, Estimate, Interval, Judgement, Limit, Quantile, Verdict,
};
use crate::plan::Bus;
use crate::plan::gates::Metric;
use crate::record::TearDown;

/// Two passing gates and one passing behaviour case on each bus.
pub(super) fn run() -> Run {
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
        },
        seed: 7,
        profile: "pr".to_owned(),
        baseline: Bus::Crossbeam,
        candidates: vec![Bus::Process],
        started_unix_s: 1_000,
        finished_unix_s: 1_060,
        calibration: vec!["events are shared, not cloned".to_owned()],
        behaviour: vec![passing(Bus::Crossbeam), passing(Bus::Process)],
        performance: vec![throughput(), latency()],
        evidence: Vec::new(),
        left_behind: Vec::new(),
        infrastructure: Vec::new(),
        interrupted: None,
    }
}

pub(super) fn passing(bus: Bus) -> BehaviourRow {
    BehaviourRow {
        case: "ordering/one".to_owned(),
        bus,
        outcome: Behaviour::Pass,
        violations: Vec::new(),
        divergences: Vec::new(),
        differences: Vec::new(),
        unsteady: Vec::new(),
        checked: Vec::new(),
        reached: Vec::new(),
        published: 100,
        received: 100,
        processes: Vec::new(),
        rerun: format!("equivalence --scenario ordering/one --candidate {}", bus.as_str()),
    }
}

/// A case that broke C4.
pub(super) fn failing(bus: Bus) -> BehaviourRow {
    let witness = Witness {
        rule: "C4".to_owned(),
        sentence: "s0 received p0#18 before p0#17".to_owned(),
        subscriber: Some("s0".to_owned()),
        twin: None,
        messages: vec!["p0#18".to_owned(), "p0#17".to_owned()],
    };
    BehaviourRow { outcome: Behaviour::Fail, violations: vec![witness], ..passing(bus) }
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
