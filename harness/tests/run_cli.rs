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

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_is_lost_is_no_pass_and_hides_no_failure() {
    for (change, code) in [(str::to_owned as fn(&str) -> String, 4), (unmeetable_text, 1)] {
        let folder = scenarios(|text| change(&text));
        let out = tempfile::tempdir().expect("a folder");
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a device");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_equivalence"));
        command.args(["run", "--profile", "smoke", "--candidate", "embedded", "--scenarios"]);
        command.arg(folder.path()).arg("--out").arg(out.path()).stdout(full);
        let ended = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{said}");
        assert!(said.contains("cannot print the answer"), "{said}");
        assert!(out.path().join("report.json").exists());
    }
}

#[cfg(target_os = "linux")]
fn unmeetable_text(text: &str) -> String {
    unmeetable(text.to_owned())
}

#[test]
fn a_run_that_judged_nothing_is_inconclusive() {
    let nowhere = "[not-applicable]\ncrossbeam = \"Why.\"\nembedded = \"Why.\"\n";
    let folder = scenarios(|text| format!("{text}\n{nowhere}"));
    let out = tempfile::tempdir().expect("a folder");
    let said = predicate::str::contains("not yet known");
    run(&folder, &out).args(["--inconclusive", "warn"]).assert().code(3).stdout(said);
}

#[test]
fn a_wrong_expectation_fails_with_a_sentence() {
    let (folder, out) = (scenarios(unmeetable), tempfile::tempdir().expect("a folder"));
    let sentence = predicate::str::contains("expected 1 to 2");
    run(&folder, &out).assert().code(1).stdout(sentence);
}

/// The scenario with an expectation that no bus can meet.
fn unmeetable(text: String) -> String {
    let text = match text.find("[expect]") {
        Some(at) => text[..at].to_owned(),
        None => text,
    };
    let subscriber = first_subscriber(&text);
    format!("{text}\n[expect]\nreceived = {{ {subscriber} = [1, 2] }}\n")
}

/// A scenario in which the bus of old departs and the baseline does not, with the declaration taken out.
fn undeclared() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let name = "divergences/stalled-subscriber.toml";
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name);
    let text = fs::read_to_string(source).expect("the scenario");
    let text = text.split("[[divergence]]").next().expect("the part before it");
    fs::create_dir(folder.path().join("divergences")).expect("made");
    fs::write(folder.path().join(name), text).expect("written");
    folder
}

#[test]
fn a_failure_is_kept_with_its_twin_and_every_report_says_where() {
    let (folder, out) = (undeclared(), tempfile::tempdir().expect("a folder"));
    let mut command = equivalence();
    command.args(["run", "--candidate", "crossbeam-faithful", "--scenarios"]);
    let place = predicate::str::contains("kept: trials/cases/divergences/stalled-subscriber");
    command.arg(folder.path()).arg("--out").arg(out.path()).assert().code(1).stdout(place);
    let report = read(out.path());
    let rows = report["behaviour"].as_array().expect("rows");
    assert!(rows.iter().any(|row| row["outcome"]["is"] == "fail"), "{rows:?}");
    for row in rows {
        let kept = out.path().join(row["kept_in"].as_str().expect("a folder"));
        let text = |name: &str| fs::read_to_string(kept.join(name)).expect(name);
        assert!(text("case.txt").contains("case divergences/stalled-subscriber"), "{row}");
        let history = text("history.jsonl");
        let mut lines = history.lines().map(serde_json::from_str::<serde_json::Value>);
        assert!(lines.all(|line| line.is_ok_and(|line| line["who"].is_string())), "{row}");
        assert!(history.contains("\"did\":\"published\""), "{row}");
    }
    for name in ["summary.md", "report.html", "junit.xml"] {
        let page = fs::read_to_string(out.path().join(name)).expect(name);
        assert!(page.contains("trials/cases/divergences/stalled-subscriber"), "{name}");
    }
}

#[test]
fn nothing_is_kept_of_a_case_that_holds() {
    let (folder, out) = (scenarios(|text| text), tempfile::tempdir().expect("a folder"));
    run(&folder, &out).assert().code(0).stdout(predicate::str::contains("kept: ").not());
    let trials = out.path().join("trials");
    assert!(!trials.exists(), "{trials:?}");
}

