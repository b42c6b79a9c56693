//! The verbs that read scenario files, through the binary: exit codes and what is said.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;

fn equivalence(verb: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).arg(verb);
    command
}

#[test]
fn list_names_cases() {
    equivalence("list").assert().code(0).stdout(contains("delivery/steady-small"));
}

#[test]
fn show_tells_one_scenario_and_refuses_an_unknown_one() {
    let shown = contains("delivery/steady-small").and(contains("procmond"));
    equivalence("show").arg("delivery/steady-small").assert().code(0).stdout(shown);
    equivalence("show").arg("no/such").assert().code(2).stderr(contains("no/such"));
}

#[test]
fn check_passes_the_project_and_points_at_a_mistake() {
    equivalence("check").assert().code(0);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.toml");
    fs::write(&file, "format = 1\nsumary = \"Why.\"\n").expect("written");
    let pointed = contains("wrong.toml:2").and(contains("sumary")).and(contains("^"));
    equivalence("check").arg(&file).assert().code(2).stderr(pointed);
}

#[test]
fn schema_prints_the_committed_schema() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/schema.json");
    let committed = fs::read_to_string(committed).expect("the schema").replace('\r', "");
    equivalence("schema").assert().code(0).stdout(committed);
}

#[test]
fn a_flag_that_no_verb_knows_is_a_usage_error() {
    for verb in ["list", "show", "check", "schema"] {
        equivalence(verb).arg("--no-such").assert().code(2).stderr(contains("--no-such"));
    }
}
