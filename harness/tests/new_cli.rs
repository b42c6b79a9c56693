//! `equivalence new` as a user meets it: what it writes, that it passes as it is, and what it refuses.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::{contains, starts_with};
use tempfile::TempDir;

/// Every number that the parts of a behaviour scenario show.
const CLAIMS: [&str; 10] = ["C1", "C3", "C4", "C5", "C6", "C8", "C9", "C10", "C11", "C12"];

fn equivalence(verb: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.arg(verb);
    command
}

/// A folder of scenarios with the project's schema and nothing else.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/schema.json");
    fs::copy(schema, folder.path().join("schema.json")).expect("copied");
    folder
}

fn new(folder: &TempDir, name: &str, options: &[&str]) -> Command {
    let mut command = equivalence("new");
    command.arg(name).arg("--scenarios").arg(folder.path()).args(options);
    command
}

/// A run of everything in a folder on the reference and an embedded broker.
fn run(folder: &TempDir, out: &TempDir) -> Command {
    let mut command = equivalence("run");
    command.args(["--profile", "smoke", "--candidate", "embedded"]);
    command.arg("--scenarios").arg(folder.path()).arg("--out").arg(out.path());
    command
}

fn report(out: &TempDir) -> serde_json::Value {
    let text = fs::read_to_string(out.path().join("report.json")).expect("a report");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn without_a_terminal_what_is_missing_is_named() {
    let folder = folder();
    let told = contains("`--kind").and(contains("`--claim")).and(contains("`--summary"));
    new(&folder, "a/b", &[]).assert().code(2).stderr(told);
    let told = contains("`--summary").and(contains("--kind").not());
    let options = ["--kind", "paced", "--claim", "C1"];
    new(&folder, "a/b", &options).assert().code(2).stderr(told);
    assert!(!folder.path().join("a").exists(), "nothing is written");
}

#[test]
fn what_is_written_is_checked_and_its_next_commands_are_told() {
    let folder = folder();
    let options = ["--kind", "behaviour", "--claim", "C1", "--claim", "C4", "--summary", "Why."];
    let told = contains("a/b.toml")
        .and(contains("1 scenario file is valid"))
        .and(contains("check it  cargo xtask equivalence check"))
        .and(contains("run it    cargo xtask equivalence --scenario a/b"))
        .and(contains("test it   "));
    new(&folder, "a/b", &options).assert().code(0).stdout(told);
    let path = folder.path().join("a/b.toml");
    let text = fs::read_to_string(&path).expect("it was written");
    let schema = text.lines().next().and_then(|line| line.strip_prefix("#:schema "));
    let schema = path.parent().expect("a folder").join(schema.expect("a line for editors"));
    assert!(schema.is_file(), "{}", schema.display());
    let again = contains("is there already, and nothing is overwritten");
    new(&folder, "a/b", &options).assert().code(2).stderr(again);
    assert_eq!(fs::read_to_string(&path).expect("still there"), text);
}

#[test]
fn a_name_that_is_none_is_refused_with_the_nearest() {
    let told = contains("did you mean \"topics/my-table\"?");
    new(&folder(), "Topics/My_Table.toml", &[]).assert().code(2).stderr(told);
}

#[test]
fn answers_that_make_no_scenario_together_are_shown_and_not_written() {
    let folder = folder();
    let told = starts_with("error: ").and(contains("nothing was written")).and(contains("^"));
    let options = ["--kind", "behaviour", "--claim", "C1", "--summary", "Why."];
    let much = ["--subscribers", "300", "--count", "1000000"];
    new(&folder, "a/b", &options).args(much).assert().code(2).stderr(told);
    assert!(!folder.path().join("a/b.toml").exists());
}

#[test]
fn what_nothing_here_shows_cannot_be_claimed_yet() {
    let told = contains("--claim: ").and(contains("`list --claim T3`"));
    let options = ["--kind", "behaviour", "--claim", "T3", "--summary", "Why."];
    new(&folder(), "a/b", &options).assert().code(2).stderr(told);
}

#[test]
fn a_behaviour_scenario_passes_as_it_was_written() {
    let (folder, out) = (folder(), tempfile::tempdir().expect("a folder"));
    let claims = CLAIMS.iter().flat_map(|claim| ["--claim", claim]);
    let mut command = new(&folder, "all/parts", &["--kind", "behaviour", "--summary", "All."]);
    let roles = ["--publishers", "2", "--subscribers", "2"];
    command.args(claims).args(roles).args(["--rate", "5000/s"]).assert().code(0);
    let other = ["--kind", "behaviour", "--claim", "C1", "--summary", "One.", "--pattern"];
    new(&folder, "other/pattern", &other).arg("control.health.#").assert().code(0);
    run(&folder, &out).assert().code(0);
    let report = report(&out);
    let rows = report["behaviour"].as_array().expect("rows");
    assert_eq!(rows.len(), 4, "two cases on two buses: {rows:?}");
    assert!(rows.iter().all(|row| row["outcome"]["is"] == "pass"), "{rows:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_measured_scenario_is_measured_as_it_was_written() {
    let (folder, out) = (folder(), tempfile::tempdir().expect("a folder"));
    let options = |kind| ["--kind", kind, "--claim", "C1", "--claim", "C4", "--summary", "Why."];
    new(&folder, "measured/most", &options("saturation")).assert().code(0);
    let few = ["--count", "1000", "--rate", "2000/s"];
    new(&folder, "measured/pace", &options("paced")).args(few).assert().code(0);
    run(&folder, &out).assert().code(0);
    let report = report(&out);
    let rows = report["performance"].as_array().expect("rows");
    for case in ["measured/most", "measured/pace"] {
        assert!(rows.iter().any(|row| row["case"] == case), "{case}: {rows:?}");
    }
    let broken = |row: &serde_json::Value| row["judgement"]["verdict"]["why"] == "invalid-trial";
    assert!(!rows.iter().any(broken), "{rows:?}");
}