#[test]
fn a_fault_of_both_buses_is_not_blamed_on_the_candidate() {
    let (folder, out) = (scenarios(unmeetable), tempfile::tempdir().expect("a folder"));
    let first = predicate::str::starts_with("embedded against crossbeam: do not switch: both ");
    run(&folder, &out).assert().code(1).stdout(first);
}

/// What the command of a report does when a shell gets it at the repository's root.
#[cfg(unix)]
fn typed(command: &str) -> Command {
    let own = format!("'{}' run", env!("CARGO_BIN_EXE_equivalence"));
    let line = command.replacen("cargo xtask equivalence", &own, 1);
    assert_ne!(line, command, "the command is the one users type");
    let mut shell = Command::new("sh");
    shell.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).args(["-c", &line]);
    shell
}

#[cfg(unix)]
#[test]
fn every_command_in_a_report_runs_what_it_says_again() {
    let parent = scenarios(unmeetable);
    // A shell would take this name for three words and a quote without an end.
    let folder = parent.path().join("it's not yours");
    fs::create_dir(&folder).expect("made");
    fs::rename(parent.path().join("delivery"), folder.join("delivery")).expect("moved");
    let out = tempfile::tempdir().expect("a folder");
    let mut first = equivalence();
    first.current_dir(&parent).args(["run", "--profile", "smoke", "--baseline", "embedded"]);
    first.args(["--candidate", "crossbeam", "--scenario", "delivery/*", "--seed", "5"]);
    first.args(["--scenarios", "it's not yours", "--out"]).arg(out.path()).assert().code(1);
    let report = read(out.path());
    let rows = report["behaviour"].as_array().expect("rows");
    let again = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/again");
    assert!(rows.iter().any(|row| row["bus"] == "embedded"), "{rows:?}");
    for row in rows {
        typed(row["rerun"].as_str().expect("a command")).assert().code(1);
        let report = read(&again);
        let same = |other: &&serde_json::Value| {
            (&other["case"], &other["bus"]) == (&row["case"], &row["bus"])
        };
        let found = report["behaviour"].as_array().expect("rows").iter().find(same);
        assert_eq!(found.expect("the case ran on its bus")["violations"], row["violations"]);
        assert_eq!((&report["baseline"], &report["seed"]), (&"embedded".into(), &5.into()));
    }
    let whole = report["command"].as_str().expect("a command");
    typed(whole).assert().code(1);
    let second = read(out.path());
    assert_eq!(second["command"], whole);
    assert_eq!(second["behaviour"].as_array().map(Vec::len), Some(rows.len()));
}

fn read(folder: &Path) -> serde_json::Value {
    let report = fs::read_to_string(folder.join("report.json")).expect("a report");
    serde_json::from_str(&report).expect("JSON")
}

#[test]
fn a_bus_against_itself_behaves_once() {
    let (folder, out) = (scenarios(|text| text), tempfile::tempdir().expect("a folder"));
    let mut command = run(&folder, &out);
    command.args(["--candidate", "embedded", "--baseline", "embedded"]);
    command.assert().code(0).stdout(predicate::str::starts_with("embedded alone: "));
    let report = read(out.path());
    let rows = report["behaviour"].as_array().expect("rows");
    let cases: std::collections::BTreeSet<_> =
        rows.iter().map(|row| row["case"].as_str()).collect();
    assert_eq!(rows.len(), cases.len(), "{rows:?}");
}

#[test]
fn a_folder_of_somebody_else_is_refused_before_anything_runs() {
    let (folder, out) = (scenarios(|text| text), tempfile::tempdir().expect("a folder"));
    let notes = out.path().join("notes.txt");
    fs::write(&notes, "mine").expect("written");
    let advice = predicate::str::contains("--out").and(predicate::str::contains("[1/").not());
    run(&folder, &out).assert().code(2).stderr(advice);
    assert_eq!(fs::read_dir(out.path()).expect("the folder").count(), 1);
}

