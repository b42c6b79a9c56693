//! The verbs over scenario files as library functions: what they answer, by exit code.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use equivalence::cmd::selection::Wanted;
use equivalence::cmd::{EXIT_INVALID, check, list, schema, show};
use equivalence::plan::Bus;
use equivalence::plan::gates::GateTable;
use equivalence::scenario::Profile;

const VALID: &str = r##"format = 1
name = "a/b"
claims = ["C1"]
summary = "Why."
kind = "behaviour"
[[topology.publisher]]
name = "p"
[[topology.subscriber]]
name = "s"
patterns = ["#"]
[[phase]]
name = "one"
publish = [{ count = 1 }]
"##;

/// The same with its events at a fixed rate, so that latency, CPU and memory are measured.
fn paced() -> String {
    let measured = "publish = [{ count = 1, rate = \"1000/s\" }]\nmeasured = true\n";
    VALID.replace("behaviour", "paced").replace("publish = [{ count = 1 }]\n", measured)
}

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("a")).expect("a folder inside");
    fs::write(folder.path().join("a/b.toml"), text).expect("a file inside");
    folder
}

fn checked(folder: &Path) -> ExitCode {
    let args = check::CheckArgs { files: Vec::new(), scenarios: Some(folder.to_path_buf()) };
    check::run(&args).expect("the folder can be read")
}

fn shown(name: &str, folder: &Path) -> ExitCode {
    let args = show::ShowArgs {
        name: name.into(),
        effective: true,
        profile: Profile::Nightly,
        seed: 0,
        scenarios: Some(folder.to_path_buf()),
    };
    show::run(&args).expect("the folder can be read")
}

fn list_args(buses: bool, folder: Option<&Path>) -> list::ListArgs {
    let scenarios = folder.map(Path::to_path_buf);
    list::ListArgs { buses, scenarios, ..list::ListArgs::default() }
}

fn listed(folder: &Path) -> ExitCode {
    list::run(&list_args(false, Some(folder))).expect("the folder can be read")
}

#[test]
fn valid_scenarios_exit_0() {
    let folder = folder(VALID);
    assert_eq!(checked(folder.path()), ExitCode::SUCCESS);
    assert_eq!(listed(folder.path()), ExitCode::SUCCESS);
    assert_eq!(shown("a/b", folder.path()), ExitCode::SUCCESS);
}

#[test]
fn a_mistake_exits_2_whatever_the_verb() {
    let folder = folder(&VALID.replace("summary", "sumary"));
    assert_eq!(checked(folder.path()), ExitCode::from(EXIT_INVALID));
    assert_eq!(listed(folder.path()), ExitCode::from(EXIT_INVALID));
    assert_eq!(shown("a/b", folder.path()), ExitCode::from(EXIT_INVALID));
}

#[test]
fn broken_syntax_exits_2_whatever_the_verb() {
    let folder = folder("format = = 1\n");
    assert_eq!(checked(folder.path()), ExitCode::from(EXIT_INVALID));
    assert_eq!(listed(folder.path()), ExitCode::from(EXIT_INVALID));
    assert_eq!(shown("a/b", folder.path()), ExitCode::from(EXIT_INVALID));
}

#[test]
fn a_scenario_that_is_not_named_after_its_file_exits_2() {
    let folder = folder(&VALID.replace("a/b", "a/c"));
    assert_eq!(checked(folder.path()), ExitCode::from(EXIT_INVALID));
    assert_eq!(listed(folder.path()), ExitCode::from(EXIT_INVALID));
    assert_eq!(shown("a/c", folder.path()), ExitCode::from(EXIT_INVALID));
    assert!(refused(folder.path()).contains("is named \"a/c\""));
}

#[test]
fn the_end_of_a_path_is_no_name() {
    let folder = folder(VALID);
    fs::create_dir_all(folder.path().join("x/a")).expect("a folder inside");
    fs::write(folder.path().join("x/a/b.toml"), VALID).expect("a file inside");
    assert_eq!(checked(folder.path()), ExitCode::from(EXIT_INVALID));
    assert_eq!(listed(folder.path()), ExitCode::from(EXIT_INVALID));
    assert_eq!(shown("a/b", folder.path()), ExitCode::from(EXIT_INVALID));
    let told = refused(folder.path());
    assert!(told.contains("is named \"a/b\""), "{told}");
    assert!(told.contains("a scenario is named after its path: write \"x/a/b\""), "{told}");
    fs::remove_dir_all(folder.path().join("a")).expect("gone");
    assert_eq!(checked(folder.path()), ExitCode::from(EXIT_INVALID), "without a namesake too");
}

