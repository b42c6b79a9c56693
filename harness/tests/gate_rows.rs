//! From recorded trials to the answer, the exit code and the table, through public names alone.

use equivalence::gate::{Block, Evidence, Reason, Side, Verdict, order};
use equivalence::plan::gates::{Against, GateCell, GateTable, Metric};
use equivalence::plan::{Bus, TrialKind};
use equivalence::record::{Latency, TearDown, Trial, TrialFigures, Validity};
use equivalence::report::{
    Answer, Behaviour, BehaviourRow, Demanded, FORMAT, Host, PerformanceRow, Run, Strictness,
    answer, exit, table,
};

const SEED: u64 = 11;

fn cell(metric: Metric, limit: f64) -> GateCell {
    GateCell {
        metric,
        case: "perf/*".to_owned(),
        bus: Bus::Process,
        against: Against::Bus,
        limit,
        enforced: false,
    }
}

/// The documents' gates for the `process` bus.
fn gates() -> GateTable {
    GateTable {
        cells: vec![
            cell(Metric::Throughput, 0.8),
            cell(Metric::LatencyP99, 2.0),
            cell(Metric::Cpu, 1.2),
        ],
    }
}

fn trial(kind: TrialKind, bus: Bus, scale: f64) -> Trial {
    let p99_ns = if scale > 1.0 { 90_000 } else { 40_000 };
    let latency = Latency { samples: 20_000, p50_ns: 20_000, p99_ns, ..Latency::default() };
    Trial {
        case: "perf/any".to_owned(),
        bus: Some(bus),
        void_of: None,
        kind,
        seed: SEED,
        validity: Validity::Valid,
        figures: TrialFigures {
            throughput_per_s: Some(1e6 * scale),
            latency: Some(latency),
            cpu_s_per_million: Some(40.0 * scale),
            ..TrialFigures::default()
        },
        delivered: Vec::new(),
        processes: Vec::new(),
        tear_down: TearDown::default(),
    }
}

/// Six blocks in which every figure of the candidate is `scale` times the baseline's.
fn evidence(kind: TrialKind, scale: f64) -> Evidence {
    let mut evidence = Evidence::new("perf/any".to_owned(), Bus::Crossbeam, Bus::Process);
    for index in 0..6 {
        let order = order(SEED, index);
        let trials = order.map(|side| {
            let own = if side == Side::Candidate { scale } else { 1.0 };
            trial(kind, evidence.bus(side), own)
        });
        evidence.blocks.push(Block { order, trials, host_busy: None, redone: false });
    }
    evidence
}

fn run(evidence: Vec<Evidence>) -> Run {
    let performance = evidence.iter().flat_map(|one| PerformanceRow::of(one, &gates())).collect();
    Run {
        command: "cargo xtask equivalence".to_owned(),
        format: FORMAT,
        revision: "unknown".to_owned(),
        host: Host::read(),
        seed: SEED,
        profile: "pr".to_owned(),
        baseline: Bus::Crossbeam,
        baseline_revision: None,
        candidates: vec![Bus::Process],
        demanded: vec![Demanded { bus: Bus::Process, metrics: gates().metrics(Bus::Process) }],
        started_unix_s: 0,
        finished_unix_s: 1,
        calibration: Vec::new(),
        behaviour: Vec::new(),
        performance,
        evidence,
        traced: Vec::new(),
        curves: Vec::new(),
        criteria: Vec::new(),
        left_behind: Vec::new(),
        infrastructure: Vec::new(),
        interrupted: None,
        not_run: None,
    }
}

/// A behaviour case that holds on the candidate.
fn holds() -> BehaviourRow {
    BehaviourRow {
        case: "ordering/any".to_owned(),
        bus: Bus::Process,
        outcome: Behaviour::Pass,
        violations: Vec::new(),
        timeline: None,
        divergences: Vec::new(),
        differences: Vec::new(),
        unsteady: Vec::new(),
        checked: Vec::new(),
        reached: Vec::new(),
        published: 1,
        received: 1,
        topics: Vec::new(),
        processes: Vec::new(),
        kept_in: None,
        rerun: String::new(),
    }
}

fn metrics(rows: &[PerformanceRow]) -> Vec<(Metric, bool)> {
    rows.iter().map(|row| (row.metric, row.gated)).collect()
}