#[test]
fn a_report_that_cannot_be_written_is_noticed_before_anything_runs() {
    let (folder, out) = (scenarios(|text| text), tempfile::tempdir().expect("a folder"));
    run(&folder, &out).assert().code(0);
    fs::remove_file(out.path().join("summary.md")).expect("removed");
    fs::create_dir(out.path().join("summary.md")).expect("in the way");
    let named = predicate::str::contains("summary.md").and(predicate::str::contains("[1/").not());
    run(&folder, &out).assert().code(4).stderr(named);
}

#[test]
fn what_is_not_known_is_met_with_what_may_be_meant() {
    let (folder, out) = (scenarios(|text| text), tempfile::tempdir().expect("a folder"));
    let meant = predicate::str::contains("did you mean \"delivery/steady-small\"?");
    run(&folder, &out).args(["--scenario", "delivery/stedy-small"]).assert().code(2).stderr(meant);
    let buses = predicate::str::contains("crossbeam-faithful, broadcast, sharing, embedded, agent")
        .and(predicate::str::contains("did you mean \"crossbeam\"?"));
    run(&folder, &out).args(["--baseline", "crosbeam"]).assert().code(2).stderr(buses);
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
        scenarios: TempDir,
        out: TempDir,
    }

    /// Starts the harness and waits until its actors run.
    fn begin() -> Begun {
        let (folder, out) = (long(), tempfile::tempdir().expect("a folder"));
        let runtime = tempfile::tempdir().expect("a folder");
        // These tests may run below a `nohup`, and what ignores a hangup is not ended by it.
        let mut child = Command::new("env")
            .arg("--default-signal=HUP")
            .arg(env!("CARGO_BIN_EXE_equivalence"))
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
        let actors = children_of(pid);
        Begun { child, runtime, actors, _errors: errors, scenarios: folder, out }
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

    /// What was asked of, and how it ended: the exit code.
    fn told(begun: &mut Begun, signal: Signal) -> Option<i32> {
        let pid = i32::try_from(begun.child.id()).expect("a pid");
        kill(Pid::from_raw(pid), signal).expect("told");
        begun.child.wait().expect("ended").code()
    }

    #[test]
    fn ctrl_c_leaves_no_process_and_no_socket() {
        let mut begun = begin();
        assert_eq!(told(&mut begun, Signal::SIGINT), Some(4));
        assert!(begun.actors.iter().all(|actor| is_gone(*actor)), "{:?}", begun.actors);
        assert_eq!(fs::read_dir(begun.runtime.path()).expect("the folder").count(), 0);
    }

    #[test]
    fn a_closed_terminal_ends_a_run_in_order_and_its_report_says_what_is_missing() {
        let mut begun = begin();
        assert_eq!(told(&mut begun, Signal::SIGHUP), Some(4));
        assert!(begun.actors.iter().all(|actor| is_gone(*actor)), "{:?}", begun.actors);
        let report = read(begun.out.path());
        let missing = serde_json::json!({
            "planned": 1,
            "cases": [{ "case": "delivery/long", "bus": "process" }],
        });
        assert_eq!(report["not_run"], missing);
        let page = fs::read_to_string(begun.out.path().join("summary.md")).expect("a page");
        let told = "NOT RUN to the end, 1 of 1: delivery/long on process";
        assert!(page.contains(told), "{page}");
        let junit = fs::read_to_string(begun.out.path().join("junit.xml")).expect("a document");
        assert!(junit.contains("delivery/long on process"), "{junit}");
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
    fn a_second_run_into_the_same_folder_ends_at_once_and_names_the_first() {
        let mut begun = begin();
        let named = format!("process {}, cargo xtask equivalence ", begun.child.id());
        let told = predicate::str::contains(named).and(predicate::str::contains("[1/").not());
        run(&begun.scenarios, &begun.out).assert().code(4).stderr(told);
        begun.child.kill().expect("killed");
        begun.child.wait().expect("ended");
    }

    #[test]
    fn a_run_that_is_killed_leaves_a_report_that_says_so_and_blocks_nobody() {
        let mut begun = begin();
        let trials = begun.out.path().join("trials");
        begun.child.kill().expect("killed");
        begun.child.wait().expect("ended");
        let why = read(begun.out.path())["interrupted"].clone();
        assert!(why.as_str().is_some_and(|why| why.contains("it was killed")), "{why}");
        let page = fs::read_to_string(begun.out.path().join("summary.md")).expect("a page");
        assert!(page.contains("PARTIAL: the run has not ended"), "{page}");
        assert!(trials.join("cases/delivery/long").exists(), "what was begun is there");
        run(&scenarios(|text| text), &begun.out).assert().code(0);
        assert!(!trials.join("cases/delivery/long").exists(), "an earlier run's trial is left");
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

/// The broker of another that is asked for is not built: told with the reason, and nobody's failure.
#[cfg(not(feature = "peers"))]
#[test]
fn a_broker_of_others_that_cannot_be_had_is_told_with_its_reason() {
    let out = tempfile::tempdir().expect("a folder");
    let reason =
        if cfg!(target_os = "linux") { "not built with the feature" } else { "Linux alone" };
    let mut command = equivalence();
    command.args(["run", "--profile", "smoke", "--scenario", "perf/peers-saturation*"]);
    // Nothing was judged, which is no pass either.
    let told = command.arg("--out").arg(out.path()).assert().code(3);
    if cfg!(target_os = "linux") {
        told.stdout(predicate::str::contains(format!("n/a (mosquitto: {reason}")));
    }
}

#[test]
fn the_buses_are_listed_with_what_keeps_them_from_being_run() {
    let listed = equivalence().args(["list", "--buses"]).assert().success();
    let listed = String::from_utf8_lossy(&listed.get_output().stdout).into_owned();
    for bus in equivalence::plan::Bus::ALL {
        let line = listed.lines().find(|line| line.split(' ').next() == Some(bus.as_str()));
        let line = line.unwrap_or_else(|| panic!("{} is not listed:\n{listed}", bus.as_str()));
        let why = equivalence::driver::why_unavailable(bus);
        let is_told = |why: String| line.ends_with(&format!("unavailable: {why}"));
        assert!(why.map_or(!line.contains("unavailable"), is_told), "{line}");
    }
}

/// A curve as small as one can be, with everything that only curves ask for.
#[cfg(target_os = "linux")]
const CURVE: &str = r#"
format = 1
name = "perf/tiny"
claims = ["C1", "C3", "C4"]
kind = "saturation"
summary = "Why."

[matrix]
topics = [1, 2, 300]

[curve]
axis = "topics"
flat = true

[topology]
subscribers-per-process = 2
connection-subscriber-limit = 400

[[topology.publisher]]
name = "source"
topics = "${topics}"

[[topology.subscriber]]
name = "reader"
count = 3
patterns = ["events.#"]
idle-subscriptions = 300

[[phase]]
name = "window"
publish = [{ count = 5000, window = 1000, window-bytes = "100KiB" }]
measured = true
"#;

#[cfg(target_os = "linux")]
#[test]
fn a_curve_is_drawn_on_both_buses_and_a_smoke_run_concludes_nothing_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("perf")).expect("made");
    fs::write(folder.path().join("perf/tiny.toml"), CURVE).expect("written");
    let out = tempfile::tempdir().expect("a folder");
    let mut command = equivalence();
    command.args(["run", "--profile", "smoke", "--candidate", "process"]);
    command.arg("--scenarios").arg(folder.path()).arg("--out").arg(out.path());
    let told = predicate::str::contains("process: a delivery's CPU time is estimated: n^")
        .and(predicate::str::contains("INCONCLUSIVE(smoke)"));
    command.assert().code(0).stdout(told);
    let report = fs::read_to_string(out.path().join("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let curve = &report["curves"][0];
    let trials = curve["trials"].as_array().expect("trials");
    assert_eq!(trials.len(), 3 * 2, "a round of three points on two buses");
    let arrived = |trial: &serde_json::Value| trial["figures"]["deliveries"].as_u64() > Some(0);
    assert!(trials.iter().all(arrived), "{trials:?}");
    assert_eq!(curve["lines"][1]["points"].as_array().map(Vec::len), Some(3));
    let picture = fs::read_to_string(out.path().join("curve-perf-tiny.svg")).expect("a picture");
    assert!(picture.contains("</svg>") && picture.contains(">300<"), "{picture}");
    let summary = fs::read_to_string(out.path().join("summary.md")).expect("a summary");
    assert!(summary.contains("## Curve: `perf/tiny`"), "{summary}");
}
