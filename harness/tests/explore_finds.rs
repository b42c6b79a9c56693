//! The proof of `explore`: a fault it was not told about is found, shrunk and written to a file
//! that shows it again; a sound bus shows nothing.

use std::path::Path;

use assert_cmd::Command;
use equivalence::cmd::explore::{ExploreArgs, Explored, Found, explore};
use equivalence::cmd::judged;
use equivalence::cmd::judging::Judging;
use equivalence::cmd::selection::Wanted;
use equivalence::driver::{Fault, Interrupt};
use equivalence::plan::Bus;
use equivalence::report::{Behaviour, Exit};
use equivalence::scenario::Profile;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_equivalence");
const SEED: u64 = 1;

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}

/// The reference behind a fault, beside the sound embedded broker.
fn explored(fault: Fault, cases: u64, folder: &Path) -> Explored {
    let arguments = ExploreArgs {
        minutes: 10,
        cases,
        seed: SEED,
        baseline: Bus::Embedded,
        candidate: vec![Bus::Crossbeam],
        scenarios: Some(folder.to_owned()),
        fault: Some(fault),
    };
    let (_teller, interrupt) = Interrupt::new();
    let explored = runtime().block_on(explore(&arguments, Path::new(EXECUTABLE), interrupt));
    explored.expect("a temporary folder")
}

/// Reads the written file as a run would, and runs it on the reference, behind the fault or not.
fn rerun(found: &Found, fault: Option<Fault>, folder: &Path) -> (Behaviour, Vec<String>) {
    let wanted = Wanted {
        folder: Some(folder.to_owned()),
        profile: Profile::Pr,
        patterns: vec![found.sketch.name.clone()],
        seed: SEED,
        baseline: Bus::Embedded,
    };
    let mut case = wanted.select().expect("a valid folder").cases.pop().expect("the written case");
    case.topology.bus.fault = fault.map(|fault| fault.name().to_owned());
    let records = tempfile::tempdir().expect("a temporary folder");
    let (_teller, interrupt) = Interrupt::new();
    let (executable, directory) = (Path::new(EXECUTABLE), records.path());
    let bus = Bus::Crossbeam;
    let judging = Judging { executable, case: &case, bus, directory, wanted: &wanted };
    let ran = judged::run(judging, interrupt);
    let row = runtime().block_on(ran).expect("it is driven").row;
    (row.outcome, row.violations.into_iter().map(|witness| witness.rule).collect())
}

fn is_found_and_shrunk(fault: Fault, cases: u64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let explored = explored(fault, cases, folder.path());
    assert_eq!(explored.exit(), Exit::Fail, "{explored:?}");
    assert!(explored.found.iter().all(|found| found.failure.bus == Bus::Crossbeam), "{explored:?}");
    let found = explored.found.first().expect("a failed exploration found something");
    let rule = &found.failure.rule;
    assert!(found.sketch.topology.publishers.len() <= 2, "{found}");
    assert!(found.sketch.topology.subscribers.len() <= 2, "{found}");
    assert!(found.sketch.events() <= 10, "{found}");
    assert!(found.reproduced.failed * 2 >= found.reproduced.of, "{found}");
    let (outcome, rules) = rerun(found, Some(fault), folder.path());
    assert_eq!(outcome, Behaviour::Fail, "{found}");
    assert!(rules.iter().any(|broken| broken == rule), "{found}: {rules:?}");
    let (sound, rules) = rerun(found, None, folder.path());
    assert_ne!(sound, Behaviour::Fail, "{found}: {rules:?} without the fault");
}

#[test]
fn a_bus_that_loses_every_fifth_event_is_found_and_shrunk_to_a_handful() {
    is_found_and_shrunk(Fault::LosesOneInFive, 1);
}

#[test]
fn a_bus_that_lets_excluded_topics_pass_is_found_and_shrunk_to_a_handful() {
    is_found_and_shrunk(Fault::IgnoresExcludes, 16);
}

#[test]
fn a_sound_bus_shows_nothing_and_the_seed_names_the_cases() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(EXECUTABLE);
    command.args(["explore", "--minutes", "5", "--cases", "5", "--seed", "3", "--scenarios"]);
    let ended = command.arg(folder.path()).assert().code(0);
    ended.stdout(contains("5 cases explored, 0 found")).stderr(contains("a second; found 0"));
    assert!(!folder.path().join("regressions").exists(), "nothing is written");
}

#[test]
fn shrink_refuses_what_a_sketch_cannot_say_and_what_is_not_there() {
    let shrink = |case: &str| {
        let mut command = Command::new(EXECUTABLE);
        command.args(["shrink", case]).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        command.assert().code(2)
    };
    shrink("no/such").stderr(contains("no case \"no/such\""));
    let kind = contains("is of kind Saturation").and(contains("only behaviour cases are shrunk"));
    shrink("perf/saturation[subs=1]").stderr(kind);
}

#[test]
fn a_case_that_holds_is_not_shrunk() {
    let mut command = Command::new(EXECUTABLE);
    command.args(["shrink", "filters/topic", "--bus", "embedded"]);
    let command = command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let told =
        contains("filters/topic does not fail").and(contains("embedded: failed in 0 of 5 runs"));
    command.assert().code(0).stdout(told);
}

#[test]
fn no_time_to_explore_is_refused() {
    let mut command = Command::new(EXECUTABLE);
    command.args(["explore", "--minutes", "0"]).assert().code(2).stderr(contains("--minutes"));
}
