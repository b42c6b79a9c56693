//! A real procmond is changed while it runs, by an operator: in its configuration and in whether it
//! collects.

use std::process::{Command, Output};

use daemoneye_eventbus::rpc::{
    ConfigChange, ConfigChanges, ConfigOutcome, ConfigUpdate, HealthStatus, Request, Response,
};
use nix::sys::signal::Signal;

use crate::agent::{RunningAgent, built_programs, signal};
use crate::operator::Operator;
use crate::{Sleeper, is, supervision};

const INTERVAL: &str = "procmond.scan_interval";
/// Questions, which take longer together than several scans.
const ROUNDS: usize = 200;

fn interval(value: &str) -> ConfigChanges {
    let change = ConfigChange { key: INTERVAL.to_owned(), value: Some(value.to_owned()) };
    ConfigChanges { base_version: None, changes: vec![change] }
}

fn update(operator: &Operator, update: ConfigUpdate) -> Result<ConfigOutcome, String> {
    match operator.ask("procmond", Request::UpdateConfig(update)) {
        Ok(Response::Config(outcome)) => Ok(outcome),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string()),
    }
}

fn joined(operator: &Operator) {
    operator.until_procmond(|part| part.status == HealthStatus::Healthy);
}

#[test]
fn a_process_takes_another_interval_and_the_one_before_without_a_restart() {
    // One scan, unless it is told otherwise.
    let flags = ["--set", "procmond.scan_interval=1h"];
    let mut agent = RunningAgent::start_with("daemoneye", &flags);
    let operator = Operator::at(&agent);
    joined(&operator);
    let of_version = |version| ConfigOutcome {
        version,
        hot_keys: vec![INTERVAL.to_owned()],
        restart_keys: Vec::new(),
    };
    let child = Sleeper::start();
    let shorter = ConfigUpdate::Apply(interval("50ms"));
    assert_eq!(update(&operator, shorter), Ok(of_version(2)));
    agent.read_until(|record| is(record, "started", child.pid()));
    let first = ConfigUpdate::Rollback { to_version: 1 };
    assert_eq!(update(&operator, first), Ok(of_version(3)));
    let second = ConfigUpdate::Rollback { to_version: 2 };
    assert_eq!(update(&operator, second), Ok(of_version(4)));
    let other = Sleeper::start();
    agent.read_until(|record| is(record, "started", other.pid()));
    let (records, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
    // One that is started anew enumerates everything anew.
    let own = u64::from(std::process::id());
    assert_eq!(records.iter().filter(|record| is(record, "enumerated", own)).count(), 1);
}

#[test]
fn a_process_refuses_a_wrong_value_with_its_place_and_changes_nothing() {
    let agent = RunningAgent::start("daemoneye");
    let operator = Operator::at(&agent);
    joined(&operator);
    let told = "invalid body: error: update procmond.scan_interval=1ms: \
                `procmond.scan_interval`: 1ms is shorter than 10ms";
    for update_of in [ConfigUpdate::Validate, ConfigUpdate::Apply] {
        assert_eq!(update(&operator, update_of(interval("1ms"))), Err(told.to_owned()));
    }
    let right = ConfigUpdate::Validate(interval("60ms"));
    assert_eq!(update(&operator, right).map(|outcome| outcome.version), Ok(1));
    let (_, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_paused_process_looks_at_nothing_until_it_goes_on() {
    let mut agent = supervision::agent(&built_programs(), &[("HEARTBEAT_INTERVAL", "50ms")]);
    let operator = Operator::at(&agent);
    joined(&operator);
    assert_eq!(operator.ask("procmond", Request::Pause), Ok(Response::Done));
    // More than a scan takes, which may have been under way.
    let linger = || {
        for _ in 0..ROUNDS {
            operator.until_procmond(|part| part.status == HealthStatus::Degraded);
        }
    };
    linger();
    let missed = Sleeper::start();
    let pid = missed.pid();
    linger();
    drop(missed);
    assert_eq!(operator.ask("procmond", Request::Resume), Ok(Response::Done));
    joined(&operator);
    let child = Sleeper::start();
    agent.read_until(|record| is(record, "started", child.pid()));
    let (records, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
    assert!(!records.iter().any(|record| is(record, "started", pid)));
}

/// Runs a command of the agent's program against this agent.
fn command(agent: &RunningAgent, arguments: &[&str]) -> Output {
    let socket = agent.ready.socket_path.as_ref().expect("this bus has one");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("daemoneye-agent"));
    command.args(arguments).arg("--socket").arg(socket);
    command.env("HOME", agent.folder().path()).output().expect("it is built")
}

/// Exit code and standard output.
fn told(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn an_operator_changes_tries_and_restores_by_commands() {
    let mut agent = RunningAgent::start_with("daemoneye", &["--set", "procmond.scan_interval=1h"]);
    joined(&Operator::at(&agent));
    let shorter = ["set", "procmond", "procmond.scan_interval=50ms"];
    let changed = "  procmond.scan_interval  at once\n";
    let tried = command(&agent, &[&shorter[..], &["--check"]].concat());
    assert_eq!(told(&tried), (Some(0), format!("version 1 would change\n{changed}")));
    let done = command(&agent, &shorter);
    assert_eq!(told(&done), (Some(0), format!("version 2\n{changed}")));
    let child = Sleeper::start();
    agent.read_until(|record| is(record, "started", child.pid()));
    let back = command(&agent, &["set", "procmond", "--rollback", "1"]);
    assert_eq!(told(&back), (Some(0), format!("version 3\n{changed}")));
    let (_, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_command_that_is_refused_says_where_and_ends_with_2() {
    let agent = RunningAgent::start("daemoneye");
    joined(&Operator::at(&agent));
    for (change, said) in [
        (
            "procmond.scan_interval=1ms",
            "error: update procmond.scan_interval=1ms: `procmond.scan_interval`: 1ms is shorter \
             than 10ms\n",
        ),
        (
            "procmond.integrity=false",
            "error: update procmond.integrity=false: restart needed: procmond does not change \
             `procmond.integrity` while it runs\n",
        ),
    ] {
        let refused = command(&agent, &["set", "procmond", change]);
        assert_eq!(told(&refused), (Some(2), String::new()));
        let errors = String::from_utf8_lossy(&refused.stderr);
        assert!(errors.ends_with(said), "{errors}");
    }
    let (_, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_command_to_nobody_is_answered_by_the_agent() {
    let agent = supervision::agent(&built_programs(), &[("RESTART_LIMIT", "0")]);
    let unknown = command(&agent, &["set", "procmnod", "procmond.scan_interval=5s"]);
    assert_eq!(told(&unknown), (Some(2), String::new()));
    let errors = String::from_utf8_lossy(&unknown.stderr);
    let said = "no collector `procmnod`; the agent has procmond; did you mean `procmond`?\n";
    assert!(errors.ends_with(said), "{errors}");

    signal(agent.ready.collectors[0].pid, Signal::SIGKILL);
    Operator::at(&agent).until_procmond(supervision::is_failed);
    let failed = command(&agent, &["pause", "procmond"]);
    assert_eq!(told(&failed), (Some(4), String::new()));
    let errors = String::from_utf8_lossy(&failed.stderr);
    let said = "error: procmond does not run: failed, it is not started again: ended unasked: ";
    assert!(errors.contains(said), "{errors}");
}

#[test]
fn a_pause_is_known_to_the_agent_at_once_with_its_reason_and_so_is_its_end() {
    // No heartbeat comes by itself.
    let agent = supervision::agent(&built_programs(), &[("HEARTBEAT_INTERVAL", "1h")]);
    let operator = Operator::at(&agent);
    joined(&operator);
    for (request, is_known) in [(Request::Pause, true), (Request::Resume, false)] {
        assert_eq!(operator.ask("procmond", request), Ok(Response::Done));
        let is_told = |reason: &str| reason.contains("collecting: paused");
        loop {
            let Ok(Response::Status(status)) = operator.ask("daemoneye-agent", Request::GetStatus)
            else {
                panic!("it tells how it is")
            };
            let [procmond] = &status.members[..] else { panic!("{status:?}") };
            let is_degraded = procmond.health == HealthStatus::Degraded;
            let has_reason = procmond.reason.as_deref().is_some_and(is_told);
            if (is_degraded, has_reason) == (is_known, is_known) {
                break;
            }
        }
    }
    let (_, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_pause_by_command_is_shown_by_the_status_until_it_is_over() {
    let agent = supervision::agent(&built_programs(), &[("HEARTBEAT_INTERVAL", "50ms")]);
    joined(&Operator::at(&agent));
    let done = |word: &str| (Some(0), format!("procmond {word}\n"));
    assert_eq!(told(&command(&agent, &["pause", "procmond"])), done("paused"));
    let (code, shown) = told(&command(&agent, &["status"]));
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("procmond collecting is degraded: paused\n"), "{shown}");
    assert_eq!(told(&command(&agent, &["resume", "procmond"])), done("resumed"));
    joined(&Operator::at(&agent));
    let (_, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}
