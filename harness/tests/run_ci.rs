//! What `equivalence run` leaves for the tools of a CI: annotations on standard output, `junit.xml`, and the
//! ledger on the summary.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::*;
use tempfile::TempDir;

/// One small scenario of the project, copied where a test may break it.
const SCENARIO: &str = "delivery/steady-small.toml";
/// What no bus can meet.
const UNMEETABLE: &str = "[expect]\nreceived = { reader = [1, 2] }\n";

/// A folder with the scenario, its expectation another one if told.
fn scenarios(is_broken: bool) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(SCENARIO);
    let text = fs::read_to_string(source).expect("the scenario").replace('\r', "");
    let text = if is_broken { broken(&text) } else { text };
    let path = folder.path().join(SCENARIO);
    fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    fs::write(path, text).expect("written");
    folder
}

/// The text with an expectation that fails.
fn broken(text: &str) -> String {
    let before = text.split("[expect]").next().expect("a beginning");
    let (_, after) = before.split_once("[[topology.subscriber]]").expect("a subscriber");
    let name = after.split('"').nth(1).expect("a name");
    format!("{before}{}", UNMEETABLE.replace("reader", name))
}

/// Runs the scenario on one bus, with the CI's variable set to this.
fn run(scenarios: &TempDir, out: &TempDir, variable: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.args(["run", "--profile", "smoke", "--baseline", "embedded"]);
    command.args(["--candidate", "embedded"]).env("GITHUB_ACTIONS", variable);
    command.arg("--scenarios").arg(scenarios.path()).arg("--out").arg(out.path());
    command
}

#[test]
fn in_githubs_ci_a_failure_is_annotated_at_the_line_of_its_expectation() {
    let (folder, out) = (scenarios(true), tempfile::tempdir().expect("a folder"));
    let text = fs::read_to_string(folder.path().join(SCENARIO)).expect("the scenario");
    let line = text.lines().position(|line| line == "[expect]").expect("an expectation") + 1;
    let told = run(&folder, &out, "true").assert().code(1);
    let said = String::from_utf8_lossy(&told.get_output().stdout).into_owned();
    let annotations: Vec<&str> = said.lines().filter(|line| line.starts_with("::")).collect();
    assert!(!annotations.is_empty(), "{said}");
    for annotation in annotations {
        let place = format!("steady-small.toml,line={line},title=FAIL delivery/steady-small");
        assert!(annotation.starts_with("::error file="), "{annotation}");
        assert!(annotation.contains(&place) && annotation.contains("%0Aagain: "), "{annotation}");
    }
}

#[test]
fn nothing_is_annotated_elsewhere() {
    let (folder, out) = (scenarios(true), tempfile::tempdir().expect("a folder"));
    run(&folder, &out, "").assert().code(1).stdout(predicate::str::contains("\n::").not());
}

#[test]
fn each_row_of_a_run_is_a_test_case_that_ended_as_the_row_did() {
    for is_broken in [false, true] {
        let (folder, out) = (scenarios(is_broken), tempfile::tempdir().expect("a folder"));
        run(&folder, &out, "").assert().code(i32::from(is_broken));
        let read = |name: &str| fs::read_to_string(out.path().join(name)).expect("it is there");
        let report: serde_json::Value = serde_json::from_str(&read("report.json")).expect("JSON");
        let rows = report["behaviour"].as_array().expect("rows");
        let junit = read("junit.xml");
        assert_eq!(junit.matches("<testcase ").count(), rows.len(), "{junit}");
        assert_eq!(junit.matches("<failure ").count(), if is_broken { rows.len() } else { 0 });
        assert!(is_broken == junit.contains("again: cargo xtask equivalence"), "{junit}");
    }
}

#[test]
fn a_ledger_beside_the_scenarios_is_on_the_summary_and_a_mistake_in_it_runs_nothing() {
    let (folder, out) = (scenarios(false), tempfile::tempdir().expect("a folder"));
    let ledger = "format = 1\n[[criterion]]\nid = \"order\"\nsource = \"migration/functional\"\n\
                  asks = \"Order is kept.\"\nclaims = [\"C4\"]\n";
    let path = folder.path().join("ledger.toml");
    fs::write(&path, ledger).expect("written");
    run(&folder, &out, "").assert().code(0);
    let page = fs::read_to_string(out.path().join("summary.md")).expect("a page");
    assert!(page.contains("0 missed, 0 open, 1 met.") && page.contains("| C4: "), "{page}");
    fs::write(&path, ledger.replace("claims", "claim")).expect("written");
    let pointed = predicate::str::contains("ledger.toml:6")
        .and(predicate::str::contains("did you mean `claims`?"))
        .and(predicate::str::contains("[1/").not());
    run(&folder, &out, "").assert().code(2).stderr(pointed);
}
