//! `equivalence plan` as a user meets it: what it says, and its exit codes.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use equivalence::gate::{
    Basis, BlockRatios, Direction, Estimate, Judgement, Limit, Reason, Verdict,
};
use equivalence::plan::Bus;
use equivalence::plan::gates::Metric;
use equivalence::report::{self, FORMAT, Host, PerformanceRow, Run};
use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

/// One saturation case of the project, gated by throughput.
const CASE: &str = "perf/saturation[subs=1]";

fn plan(case: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).arg("plan");
    command.args(["--profile", "pr", "--candidate", "process", "--scenario", case]);
    command
}

/// A report of this host whose only case had blocks of this ratio.
fn report(ratio: f64, change: impl Fn(&mut Run)) -> TempDir {
    let raw: Vec<f64> =
        [0.0, 0.01, -0.01, 0.02, -0.02, 0.0].map(|noise| f64::ln(ratio) + noise).to_vec();
    let judgement = Judgement {
        verdict: Verdict::Inconclusive(Reason::Noise),
        limit: Limit { direction: Direction::AtLeast, ratio: 0.8 },
        quantile: None,
        baseline: None,
        candidate: None,
        raw: Estimate::of(&raw),
        corrected: None,
        basis: Basis::Raw,
        notes: Vec::new(),
        block_ratios: BlockRatios { raw, ..BlockRatios::default() },
    };
    let mut run = Run {
        command: String::new(),
        format: FORMAT,
        revision: String::new(),
        host: Host::read(),
        seed: 1,
        profile: "pr".to_owned(),
        baseline: Bus::Crossbeam,
        baseline_revision: None,
        candidates: vec![Bus::Process],
        demanded: Vec::new(),
        started_unix_s: 0,
        finished_unix_s: 1,
        calibration: Vec::new(),
        behaviour: Vec::new(),
        performance: vec![PerformanceRow {
            case: CASE.to_owned(),
            metric: Metric::Throughput,
            baseline: Bus::Crossbeam,
            candidate: Bus::Process,
            gated: true,
            enforced: false,
            holds_one: None,
            rerun: None,
            judgement,
        }],
        evidence: Vec::new(),
        traced: Vec::new(),
        curves: Vec::new(),
        criteria: Vec::new(),
        left_behind: Vec::new(),
        infrastructure: Vec::new(),
        interrupted: None,
        not_run: None,
    };
    change(&mut run);
    let folder = tempfile::tempdir().expect("a folder");
    report::write(folder.path(), &run).expect("written");
    folder
}

#[test]
fn a_ratio_far_from_its_limit_is_planned_as_conclusive() {
    let earlier = report(3.0, |_| {});
    let said = contains("conclusive (100 of 100 runs)")
        .and(contains("1 gate conclusive, 0 doubtful, 0 unknown"))
        .and(contains("this host resolves"));
    plan(CASE).arg("--from").arg(earlier.path()).assert().code(0).stdout(said);
    let file = earlier.path().join("report.json");
    plan(CASE).arg("--from").arg(&file).assert().code(0);
    let kept = earlier.path().join("july.txt");
    fs::rename(file, &kept).expect("renamed");
    plan(CASE).arg("--from").arg(kept).assert().code(0);
    let other = earlier.path().join("june.json");
    plan(CASE).arg("--from").arg(other).assert().code(4).stderr(contains("june.json"));
}

#[test]
fn a_ratio_on_its_limit_is_doubtful_and_exits_3() {
    let earlier = report(0.8, |_| {});
    let mut command = plan(CASE);
    command.arg("--from").arg(earlier.path());
    command.assert().code(3).stdout(contains("doubtful ("));
    command.args(["--inconclusive", "warn"]).assert().code(0);
}

#[test]
fn figures_of_another_host_are_named_and_not_used() {
    let earlier = report(3.0, |run| run.host.cpu = "Slow 1".to_owned());
    let said = contains("of another host: Slow 1").and(contains("unknown: earlier figures are of"));
    plan(CASE).arg("--from").arg(earlier.path()).assert().code(3).stdout(said);
}

#[test]
fn without_earlier_figures_a_gate_is_unknown_and_exits_3() {
    let nothing = tempfile::tempdir().expect("a folder");
    let said = contains("unknown: no earlier figures").and(contains("`--measure` finds out"));
    plan(CASE).arg("--out").arg(nothing.path()).assert().code(3).stdout(said);
}

#[test]
fn behaviour_needs_no_figures() {
    let said = contains("behaviour alone decides");
    plan("delivery/steady-small").assert().code(0).stdout(said);
}

#[test]
fn a_report_asked_for_by_name_must_be_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let from = folder.path().join("report.json");
    plan(CASE).arg("--from").arg(&from).assert().code(4).stderr(contains("report.json"));
    fs::write(&from, "{}").expect("written");
    plan(CASE).arg("--from").arg(&from).assert().code(4).stderr(contains("is not a report"));
}

#[test]
fn a_pattern_that_matches_nothing_is_a_usage_error() {
    plan("no/such").assert().code(2).stderr(contains("no/such"));
}

#[test]
fn the_help_of_a_plan_offers_what_a_plan_makes_something_of() {
    let offered = contains("--measure").and(contains("Plan for gates marked `enforced` alone"));
    let hidden = contains("--save-baseline").or(contains("--against")).or(contains("--baseline-t"));
    let ends = contains("every gate can be expected to conclude");
    let help = plan(CASE).arg("--help").assert().code(0);
    help.stdout(offered.and(ends).and(hidden.not()));
    // The line of a run is planned as it is.
    let nothing = tempfile::tempdir().expect("a folder");
    let mut whole = plan(CASE);
    whole.args(["--baseline-twice", "--save-baseline", "kept", "--out"]).arg(nothing.path());
    whole.assert().code(3);
}
