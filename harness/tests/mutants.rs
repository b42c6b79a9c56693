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
    let page = fs::read_to_string(folder.path().join("mutants.md")).expect("a page");
    assert!(page.contains("**nobody**"), "{page}");
    assert!(page.contains("| first-ten |"), "broken checkers are shown too: {page}");
}

#[test]
fn a_mutant_that_is_caught_is_told_with_its_witness_and_no_failure() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ended = mutants("evicts-*", folder.path()).assert().code(0);
    ended.stdout(contains("caught by").and(contains("1 of 1 mutants are caught")));
    let page = fs::read_to_string(folder.path().join("mutants.md")).expect("a page");
    assert!(page.contains("**membership**"), "{page}");
    let json = fs::read_to_string(folder.path().join("mutants.json")).expect("a record");
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
