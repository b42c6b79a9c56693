//! The verb `mutants`: a broken bus that nobody catches makes it fail, a caught one does not.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

fn mutants(pattern: &str, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.args(["mutants", "--mutant", pattern, "--out"]).arg(folder);
    command
}

#[test]
fn a_mutant_that_breaks_nothing_survives_and_that_is_a_failure() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ended = mutants("nothing", folder.path()).assert().code(1);
    ended.stdout(contains("nothing survived").and(contains("0 of 1 mutants are caught")));
    let page = fs::read_to_string(folder.path().join("mutants-partial.md")).expect("a page");
    assert!(page.contains("**nobody**"), "{page}");
    assert!(page.contains("| first-ten |"), "broken checkers are shown too: {page}");
}

#[test]
fn a_mutant_that_is_caught_is_told_with_its_witness_and_no_failure() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ended = mutants("evicts-*", folder.path()).assert().code(0);
    ended.stdout(contains("caught by").and(contains("1 of 1 mutants are caught")));
    let page = fs::read_to_string(folder.path().join("mutants-partial.md")).expect("a page");
    assert!(page.contains("**membership**"), "{page}");
    let json = fs::read_to_string(folder.path().join("mutants-partial.json")).expect("a record");
    let matrix: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(matrix["mutants"][0]["trial"]["case"], "limits/subscriber-limit");
}

#[test]
fn a_name_nobody_has_is_a_usage_error_that_lists_the_names() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ended = mutants("evict", folder.path()).assert().code(2);
    ended.stderr(contains("no mutant matches").and(contains("evicts-at-the-limit")));
}

#[test]
fn no_candidate_of_a_run_is_a_broken_bus() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.args(["run", "--candidate", "evicts-at-the-limit"]);
    command.assert().code(2).stderr(contains("invalid value"));
}

#[test]
fn a_partial_matrix_says_so_and_leaves_the_whole_one_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = folder.path().join("mutants.md");
    fs::write(&whole, "all of them").expect("written");
    mutants("evicts-*", folder.path()).assert().code(0);
    assert_eq!(fs::read_to_string(&whole).expect("it is there"), "all of them");
    let partial = fs::read_to_string(folder.path().join("mutants-partial.md")).expect("a page");
    assert!(partial.contains("PARTIAL: not all were run"), "{partial}");
}

#[test]
fn a_folder_of_somebody_else_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("notes.txt"), "mine").expect("written");
    let ended = mutants("evicts-*", folder.path()).assert().code(2);
    ended.stdout("").stderr(contains("--out"));
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_is_said_once_is_no_survivor_and_leaves_the_whole_matrix_alone() {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::{Command, Stdio};

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.args(["mutants", "--out"]).arg(folder.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("spawned");
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    let mut told = String::new();
    out.read_line(&mut told).expect("a line of the first trial");
    // The folder is taken while trials run.
    let second = mutants("evicts-*", folder.path()).assert().code(4);
    second.stderr(contains(format!("process {}", child.id())));
    kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), Signal::SIGINT).expect("told");
    out.read_to_string(&mut told).expect("text");
    let mut errors = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut errors).expect("text");
    assert_eq!(child.wait().expect("ended").code(), Some(4), "{told}{errors}");
    let said = told.matches("interrupted").count() + errors.matches("interrupted").count();
    assert_eq!(said, 1, "{told}{errors}");
    assert!(!told.contains("FAIL"), "{told}");
    assert!(!folder.path().join("mutants.md").exists());
    let page = fs::read_to_string(folder.path().join("mutants-partial.md")).expect("a page");
    assert!(page.contains("PARTIAL: it was interrupted"), "{page}");
}

fn slow(pattern: &str, folder: &Path) -> Command {
    let mut command = mutants(pattern, folder);
    command.arg("--slow");
    command
}

#[test]
fn a_slow_bus_is_chosen_by_its_name_and_time_that_is_over_begins_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ended = slow("leaks-*", folder.path()).args(["--minutes", "0"]).assert().code(3);
    ended
        .stdout(contains("0 of 0 measurements are right"))
        .stderr(contains("2 measurement(s), at most"));
    let page = fs::read_to_string(folder.path().join("mutants-slow-partial.md")).expect("a page");
    assert!(page.contains("PARTIAL: the 0 min that were allowed are over"), "{page}");
    slow("evicts-*", folder.path()).assert().code(2).stderr(contains("burns-cpu"));
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_a_slow_measurement_and_is_no_verdict() {
    use std::io::{BufRead as _, BufReader, Read as _};
    use std::process::{Command, Stdio};

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.args(["mutants", "--slow", "--mutant", "leaks-1-kib", "--out"]).arg(folder.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("spawned");
    let mut errors = BufReader::new(child.stderr.take().expect("piped"));
    let mut told = String::new();
    while !told.contains("[1/1]") {
        assert_ne!(errors.read_line(&mut told).expect("a line"), 0, "{told}");
    }
    kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), Signal::SIGINT).expect("told");
    errors.read_to_string(&mut told).expect("text");
    let mut out = String::new();
    child.stdout.take().expect("piped").read_to_string(&mut out).expect("text");
    assert_eq!(child.wait().expect("ended").code(), Some(4), "{out}{told}");
    assert!(out.contains("PARTIAL: interrupted") && !out.contains("FAIL"), "{out}");
    let json = fs::read_to_string(folder.path().join("mutants-slow-partial.json")).expect("a file");
    let matrix: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(matrix["stopped"]["is"], "interrupted");
}
