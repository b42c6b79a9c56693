//! What a gate is expected to do, from earlier figures of every sort.

use super::*;
use crate::gate::{Basis, BlockRatios, Estimate, Judgement, Reason, Verdict};

const LIMIT: Limit = Limit { direction: Direction::AtMost, ratio: 1.2 };
const QUIET: [f64; 6] = [0.0, 0.01, -0.01, 0.02, -0.02, 0.0];

fn cell() -> Cell {
    Cell {
        case: "perf/paced".to_owned(),
        candidate: Bus::Process,
        metric: Metric::Cpu,
        limit: LIMIT,
        last: None,
        outlook: None,
        unknown: None,
    }
}

fn row(raw: &[f64], corrected: &[f64]) -> PerformanceRow {
    let estimate = Estimate::of(raw);
    PerformanceRow {
        case: "perf/paced".to_owned(),
        metric: Metric::Cpu,
        baseline: Bus::Crossbeam,
        candidate: Bus::Process,
        gated: true,
        enforced: false,
        holds_one: None,
        rerun: None,
        judgement: Judgement {
            verdict: Verdict::Inconclusive(Reason::Smoke),
            limit: LIMIT,
            quantile: None,
            baseline: None,
            candidate: None,
            raw: estimate,
            corrected: None,
            basis: Basis::Raw,
            notes: Vec::new(),
            block_ratios: BlockRatios {
                raw: raw.to_vec(),
                corrected: corrected.to_vec(),
                ..BlockRatios::default()
            },
        },
    }
}

fn after(raw: &[f64], corrected: &[f64]) -> Cell {
    let mut cell = cell();
    cell.read(&row(raw, corrected), 10);
    cell
}

#[test]
fn a_ratio_far_from_its_limit_is_conclusive() {
    let cell = after(&QUIET, &[]);
    assert_eq!(cell.expected(), Expected::Conclusive);
    let line = cell.line();
    assert!(line.contains("<= 1.20") && line.contains("  1.00  "), "{line}");
    assert!(line.contains("conclusive (100 of 100 runs)"), "{line}");
}

#[test]
fn a_ratio_near_its_limit_is_doubtful() {
    assert_eq!(after(&QUIET.map(|noise| noise + 0.18), &[]).expected(), Expected::Doubtful);
}

#[test]
fn a_corrected_ratio_near_the_limit_makes_the_gate_doubtful() {
    let near = QUIET.map(|noise| noise + 0.18);
    assert_eq!(after(&QUIET, &near).expected(), Expected::Doubtful);
    let mut memory = Cell { metric: Metric::Memory, ..cell() };
    memory.read(&row(&QUIET, &near), 10);
    assert_eq!(memory.expected(), Expected::Conclusive, "of memory the raw ratio alone is gated");
}

#[test]
fn one_smoke_block_is_too_little_to_know() {
    let cell = after(&QUIET[..1], &[]);
    assert_eq!(cell.expected(), Expected::Unknown);
    assert!(cell.line().ends_with("unknown: 1 earlier block(s), 3 are needed"), "{}", cell.line());
}

#[test]
fn an_earlier_gate_without_a_ratio_is_unknown_with_its_verdict() {
    let line = after(&[], &[]).line();
    assert!(line.ends_with("unknown: earlier INCONCLUSIVE(smoke)"), "{line}");
}

#[test]
fn a_a_blocks_tell_how_fine_and_leave_the_gate_unknown() {
    let nulls = vec![(Metric::Cpu, vec![0.02, -0.02, 0.02])];
    let none = Earlier::None("no earlier figures".to_owned());
    let cell = cell().filled(Bus::Crossbeam, (&none, &nulls), 10);
    assert_eq!(cell.expected(), Expected::Unknown);
    let line = cell.line();
    assert!(line.contains("3.6 % / 2.3 % / 1.7 %"), "{line}");
    assert!(line.ends_with("unknown: no earlier figures"), "{line}");
}