/// What a run or a plan is told instead of its cases.
fn refused(folder: &Path) -> String {
    let wanted = Wanted {
        folder: Some(folder.to_path_buf()),
        profile: Profile::Pr,
        patterns: Vec::new(),
        seed: 1,
        baseline: Bus::Crossbeam,
    };
    wanted.select().expect_err("it is refused").to_string()
}

#[test]
fn a_copy_outside_the_folder_may_be_called_anything() {
    let (folder, elsewhere) = (folder(VALID), folder(&VALID.replace("a/b", "a/c")));
    let args = check::CheckArgs {
        files: vec![elsewhere.path().join("a/b.toml")],
        scenarios: Some(folder.path().to_path_buf()),
    };
    assert_eq!(check::run(&args).expect("the files can be read"), ExitCode::SUCCESS);
}

#[test]
fn a_folder_without_scenarios_is_not_valid() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("gates.toml"), "format = 1\n").expect("written");
    assert_eq!(checked(folder.path()), ExitCode::from(EXIT_INVALID));
}

#[test]
fn a_scenario_that_nobody_knows_exits_2() {
    let folder = folder(VALID);
    assert_eq!(shown("a/x", folder.path()), ExitCode::from(EXIT_INVALID));
}

#[test]
fn a_gate_may_be_tightened_but_not_loosened() {
    let with_limit = |limit: &str| {
        let folder = folder(&format!("{}[gate.cpu]\nlimit = {limit}\n", paced()));
        fs::write(folder.path().join("gates.toml"), cpu_gate("*")).expect("a gate table");
        checked(folder.path())
    };
    assert_eq!(with_limit("1.1"), ExitCode::SUCCESS);
    assert_eq!(with_limit("1.3"), ExitCode::from(EXIT_INVALID));
}

/// A table with one gate, on these cases.
fn cpu_gate(cases: &str) -> String {
    format!(
        "format = 1\n[[gate]]\nmetric = \"cpu\"\ncases = {cases:?}\n\
         buses = [\"process\"]\nlimit = 1.2\n"
    )
}

#[test]
fn a_limit_that_would_bind_nobody_is_refused_with_what_is_gated() {
    let folder = folder(&format!("{}[gate.cpu]\nlimit = 1.1\n", paced()));
    let told = refused(folder.path());
    assert!(told.contains("no gate cpu in gates.toml covers a/b"), "{told}");
    assert!(told.contains("add a `[[gate]]` for cpu to gates.toml"), "{told}");
    fs::write(folder.path().join("gates.toml"), cpu_gate("perf/*")).expect("a gate table");
    assert_eq!(checked(folder.path()), ExitCode::from(EXIT_INVALID));
    let told = refused(folder.path());
    assert!(told.contains("b.toml:16:9"), "{told}");
    assert!(told.contains("^^^ it has one for perf/*; name the scenario so"), "{told}");
    fs::write(folder.path().join("gates.toml"), cpu_gate("a/*")).expect("a gate table");
    assert_eq!(checked(folder.path()), ExitCode::SUCCESS);
}

#[test]
fn a_gate_of_a_scenario_outside_the_longest_profile_is_checked_too() {
    let text = format!("{}[gate.cpu]\nlimit = 1.3\n", paced());
    let folder = folder(&text.replace("[[topology.pub", "profiles = [\"pr\"]\n[[topology.pub"));
    fs::write(folder.path().join("gates.toml"), cpu_gate("*")).expect("a gate table");
    assert_eq!(checked(folder.path()), ExitCode::from(EXIT_INVALID));
}

#[test]
fn the_gate_table_of_this_repository_is_valid_and_gates_every_metric() {
    use equivalence::plan::gates::Metric;

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/gates.toml");
    let table = GateTable::load(&path).unwrap_or_else(|error| panic!("{error}"));
    let limit = |metric, case| table.cell(metric, case, Bus::Process).map(|cell| cell.limit);
    assert_eq!(limit(Metric::Throughput, "perf/saturation[subs=4]"), Some(0.8));
    assert_eq!(limit(Metric::LatencyP50, "perf/paced[rate=10000/s,subs=1]"), Some(2.0));
    assert_eq!(limit(Metric::LatencyP99, "perf/paced[rate=10000/s,subs=1]"), Some(2.0));
    assert_eq!(limit(Metric::Cpu, "perf/paced[rate=10000/s,subs=1]"), Some(1.2));
    assert_eq!(limit(Metric::Memory, "perf/documented-scale"), Some(1.5));
    assert_eq!(limit(Metric::Backlog, "backpressure/backlog"), Some(1.5));
}

#[test]
fn buses_and_schema_are_printed_without_any_scenario() {
    assert_eq!(list::run(&list_args(true, None)).expect("nothing to read"), ExitCode::SUCCESS);
    let printed = schema::run(&schema::SchemaArgs {});
    assert_eq!(printed.expect("nothing to read"), ExitCode::SUCCESS);
}