#[test]
fn saturation_judges_throughput_and_paced_trials_judge_costs() {
    let saturation = PerformanceRow::of(&evidence(TrialKind::Saturation, 1.1), &gates());
    assert_eq!(metrics(&saturation), [(Metric::Throughput, true)]);
    let paced = PerformanceRow::of(&evidence(TrialKind::Paced, 1.1), &gates());
    assert_eq!(
        metrics(&paced),
        [(Metric::LatencyP50, false), (Metric::LatencyP99, true), (Metric::Cpu, true)],
        "a metric without a gate and without a figure has no row"
    );
}

#[test]
fn a_gated_metric_nobody_measured_has_a_row_that_says_so() {
    let mut gates = gates();
    gates.cells.push(cell(Metric::Memory, 1.5));
    let rows = PerformanceRow::of(&evidence(TrialKind::Paced, 1.0), &gates);
    let memory = rows.iter().find(|row| row.metric == Metric::Memory).expect("it is gated");
    let why = "memory not measured".to_owned();
    assert_eq!(memory.judgement.verdict, Verdict::NotApplicable(why));
}

#[test]
fn a_fast_candidate_means_switch_and_exit_zero() {
    let mut run = run(vec![evidence(TrialKind::Saturation, 3.0), evidence(TrialKind::Paced, 0.9)]);
    run.behaviour.push(holds());
    assert_eq!(answer(&run, Bus::Process), Answer::Switch, "{}", table(&run));
    assert_eq!(exit(&run, Strictness::default()).code(), 0);
}

#[test]
fn one_kind_of_trial_alone_is_no_reason_to_switch() {
    let run = run(vec![evidence(TrialKind::Saturation, 3.0)]);
    let first = "process against crossbeam: not yet known, because behaviour was not run, and \
                 latency-p99, cpu were not judged";
    assert_eq!(table(&run).lines().next(), Some(first));
}

#[test]
fn a_slow_candidate_means_do_not_switch_and_exit_one() {
    let run = run(vec![evidence(TrialKind::Saturation, 3.0), evidence(TrialKind::Paced, 1.5)]);
    let text = table(&run);
    let first = "process against crossbeam: do not switch: 2 gates fail, first latency-p99 \
                 in perf/any with a ratio of 2.25 against 2.00";
    assert_eq!(text.lines().next(), Some(first));
    assert_eq!(exit(&run, Strictness::default()).code(), 1);
}

#[test]
fn too_few_blocks_mean_not_yet_known_and_exit_three() {
    let mut few = evidence(TrialKind::Saturation, 3.0);
    few.blocks.truncate(5);
    let run = run(vec![few]);
    let open = Verdict::Inconclusive(Reason::Budget);
    assert_eq!(run.performance[0].judgement.verdict, open);
    assert!(matches!(answer(&run, Bus::Process), Answer::NotYetKnown(_)));
    assert_eq!(exit(&run, Strictness::default()).code(), 3);
}

#[test]
fn a_case_without_a_trial_has_no_row() {
    let nothing = Evidence::new("perf/any".to_owned(), Bus::Crossbeam, Bus::Process);
    assert_eq!(PerformanceRow::of(&nothing, &gates()), []);
}

/// The same trials as of one bus on both sides.
fn against_itself(bus: Bus, scale: f64) -> Evidence {
    let mut evidence = evidence(TrialKind::Paced, scale);
    (evidence.baseline, evidence.candidate) = (bus, bus);
    let trials = evidence.blocks.iter_mut().flat_map(|block| &mut block.trials);
    trials.for_each(|trial| trial.bus = Some(bus));
    evidence
}

#[test]
fn a_bus_against_itself_is_judged_and_says_whether_one_is_in_its_intervals() {
    for bus in [Bus::Crossbeam, Bus::Process] {
        let cpu = |scale| {
            let rows = PerformanceRow::of(&against_itself(bus, scale), &gates());
            rows.into_iter().find(|row| row.metric == Metric::Cpu).expect("it is gated")
        };
        let row = cpu(1.0);
        assert_eq!((&row.judgement.verdict, row.holds_one), (&Verdict::Pass, Some(true)));
        assert_eq!(cpu(1.01).holds_one, Some(false), "{bus:?}");
        let lent = row.judgement.notes.iter().any(|note| note.ends_with("never enforced"));
        assert_eq!(lent, bus == Bus::Crossbeam, "{:?}", row.judgement.notes);
        assert!(!row.enforced);
    }
    let rows = PerformanceRow::of(&evidence(TrialKind::Paced, 1.0), &gates());
    assert!(rows.iter().all(|row| row.holds_one.is_none()), "of two buses nothing is said");
}
