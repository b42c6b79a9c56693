//! From what is seen to what was found, with the real agent and the real procmond: a condition holds
//! for a process that these tests start, a workflow looks closer in two stages, and one record tells
//! what came of it. On Linux alone: other systems do not run copies of their own programs.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use daemoneye_eventbus::rpc::{HealthPart, HealthStatus};
use nix::sys::signal::Signal;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::agent::RunningAgent;
use crate::operator::Operator;
use crate::{BUSES, Sleeper, event, is};

/// CPU time after which the system ends a child that this test did not, seconds.
const CPU_LIMIT_S: u32 = 120;

/// A child that uses all the CPU it gets, until it is ended.
struct Burner(Child);

impl Burner {
    fn start(shell: &Path) -> Self {
        let mut command = Command::new(shell);
        // Some shells are a part of a program that asks by which name it was called.
        command.arg0("sh").arg("-c").arg(format!("ulimit -t {CPU_LIMIT_S}; while :; do :; done"));
        Self(command.stdin(Stdio::null()).spawn().expect("a copy of the shell runs"))
    }

    fn pid(&self) -> u64 {
        u64::from(self.0.id())
    }
}

impl Drop for Burner {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A copy of the system's shell under a name of its own.
fn copy_of_the_shell(folder: &Path, name: &str) -> PathBuf {
    let copy = folder.join(name);
    // By another process: a fork of another test would keep what is open for writing here, and it
    // could not be run.
    let copied = Command::new("cp").arg("/bin/sh").arg(&copy).status();
    assert!(copied.expect("every host has `cp`").success());
    copy
}

fn digest(path: &Path) -> String {
    hex::encode(Sha256::digest(std::fs::read(path).expect("it is there")))
}

/// Looks at who burns CPU under this name: what it runs, and then whose child it is.
fn look_closer_at(name: &str) -> String {
    format!(
        "\
[[trigger]]
name = \"hot\"
when = \"SELECT * FROM process WHERE name = '{name}' AND cpu_usage > 50\"
target = \"procmond\"
analysis = \"look-closer\"
priority = \"high\"

[[workflow]]
name = \"look-closer\"

[[workflow.stage]]
id = \"digest\"
analysis = \"binary_hash\"
target = \"procmond\"

[[workflow.stage]]
id = \"lineage\"
analysis = \"process_lineage\"
target = \"procmond\"
needs = [\"digest\"]
"
    )
}

/// An agent with this configuration, which records what is asked as well.
fn agent(bus: &str, folder: &Path, configuration: &str) -> RunningAgent {
    let file = folder.join("agent.toml");
    std::fs::write(&file, configuration).expect("a new file");
    let file = file.to_str().expect("a readable path");
    let requests = ["--subscribe", "events.#", "--subscribe", "control.trigger.request"];
    RunningAgent::start_with(bus, &[&["--config", file][..], &requests].concat())
}

fn correlation<'a>(record: &'a Value, part: &str) -> &'a Value {
    &record["event"]["correlation"][part]
}

/// What a record says under a name.
fn said<'a>(record: &'a Value, name: &str) -> Option<&'a str> {
    let metadata = event(record)["header"]["metadata"].as_array()?;
    metadata.iter().find(|entry| entry[0] == name)?[1].as_str()
}

#[test]
fn what_is_seen_is_looked_into_once_and_what_was_found_has_its_root_on_both_buses() {
    for (number, &bus) in BUSES.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        // No longer than the kernel's names are.
        let name = format!("hot{number}-{}", std::process::id());
        let shell = copy_of_the_shell(folder.path(), &name).canonicalize().unwrap();
        let mut agent = agent(bus, folder.path(), &look_closer_at(&name));
        let burner = Burner::start(&shell);
        let pid = burner.pid();
        let result = agent.read_until(|record| event(record)["action"] == "analysis");
        // Scans go on, in which it is as hot as before.
        let fence = Sleeper::start();
        agent.read_until(|record| is(record, "started", fence.pid()));
        drop(burner);
        agent.read_until(|record| is(record, "exited", pid));
        let (records, status) = agent.stop(Signal::SIGTERM);
        assert_eq!(status.code(), Some(0), "{bus}");

        let requests: Vec<_> =
            records.iter().filter(|record| event(record)["kind"] == "trigger_request").collect();
        let [request] = &requests[..] else { panic!("{bus}: {requests:?}") };
        assert_eq!(event(request)["target_pid"], pid, "{bus}");
        let is_cause =
            |record: &&Value| correlation(record, "id") == correlation(request, "parent");
        let cause = records.iter().find(is_cause).expect("it was observed");
        assert_eq!(event(cause)["pid"], pid, "{bus}");
        assert!(event(cause)["cpu_percent"].as_f64().unwrap() > 50.0, "{bus}: {cause}");

        assert_eq!(event(&result)["outcome"], "allowed", "{bus}: {result}");
        assert_eq!(event(&result)["resource"], "look-closer", "{bus}");
        assert_eq!(correlation(&result, "root"), correlation(cause, "id"), "{bus}");
        assert_eq!(said(&result, "trigger"), event(request)["trigger_id"].as_str(), "{bus}");
        assert_eq!(said(&result, "finding.digest.sha256"), Some(&*digest(&shell)), "{bus}");
        assert_eq!(said(&result, "finding.digest.path"), shell.to_str(), "{bus}");
        assert_eq!(said(&result, "finding.lineage.pid"), Some(&*pid.to_string()), "{bus}");
        let parent = said(&result, "finding.lineage.ancestor.01").expect("this test");
        let own = std::process::id().to_string();
        assert_eq!(parent.split(' ').next(), Some(&*own), "{bus}: {parent}");
        let results = records.iter().filter(|record| event(record)["kind"] == "audit");
        assert_eq!(results.count(), 1, "{bus}");
    }
}

/// Asks a collector that does not run for what it would do, about every child that sleeps.
const IN_VAIN: &str = "\
[[trigger]]
name = \"sleepers\"
when = \"SELECT * FROM process WHERE name = 'sleep' AND change IN ('started', 'executed')\"
target = \"fsmond\"
analysis = \"in-vain\"

[[workflow]]
name = \"in-vain\"

[[workflow.stage]]
id = \"digest\"
analysis = \"file_hash\"
target = \"fsmond\"
timeout = \"100ms\"
";

#[test]
fn an_analysis_that_fails_degrades_the_agent_and_is_told_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent("daemoneye", folder.path(), IN_VAIN);
    let operator = Operator::at(&agent);
    let part = |name: &str| -> HealthPart {
        let parts = operator.health("daemoneye-agent").parts;
        parts.into_iter().find(|part| part.name == name).expect("it is a part")
    };
    assert_eq!(part("analyses").status, HealthStatus::Healthy);
    let _child = Sleeper::start();
    // The agent's watchdog ends the wait.
    let failed = loop {
        let told = part("analyses");
        if told.status == HealthStatus::Degraded {
            break told;
        }
    };
    let reason = "in-vain: stage digest failed: no answer within 100ms";
    assert_eq!(failed.reason.as_deref(), Some(reason));
    assert_eq!(part("triggers").status, HealthStatus::Healthy);
    let (_, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}
