//! What verbs tell of the last report: `list --verdict`, and the end of `explain`'s page.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use equivalence::plan::Bus;
use equivalence::report::{self, Behaviour, BehaviourRow, FORMAT, Host, Run, Witness};
use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

/// A case that failed on `process` alone, and one that the other passed.
const FAILED: &str = "delivery/multi-publisher";
const PASSED: &str = "topics/truth-table";

fn equivalence(verb: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).arg(verb);
    command
}

fn row(case: &str, bus: Bus, outcome: Behaviour) -> BehaviourRow {
    let witness = Witness {
        rule: "C4".to_owned(),
        sentence: "it came out of order".to_owned(),
        subscriber: None,
        twin: None,
        messages: Vec::new(),
    };
    let violations = if outcome == Behaviour::Fail { vec![witness] } else { Vec::new() };
    BehaviourRow {
        case: case.to_owned(),
        bus,
        outcome,
        violations,
        timeline: None,
        divergences: Vec::new(),
        differences: Vec::new(),
        unsteady: Vec::new(),
        checked: Vec::new(),
        reached: Vec::new(),
        published: 0,
        received: 0,
        topics: Vec::new(),
        processes: Vec::new(),
        kept_in: None,
        rerun: String::new(),
    }
}

/// The report of a run of two cases on two buses.
fn written() -> TempDir {
    let behaviour = vec![
        row(FAILED, Bus::Crossbeam, Behaviour::Pass),
        row(FAILED, Bus::Process, Behaviour::Fail),
        row(PASSED, Bus::Crossbeam, Behaviour::Pass),
        row(PASSED, Bus::Process, Behaviour::NotExercised("T3: nothing".to_owned())),
    ];
    written_by("cargo xtask equivalence", behaviour)
}

/// The report of a run that was asked for by this command.
fn written_by(command: &str, behaviour: Vec<BehaviourRow>) -> TempDir {
    let run = Run {
        command: command.to_owned(),
        format: FORMAT,
        revision: "abc".to_owned(),
        host: Host::read(),
        seed: 1,
        profile: "pr".to_owned(),
        baseline: Bus::Crossbeam,
        baseline_revision: None,
        criteria: Vec::new(),
        candidates: vec![Bus::Process],
        demanded: Vec::new(),
        started_unix_s: 0,
        finished_unix_s: 1,
        calibration: Vec::new(),
        behaviour,
        performance: Vec::new(),
        evidence: Vec::new(),
        traced: Vec::new(),
        curves: Vec::new(),
        left_behind: Vec::new(),
        infrastructure: Vec::new(),
        interrupted: None,
        not_run: None,
    };
    let folder = tempfile::tempdir().expect("a folder");
    report::write(folder.path(), &run).expect("written");
    folder
}

/// What `list` prints of a report with these options.
fn listed(options: &[&str]) -> String {
    let folder = written();
    let mut command = equivalence("list");
    command.args(options).arg("--report").arg(folder.path());
    let output = command.assert().code(0).get_output().stdout.clone();
    String::from_utf8(output).expect("UTF-8")
}

#[test]
fn a_verdict_lists_the_cases_of_which_the_report_says_it() {
    let failed = listed(&["--verdict", "fail"]);
    assert_eq!(failed.lines().count(), 1, "{failed}");
    assert!(failed.contains(FAILED) && failed.contains("(behaviour on process)"), "{failed}");
    let passed = listed(&["--verdict", "pass"]);
    assert!(passed.contains(FAILED) && passed.contains(PASSED), "{passed}");
    assert!(listed(&["--verdict", "not-exercised"]).contains(PASSED));
}

#[test]
fn a_verdict_is_combined_with_every_other_filter() {
    assert_eq!(listed(&["--verdict", "pass", "--bus", "process"]), "");
    assert!(listed(&["--verdict", "fail", "--bus", "process"]).contains(FAILED));
    assert_eq!(listed(&["--verdict", "fail", "--claim", "T3"]), "");
    assert_eq!(listed(&["--verdict", "fail", "--kind", "control"]), "");
}

#[test]
fn what_was_not_run_is_what_the_report_has_nothing_of() {
    let missing = listed(&["--verdict", "not-run", "--kind", "behaviour"]);
    assert!(missing.contains("delivery/steady-small"), "{missing}");
    assert!(!missing.contains(FAILED) && !missing.contains(PASSED), "{missing}");
    let embedded = listed(&["--verdict", "not-run", "--bus", "embedded"]);
    assert!(embedded.contains(FAILED), "it ran, but not there: {embedded}");
}

/// A folder with one scenario of its own.
fn scenarios_of_somebody() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/delivery");
    let text = fs::read_to_string(source.join("steady-small.toml")).expect("the scenario");
    let own = text.replace("\"delivery/steady-small\"", "\"mine/small\"");
    fs::create_dir_all(folder.path().join("mine")).expect("made");
    fs::write(folder.path().join("mine/small.toml"), own).expect("written");
    folder
}

#[test]
fn a_report_is_listed_by_the_scenarios_that_its_own_command_names() {
    let own = scenarios_of_somebody();
    let case = "mine/small[correlation=fresh]";
    let command = format!("cargo xtask equivalence --scenarios '{}'", own.path().display());
    let failed = || vec![row(case, Bus::Process, Behaviour::Fail)];
    let report = written_by(&command, failed());
    let list = |report: &TempDir| {
        let mut list = equivalence("list");
        list.args(["--verdict", "fail", "--report"]).arg(report.path());
        list
    };
    let told = contains(case).and(contains("(behaviour on process)"));
    list(&report).assert().code(0).stdout(told);
    // One whose command names none is looked for among the project's own, and that is told.
    let stray = written_by("cargo xtask equivalence", failed());
    let told = contains("the report says fail of \"mine/small[correlation=fresh]\"")
        .and(contains("no case of profile nightly in "))
        .and(contains("`--scenarios` and `--profile` name others"));
    list(&stray).assert().code(2).stdout("").stderr(told);
    list(&stray).arg("--scenarios").arg(own.path()).assert().code(0).stdout(contains(case));
    let elsewhere = ["--bus", "embedded"];
    list(&stray).args(elsewhere).assert().code(0).stdout("");
}

#[test]
fn without_a_report_the_command_that_makes_one_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nowhere");
    let told = contains("there is no report in ")
        .and(contains("`cargo xtask equivalence --out "))
        .and(contains("nowhere"));
    let mut command = equivalence("list");
    command.args(["--verdict", "fail", "--report"]).arg(&nowhere).assert().code(2).stderr(told);
}

#[test]
fn a_page_ends_with_what_the_report_says() {
    let folder = written();
    let mut command = equivalence("explain");
    let told = contains("behaviour on crossbeam: pass")
        .and(contains("behaviour on process: fail: C4: it came out of order"))
        .and(contains("profile pr, revision abc"));
    command.arg(FAILED).arg("--report").arg(folder.path()).assert().code(0).stdout(told);
    let mut command = equivalence("explain");
    let told = contains("that run did not have this case");
    command.arg("filters/event").arg("--report").arg(folder.path()).assert().code(0).stdout(told);
}

#[test]
fn a_page_without_a_report_says_how_to_make_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = contains("there is no report in ");
    let mut command = equivalence("explain");
    command.arg(FAILED).arg("--report").arg(folder.path()).assert().code(0).stdout(told);
}
