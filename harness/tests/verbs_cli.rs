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

/// What `show --effective` prints.
fn effective(arguments: &[&str]) -> String {
    let output = equivalence("show").arg("--effective").args(arguments).assert().code(0);
    String::from_utf8(output.get_output().stdout.clone()).expect("UTF-8")
}

#[test]
fn what_will_be_run_is_shown_whole_and_as_a_run_has_it() {
    let name = "failure/absent-broker-delivered";
    let shown = effective(&[name]);
    for key in ["summary", "budget.time", "topology.publisher[0].topic"] {
        assert_eq!(shown.matches(&format!("\n  {key} ")).count(), 1, "{key}: {shown}");
    }
    assert_eq!(shown, effective(&[name, "--seed", "1"]), "the seed of a run");
}

#[test]
fn a_case_that_is_not_there_is_no_empty_answer() {
    let refused = |name: &str, told: &str| {
        equivalence("show").args([name, "--effective"]).assert().code(2).stderr(contains(told));
    };
    refused("perf/saturation[subs=9]", "did you mean \"perf/saturation[subs=");
    refused("perf/paced[rate=1000/s,subs=1]", "add `--profile release`");
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
fn a_file_that_is_no_utf_8_is_a_mistake_at_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.toml");
    fs::write(&file, b"format = 1\nsummary = \"Stra\xdfe\"\n").expect("written");
    let pointed = contains("error: not UTF-8").and(contains("wrong.toml:2:16")).and(contains("^"));
    equivalence("check").arg(&file).assert().code(2).stderr(pointed);
    // A file beside scenarios is read as strictly.
    fs::create_dir(folder.path().join("own")).expect("a folder");
    let gates = folder.path().join("own/gates.toml");
    fs::write(&gates, b"# \xdf\nformat = 1\n").expect("written");
    let pointed = contains("gates.toml:1:3");
    let scenarios = folder.path().join("own");
    equivalence("check").arg("--scenarios").arg(&scenarios).assert().code(2).stderr(pointed);
}

#[test]
fn schema_prints_the_committed_schema() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/schema.json");
    let committed = fs::read_to_string(committed).expect("the schema").replace('\r', "");
    equivalence("schema").assert().code(0).stdout(committed);
}

#[test]
fn one_file_is_one_file() {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/delivery/steady-small.toml");
    equivalence("check").arg(file).assert().code(0).stdout("1 scenario file is valid\n");
}

#[test]
fn an_empty_file_is_told_everything_it_lacks_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("empty.toml");
    for (text, lacks_format) in
        [("", true), ("\n\n", true), ("# soon\n", true), ("format = 1\n", false)]
    {
        fs::write(&file, text).expect("written");
        let output = equivalence("check").arg(&file).assert().code(2).get_output().stderr.clone();
        let told = String::from_utf8(output).expect("UTF-8");
        for key in ["claims", "kind", "name", "summary"] {
            assert!(told.contains(&format!("missing key `{key}`")), "{text:?}: {told}");
        }
        for table in ["[[phase]]", "[topology]"] {
            assert!(told.contains(&format!("missing table `{table}`")), "{text:?}: {told}");
        }
        assert_eq!(told.contains("missing key `format`"), lacks_format, "{text:?}: {told}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    use std::process::{Command, Stdio};

    for verb in ["list", "schema", "check"] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).arg(verb);
        let output = command.stdout(writer).stderr(Stdio::piped()).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*said), (Some(0), ""), "{verb}");
    }
}

#[cfg(unix)]
#[test]
fn a_mistake_that_nobody_hears_of_is_still_in_the_exit_code() {
    use std::process::{Command, Stdio};

    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_equivalence"));
    command.args(["show", "no/such"]).stdout(Stdio::null()).stderr(writer);
    assert_eq!(command.status().expect("it runs").code(), Some(2));
}

#[test]
fn a_flag_that_no_verb_knows_is_a_usage_error() {
    for verb in ["list", "show", "check", "schema"] {
        equivalence(verb).arg("--no-such").assert().code(2).stderr(contains("--no-such"));
    }
}

#[test]
fn what_cannot_be_read_is_infrastructure_whatever_the_verb() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nowhere");
    let told = || contains("cannot read");
    for verb in ["list", "check", "run", "plan"] {
        let mut command = equivalence(verb);
        command.arg("--scenarios").arg(&nowhere).assert().code(4).stderr(told());
    }
    equivalence("show").arg("a/b").arg("--scenarios").arg(&nowhere).assert().code(4);
}

