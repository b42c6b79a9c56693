//! `equivalence run` as a user meets it: exit codes, messages, and what Ctrl-C leaves.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::*;
use tempfile::TempDir;

/// One small scenario of the project, copied where a test may break it.
const SCENARIO: &str = "delivery/steady-small.toml";

fn equivalence() -> Command {
    Command::new(env!("CARGO_BIN_EXE_equivalence"))
}

/// A folder with the scenario, its text changed as told.
fn scenarios(change: impl Fn(String) -> String) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(SCENARIO);
    let text = change(fs::read_to_string(source).expect("the scenario"));
    let path = folder.path().join(SCENARIO);
    fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    fs::write(path, text).expect("written");
    folder
}

fn run(scenarios: &TempDir, out: &TempDir) -> Command {
    let mut command = equivalence();
    command.args(["run", "--profile", "smoke", "--candidate", "embedded"]);
    command.arg("--scenarios").arg(scenarios.path()).arg("--out").arg(out.path());
    command
}

#[test]
fn an_unknown_flag_is_a_usage_error() {
    equivalence()
        .args(["run", "--fast"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("--fast"));
}

#[test]
fn help_tells_the_exit_codes() {
    let told =
        predicate::str::contains("3  inconclusive").and(predicate::str::contains("4  infra"));
    equivalence().args(["run", "--help"]).assert().success().stdout(told);
}

#[test]
fn a_pattern_that_matches_nothing_is_a_usage_error() {
    let (folder, out) = (scenarios(|text| text), tempfile::tempdir().expect("a folder"));
    let mut command = run(&folder, &out);
    command
        .args(["--scenario", "no/such"])
        .assert()
        .code(2)
        .stderr(predicate::str::contains("no/such"));
}

#[test]
fn a_scenario_that_holds_passes_and_leaves_a_report() {
    let (folder, out) = (scenarios(|text| text), tempfile::tempdir().expect("a folder"));
    run(&folder, &out).assert().code(0).stdout(predicate::str::contains("behaviour on embedded"));
    let report = fs::read_to_string(out.path().join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let rows = report["behaviour"].as_array().expect("rows");
    assert!(rows.iter().all(|row| row["outcome"]["is"] == "pass"), "{rows:?}");
    assert!(rows.iter().all(|row| row["processes"][0]["pid"].as_u64() > Some(1)), "{rows:?}");
}

#[test]
fn a_wrong_expectation_fails_with_a_sentence() {
    let wrong = |text: String| format!("{text}\n[expect]\nreceived = {{ agent = [1, 2] }}\n");
    let without_expect = |text: String| match text.find("[expect]") {
        Some(at) => text[..at].to_owned(),
        None => text,
    };
    let folder = scenarios(|text| {
        let text = without_expect(text);
        let subscriber = first_subscriber(&text);
        wrong(text).replace("agent = [1, 2]", &format!("{subscriber} = [1, 2]"))
    });
    let out = tempfile::tempdir().expect("a folder");
    let sentence = predicate::str::contains("expected 1 to 2");
    run(&folder, &out).assert().code(1).stdout(sentence);
}

#[test]
fn what_both_buses_do_wrong_alike_is_told_in_its_own_words() {
    let wrong = r#"action = [{ at = "start", do = "unsubscribe-unknown", expect = "ok" }]
publish = "#;
    let folder = scenarios(|text| text.replacen("publish = ", wrong, 1));
    let out = tempfile::tempdir().expect("a folder");
    let words = predicate::str::contains("on crossbeam and embedded: both are wrong alike");
    run(&folder, &out).assert().code(1).stdout(words);
    let report = fs::read_to_string(out.path().join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let rows = report["behaviour"].as_array().expect("rows");
    assert_eq!(rows[0]["differences"].as_array().map(Vec::len), Some(0), "the baseline's own");
    assert_eq!(rows[1]["differences"][0]["colour"], "both-wrong");
}

fn first_subscriber(text: &str) -> String {
    let (_, after) = text.split_once("[[topology.subscriber]]").expect("a subscriber");
    let (_, name) = after.split_once("name = \"").expect("a name");
    name.split('"').next().expect("a name").to_owned()
}

#[test]
fn a_typo_in_a_key_is_pointed_at_and_nothing_runs() {
    let folder = scenarios(|text| text.replace("summary = ", "sumary = "));
    let out = tempfile::tempdir().expect("a folder");
    let pointed = predicate::str::contains("sumary").and(predicate::str::contains("^"));
    run(&folder, &out).assert().code(2).stderr(pointed);
    assert!(!out.path().join("report.json").exists());
}

#[cfg(target_os = "linux")]
mod ending {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, ChildStderr, Command, Stdio};
    use std::time::{Duration, Instant};

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use super::*;

    /// A scenario that would take a minute.
    fn long() -> TempDir {
        let folder = scenarios(|text| text);
        let text = r#"
format = 1
name = "delivery/long"
claims = ["C1"]
kind = "behaviour"
summary = "Takes long enough to be interrupted."

[[topology.publisher]]
name = "p"

[[topology.subscriber]]
name = "s"
patterns = ["events.#"]

[[phase]]
name = "all"
publish = [{ for = "60s", rate = "50/s" }]
"#;
        fs::write(folder.path().join("delivery/long.toml"), text).expect("written");
        fs::remove_file(folder.path().join(SCENARIO)).expect("removed");
        folder
    }

    struct Begun {
        child: Child,
        /// Where the harness makes its runtime folders.
        runtime: TempDir,
        actors: Vec<i32>,
        /// Read on: a closed pipe is not what is tested here.
        _errors: BufReader<ChildStderr>,
        _folders: [TempDir; 2],
    }

    /// Starts the harness and waits until its actors run.
    fn begin() -> Begun {
        let (folder, out) = (long(), tempfile::tempdir().expect("a folder"));
        let runtime = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_equivalence"))
            .args(["run", "--profile", "smoke", "--baseline", "process"])
            .args(["--candidate", "process"])
            .arg("--scenarios")
            .arg(folder.path())
            .arg("--out")
            .arg(out.path())
            .env("TMPDIR", runtime.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("spawned");
        let mut errors = BufReader::new(child.stderr.take().expect("piped"));
        let (mut estimate, mut first) = (String::new(), String::new());
        errors.read_line(&mut estimate).expect("a line");
        assert!(estimate.starts_with("at most 2 min"), "{estimate}");
        errors.read_line(&mut first).expect("a line");
        assert!(first.contains("delivery/long"), "{first}");
        let pid = child.id();
        wait("three actors", || children_of(pid).len() == 3);
        wait("a socket", || sockets(&runtime) > 0);
        Begun { actors: children_of(pid), child, runtime, _errors: errors, _folders: [folder, out] }
    }

    fn wait(what: &str, holds: impl Fn() -> bool) {
        let until = Instant::now() + Duration::from_secs(20);
        while !holds() {
            assert!(Instant::now() < until, "waited in vain for {what}");
            std::thread::yield_now();
        }
    }

    fn children_of(parent: u32) -> Vec<i32> {
        let processes = procfs::process::all_processes().expect("/proc");
        let stats = processes.filter_map(|process| process.ok()?.stat().ok());
        stats
            .filter(|stat| u32::try_from(stat.ppid) == Ok(parent) && stat.state != 'Z')
            .map(|stat| stat.pid)
            .collect()
    }

    fn sockets(runtime: &TempDir) -> usize {
        let folders = fs::read_dir(runtime.path()).expect("the folder").flatten();
        folders.filter(|folder| folder.path().join("bus").exists()).count()
    }

    fn is_gone(pid: i32) -> bool {
        let stat = procfs::process::Process::new(pid).and_then(|process| process.stat());
        stat.is_ok_and(|stat| stat.state == 'Z') || !Path::new(&format!("/proc/{pid}")).exists()
    }

    #[test]
    fn ctrl_c_leaves_no_process_and_no_socket() {
        let mut begun = begin();
        let pid = i32::try_from(begun.child.id()).expect("a pid");
        kill(Pid::from_raw(pid), Signal::SIGINT).expect("told");
        assert_eq!(begun.child.wait().expect("ended").code(), Some(4));
        assert!(begun.actors.iter().all(|actor| is_gone(*actor)), "{:?}", begun.actors);
        assert_eq!(fs::read_dir(begun.runtime.path()).expect("the folder").count(), 0);
    }

    #[test]
    fn no_actor_outlives_a_harness_that_was_killed() {
        let mut begun = begin();
        begun.child.kill().expect("killed");
        begun.child.wait().expect("ended");
        wait("actors to notice", || begun.actors.iter().all(|actor| is_gone(*actor)));
        assert_eq!(sockets(&begun.runtime), 0);
    }

    #[test]
    fn the_next_run_removes_what_a_killed_harness_left_and_nothing_of_a_live_one() {
        let mut killed = begin();
        let live = begin();
        killed.child.kill().expect("killed");
        killed.child.wait().expect("ended");
        wait("actors to notice", || killed.actors.iter().all(|actor| is_gone(*actor)));
        let folders = |begun: &Begun| fs::read_dir(begun.runtime.path()).expect("it").count();
        assert_eq!((folders(&killed), folders(&live)), (1, 1));
        // Both lie in one temporary folder now, as they do without a test.
        for entry in fs::read_dir(live.runtime.path()).expect("the folder").flatten() {
            let link = killed.runtime.path().join(entry.file_name());
            fs::create_dir(&link).expect("made");
            fs::copy(entry.path().join("owner"), link.join("owner")).expect("copied");
        }
        let (folder, out) = (scenarios(|text| text), tempfile::tempdir().expect("a folder"));
        run(&folder, &out).env("TMPDIR", killed.runtime.path()).assert().code(0);
        assert_eq!((folders(&killed), folders(&live)), (1, 1), "the live one's");
        let mut live = live;
        live.child.kill().expect("killed");
        live.child.wait().expect("ended");
        run(&folder, &out).env("TMPDIR", killed.runtime.path()).assert().code(0);
        assert_eq!(folders(&killed), 0);
    }
}