#[test]
fn a_folder_is_all_its_files_and_a_path_that_is_not_there_is_a_usage_error() {
    let files = "2 scenario files are valid\n";
    equivalence("check")
        .arg("scenarios/filters")
        .assert()
        .code(0)
        .stdout(contains("files are valid"));
    let two = ["scenarios/filters/event.toml", "scenarios/filters/topic.toml"];
    equivalence("check").args(two).assert().code(0).stdout(files);
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nowhere");
    let told = contains("error: there is no file or folder ").and(contains("nowhere"));
    equivalence("check").arg(&nowhere).assert().code(2).stderr(told);
    let told = contains("error: there is no scenario file below ");
    equivalence("check").arg(folder.path()).assert().code(2).stderr(told);
    fs::write(folder.path().join("wrong.toml"), "format = 1\nsumary = \"Why.\"\n")
        .expect("written");
    equivalence("check").arg(folder.path()).assert().code(2).stderr(contains("wrong.toml:2"));
}

#[test]
fn a_number_that_no_scenario_can_claim_is_a_usage_error() {
    for number in ["X9", "c4"] {
        let told = contains(number).and(contains("C14, M1"));
        equivalence("list").args(["--claim", number]).assert().code(2).stderr(told);
    }
    equivalence("list").args(["--claim", "C4"]).assert().code(0).stdout(contains("C4"));
}

/// What `list` prints with these options.
fn listed(options: &[&str]) -> String {
    let output = equivalence("list").args(options).assert().code(0).get_output().stdout.clone();
    String::from_utf8(output).expect("UTF-8")
}

#[test]
fn filters_of_a_list_are_combined() {
    let faults = listed(&["--tag", "fault"]);
    assert!(faults.contains("faults/killed-broker"), "{faults}");
    assert!(faults.contains("failure/absent-broker-fire"), "{faults}");
    assert!(!faults.contains("delivery/"), "{faults}");
    let both = listed(&["--tag", "fault", "--tag", "overload"]);
    assert!(!both.is_empty() && both.lines().count() < faults.lines().count(), "{both}");
    let control = listed(&["--tag", "fault", "--kind", "control"]);
    assert!(control.contains("control/failover"), "{control}");
    assert!(control.lines().all(|line| line.starts_with("control")), "{control}");
    let shown = listed(&["--claim", "C1", "--claim", "C10", "--scenario", "faults/*"]);
    assert!(shown.contains("faults/killed-subscriber"), "{shown}");
    assert!(shown.lines().all(|line| line.contains(" faults/")), "{shown}");
    assert_eq!(listed(&["--tag", "fault", "--kind", "paced"]), "");
}

#[test]
fn a_bus_lists_the_cases_that_apply_to_it() {
    let (everywhere, crossbeam) = (listed(&[]), listed(&["--bus", "crossbeam"]));
    assert!(everywhere.contains("faults/killed-broker"), "{everywhere}");
    assert!(!crossbeam.contains("faults/killed-broker"), "{crossbeam}");
    assert!(crossbeam.contains("delivery/steady-small"), "{crossbeam}");
}

#[test]
fn what_a_filter_names_and_nothing_has_is_a_usage_error() {
    let told = contains("no scenario has the tag \"faults\"").and(contains("mean \"fault\"?"));
    equivalence("list").args(["--tag", "faults"]).assert().code(2).stderr(told);
    let told = contains("did you mean \"delivery/steady-small\"?");
    let glob = ["--scenario", "delivery/stedy-small"];
    equivalence("list").args(glob).assert().code(2).stderr(told);
    let told = contains("did you mean \"C4\"?");
    equivalence("list").args(["--claim", "c4"]).assert().code(2).stderr(told);
    for option in ["--kind", "--bus", "--verdict"] {
        equivalence("list").args([option, "nonsense"]).assert().code(2).stderr(contains(option));
    }
    equivalence("list").args(["--buses", "--tag", "fault"]).assert().code(2);
}

#[test]
fn explain_tells_one_case_and_refuses_what_is_none_or_several() {
    let told = contains("delivery/fan-out[subs=10]")
        .and(contains("Who takes part"))
        .and(contains("procmond publishes 500 events"))
        .and(contains("C3  An event reaches a subscription once at most"))
        .and(contains("It applies to crossbeam"))
        .and(contains("cargo test -p equivalence --test scenarios 'delivery/fan-out[subs=10]'"));
    equivalence("explain").arg("delivery/fan-out[subs=10]").assert().code(0).stdout(told);
    let gates = contains("throughput: at least 0.80 (a FAIL stops a change), on agent, process")
        .and(contains("first look that decides"));
    equivalence("explain").arg("perf/saturation[subs=1]").assert().code(0).stdout(gates);
    let several = contains("is 3 cases").and(contains("delivery/fan-out[subs=100]"));
    equivalence("explain").arg("delivery/fan-out").assert().code(2).stderr(several);
    let meant = contains("did you mean \"delivery/scan-burst\"?");
    equivalence("explain").arg("delivery/scan-brst").assert().code(2).stderr(meant);
}
