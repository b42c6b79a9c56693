//! Supervision of the real procmond by the real agent (R5), and what both say of it over the bus
//! (R1, R2). Time is never waited for, but for the end of a process.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::rpc::{
    CallError, HealthPart, HealthStatus, Operation, Refusal, Request, Response, ShutdownMode,
};
use daemoneye_eventbus::{SourceCaps, event::ControlMessage};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::agent::{RunningAgent, built_programs, signal};
use crate::operator::Operator;
use crate::{BUSES, Sleeper, event, is};

/// A pause nobody waits for, and a window that is longer.
pub(crate) const LONG: [(&str, &str); 3] =
    [("RESTART_PAUSE", "1h"), ("RESTART_PAUSE_LIMIT", "1h"), ("RESTART_WINDOW", "24h")];
/// Pauses no test notices.
const SHORT: [(&str, &str); 1] = [("RESTART_PAUSE", "10ms")];
/// Requests, more than wait for a member that does not read.
const MORE_THAN_WAIT: usize = 1000;

/// An agent with a broker, the procmond of this folder, and settings of its section.
pub(crate) fn agent(programs: &Path, settings: &[(&str, &str)]) -> RunningAgent {
    RunningAgent::start_as("daemoneye", programs, |command: &mut Command| {
        for (key, value) in settings {
            command.env(format!("DAEMONEYE_AGENT__{key}"), value);
        }
    })
}

/// Process id of the collector that was ready first.
fn first_pid(agent: &RunningAgent) -> u32 {
    agent.ready.collectors[0].pid
}

/// Waits for the first scan of a procmond other than this; its process id.
fn next_procmond(agent: &mut RunningAgent, last: u32) -> u32 {
    let own = agent.pid();
    let record = agent.read_until(|record| {
        let seen = event(record);
        let is_new = seen["change"] == "enumerated" && seen["pid"] != last;
        is_new && seen["ppid"] == own && seen["name"] == "procmond"
    });
    let pid = event(&record)["pid"].as_u64().expect("a number");
    u32::try_from(pid).expect("ids fit")
}

pub(crate) fn is_failed(part: &HealthPart) -> bool {
    part.reason.as_ref().is_some_and(|reason| reason.starts_with("failed, "))
}

fn is_paused(part: &HealthPart) -> bool {
    part.reason.as_ref().is_some_and(|reason| reason.contains("started again after"))
}

fn has_ended(pid: u32) -> bool {
    kill(Pid::from_raw(i32::try_from(pid).expect("ids fit")), None) == Err(Errno::ESRCH)
}

/// A folder with a program that is procmond in its first life, and this script in every later one.
fn once_procmond(folder: &TempDir, later: &str) -> PathBuf {
    let (real, flag) = (built_programs().join("procmond"), folder.path().join("lived"));
    let (real, flag) = (real.display(), flag.display());
    let text = format!(
        "#!/bin/sh\nif [ ! -e '{flag}' ]; then : > '{flag}'; exec '{real}' \"$@\"; fi\n{later}\n"
    );
    program(folder, &text)
}

/// A folder where procmond is this script.
fn program(folder: &TempDir, text: &str) -> PathBuf {
    let programs = folder.path().join("programs");
    std::fs::create_dir(&programs).expect("a new folder");
    let (source, path) = (folder.path().join("text"), programs.join("procmond"));
    std::fs::write(&source, text).expect("written");
    // Never open for writing here: a fork of another test would hold it, and it could not be run.
    assert!(Command::new("cp").args([&source, &path]).status().expect("every host").success());
    let runnable = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&path, runnable).expect("its owner may");
    programs
}

#[test]
fn a_collector_that_is_killed_is_started_again_and_the_agent_goes_on() {
    let mut agent = agent(&built_programs(), &SHORT);
    let first = first_pid(&agent);
    signal(first, Signal::SIGKILL);
    let second = next_procmond(&mut agent, first);
    let child = Sleeper::start();
    agent.read_until(|record| is(record, "started", child.pid()));
    let (records, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
    assert!(has_ended(first) && has_ended(second));
    // Each life of a publisher counts anew.
    let first_events =
        records.iter().filter(|record| event(record)["header"]["source_sequence"] == 1);
    assert_eq!(first_events.count(), 2);
}

#[test]
fn a_collector_that_ends_too_often_is_given_up_as_failed_and_told() {
    let settings = [SHORT[0], ("RESTART_LIMIT", "2")];
    let mut agent = agent(&built_programs(), &settings);
    let operator = Operator::at(&agent);
    let mut pid = first_pid(&agent);
    for _ in 0..2 {
        signal(pid, Signal::SIGKILL);
        pid = next_procmond(&mut agent, pid);
    }
    signal(pid, Signal::SIGKILL);
    let part = operator.until_procmond(is_failed);
    assert_eq!(part.status, HealthStatus::Unhealthy);
    let reason = "failed, it is not started again: ended unasked: signal: 9 (SIGKILL)";
    assert_eq!(part.reason.as_deref(), Some(reason));
    assert_eq!(operator.health("daemoneye-agent").overall(), HealthStatus::Unhealthy);

    signal(agent.pid(), Signal::SIGTERM);
    let (status, said) = agent.wait();
    assert_eq!(status.code(), Some(4), "{said}");
    let told = "collector procmond failed after 2 restarts within 300s: ended unasked: signal: 9";
    assert!(said.contains(told), "{said}");
}

#[test]
fn a_collector_that_no_longer_starts_is_given_up_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let agent = agent(&once_procmond(&folder, "exit 3"), &SHORT);
    signal(first_pid(&agent), Signal::SIGKILL);
    let part = Operator::at(&agent).until_procmond(is_failed);
    let reason = part.reason.unwrap();
    assert!(reason.ends_with("ended unasked: exit status: 3"), "{reason}");
}

#[test]
fn a_collector_whose_program_is_gone_is_given_up_with_the_systems_reason() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("procmond");
    std::os::unix::fs::symlink(built_programs().join("procmond"), &program).unwrap();
    let agent = agent(folder.path(), &[SHORT[0], ("RESTART_LIMIT", "1")]);
    std::fs::remove_file(&program).unwrap();
    signal(first_pid(&agent), Signal::SIGKILL);
    let reason = Operator::at(&agent).until_procmond(is_failed).reason.unwrap();
    let expected = format!("cannot start {}: No such file or directory", program.display());
    assert!(reason.contains(&expected), "{reason}");
}

#[test]
fn a_collector_that_is_started_again_has_its_agents_settings_whatever_became_of_the_file() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let file = folder.path().join("agent.toml");
    std::fs::write(&file, "[procmond]\nscan_interval = \"50ms\"\n").unwrap();
    let mut agent =
        RunningAgent::start_in(Arc::clone(&folder), "daemoneye", &built_programs(), |command| {
            command.arg("--config").arg(&file).env("DAEMONEYE_AGENT__RESTART_PAUSE", "10ms");
        });
    std::fs::write(&file, "[procmond]\nscan_intervall = \"50ms\"\n").unwrap();
    let first = first_pid(&agent);
    signal(first, Signal::SIGKILL);
    next_procmond(&mut agent, first);
    let (_, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_collector_that_refuses_its_configuration_is_given_up_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let lives = folder.path().join("lives");
    let refusal = r#"{"refused":"procmond","why":"no such colour"}"#;
    let later = format!("echo again >> '{}'; echo '{refusal}'; exit 2", lives.display());
    let agent = agent(&once_procmond(&folder, &later), &SHORT);
    signal(first_pid(&agent), Signal::SIGKILL);
    let part = Operator::at(&agent).until_procmond(is_failed);
    let reason = "failed, it is not started again: refuses its configuration: no such colour";
    assert_eq!(part.reason.as_deref(), Some(reason));
    signal(agent.pid(), Signal::SIGTERM);
    let (status, said) = agent.wait();
    assert_eq!(status.code(), Some(2), "{said}");
    let told = "error: collector procmond is not started again: refuses its configuration: no such";
    assert!(said.contains(told), "{said}");
    assert_eq!(std::fs::read_to_string(&lives).unwrap(), "again\n");
}

#[test]
fn an_agent_whose_collector_refuses_its_configuration_at_first_ends_with_2_and_its_words() {
    for &bus in BUSES {
        let folder = tempfile::tempdir().unwrap();
        let door = folder.path().join("x".repeat(200)).join("{name}.sock");
        let refused = Command::new(assert_cmd::cargo::cargo_bin("daemoneye-agent"))
            .args(["--bus", bus, "--collectors", "procmond"])
            .arg("--socket")
            .arg(folder.path().join("run/broker.sock"))
            .env("HOME", folder.path())
            .env("DAEMONEYE_IPC__ENABLED", "true")
            .env("DAEMONEYE_IPC__SOCKET_PATH", &door)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{bus}: {said}");
        let own = said.lines().find(|line| line.starts_with("error: collector procmond: refuses"));
        assert!(own.is_some_and(|line| line.contains("the limit of this system")), "{bus}: {said}");
    }
}

#[test]
fn a_collector_that_does_not_get_ready_again_is_killed_and_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("pid");
    let later = format!("trap '' TERM; echo $$ > '{}'; exec sleep 600", told.display());
    // Long enough for the first life, which is to get ready however busy the host is.
    let settings = [SHORT[0], ("RESTART_LIMIT", "1"), ("READY_TIMEOUT", "10s")];
    let agent = agent(&once_procmond(&folder, &later), &settings);
    signal(first_pid(&agent), Signal::SIGKILL);
    let part = Operator::at(&agent).until_procmond(is_failed);
    let reason = part.reason.unwrap();
    assert!(reason.ends_with("not ready within 10s"), "{reason}");
    assert!(has_ended(std::fs::read_to_string(&told).unwrap().trim().parse().unwrap()));
}

#[test]
fn a_collector_that_ignores_the_signal_is_killed_after_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let ready = r#"{"ready":"procmond","pid":%s,"first_scan_events":0}\n"#;
    // What is ignored stays ignored by the program that takes the shell's place.
    let script = format!("#!/bin/sh\ntrap '' TERM\nprintf '{ready}' $$\nexec sleep 600\n");
    let agent = agent(&program(&folder, &script), &[("STOP_TIMEOUT", "300ms")]);
    let pid = first_pid(&agent);
    signal(agent.pid(), Signal::SIGTERM);
    let (status, said) = agent.wait();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("procmond did not stop in order: did not end within 300ms"), "{said}");
    assert!(has_ended(pid));
}

#[test]
fn a_frozen_collector_is_killed_after_the_limit_though_it_had_joined() {
    let agent = agent(&built_programs(), &[("STOP_TIMEOUT", "300ms")]);
    Operator::at(&agent).until_procmond(|part| part.status == HealthStatus::Healthy);
    let pid = first_pid(&agent);
    signal(pid, Signal::SIGSTOP);
    signal(agent.pid(), Signal::SIGTERM);
    let (status, said) = agent.wait();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("procmond did not stop in order: did not end within 300ms"), "{said}");
    assert!(has_ended(pid));
}

#[test]
fn an_orderly_stop_comes_in_the_pause_before_a_restart() {
    let agent = agent(&built_programs(), &LONG);
    signal(first_pid(&agent), Signal::SIGKILL);
    Operator::at(&agent).until_procmond(is_paused);
    let (_, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn an_orderly_stop_ends_a_collector_that_is_still_starting() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("pid");
    let later = format!("echo $$ > '{0}.new'; mv '{0}.new' '{0}'; exec sleep 600", told.display());
    let agent = agent(&once_procmond(&folder, &later), &SHORT);
    signal(first_pid(&agent), Signal::SIGKILL);
    while !told.exists() {
        std::thread::yield_now();
    }
    let pid = std::fs::read_to_string(&told).unwrap().trim().parse().unwrap();
    signal(agent.pid(), Signal::SIGTERM);
    let (status, said) = agent.wait();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(has_ended(pid));
}

#[test]
fn a_second_interrupt_kills_what_does_not_end_and_waits_for_nobody() {
    let mut agent = RunningAgent::start_as("daemoneye", &built_programs(), |command| {
        command.env("DAEMONEYE_AGENT__STOP_TIMEOUT", "1h").env("DAEMONEYE_LOG", "info");
    });
    signal(first_pid(&agent), Signal::SIGSTOP);
    signal(agent.pid(), Signal::SIGINT);
    agent.until_said("agent::host: stopping");
    signal(agent.pid(), Signal::SIGINT);
    // Its end is the end of all who hold its standard error, the stopped one included.
    let (status, said) = agent.wait();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("error: cut off by a second Ctrl-C"), "{said}");
}

#[test]
fn a_collector_is_asked_over_the_bus_to_end_and_takes_leave() {
    let agent = agent(&built_programs(), &[]);
    let operator = Operator::at(&agent);
    operator.until_procmond(|part| part.status == HealthStatus::Healthy);
    let mut lifecycle = operator.listen("control.collector.lifecycle");
    let mut registration = operator.listen("control.collector.registration");
    signal(agent.pid(), Signal::SIGTERM);
    let (by, ControlMessage { operation, target, .. }) = lifecycle.next();
    assert_eq!(
        (&*by, &*operation, target.as_deref()),
        ("daemoneye-agent", "shutdown", Some("procmond"))
    );
    let (by, ControlMessage { operation, .. }) = registration.next();
    assert_eq!((&*by, &*operation), ("procmond", "deregister"));
    let (status, said) = agent.wait();
    assert_eq!(status.code(), Some(0), "{said}");
}

#[test]
fn one_that_is_asked_to_end_by_somebody_else_ends_in_order_and_is_started_again() {
    let mut agent = agent(&built_programs(), &SHORT);
    let operator = Operator::at(&agent);
    operator.until_procmond(|part| part.status == HealthStatus::Healthy);
    let within = Duration::from_secs(30);
    let asked = operator.ask("procmond", Request::Shutdown(ShutdownMode::Graceful { within }));
    assert_eq!(asked, Ok(Response::Done));
    let first = first_pid(&agent);
    next_procmond(&mut agent, first);
    signal(agent.pid(), Signal::SIGTERM);
    let (status, said) = agent.wait();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("ended unasked: exit status: 0"), "{said}");
}

#[test]
fn one_that_is_forced_to_end_does_not_end_in_order() {
    let agent = agent(&built_programs(), &LONG);
    let operator = Operator::at(&agent);
    operator.until_procmond(|part| part.status == HealthStatus::Healthy);
    let asked = operator.ask("procmond", Request::Shutdown(ShutdownMode::Forced));
    assert_eq!(asked, Ok(Response::Done));
    let part = operator.until_procmond(is_paused);
    let reason = part.reason.unwrap();
    assert!(reason.starts_with("ended unasked: exit status: 1"), "{reason}");
}

#[test]
fn a_collector_that_joined_says_how_it_is_and_what_it_can_do() {
    let agent = agent(&built_programs(), &[]);
    let operator = Operator::at(&agent);
    operator.until_procmond(|part| part.status == HealthStatus::Healthy);
    let parts = operator.health("procmond").parts;
    let names: Vec<_> = parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["procmond", "publishing", "error_rate", "cpu", "memory"]);
    assert!(parts.iter().all(|part| part.status == HealthStatus::Healthy), "{parts:?}");
    let Ok(Response::Capabilities(told)) = operator.ask("procmond", Request::GetCapabilities)
    else {
        panic!("it can say what it can do")
    };
    assert_eq!(told.kind, CollectorKind::Process);
    assert!(told.capabilities.contains(SourceCaps::PROCESS));
    let operations = [
        Operation::Pause,
        Operation::Resume,
        Operation::HealthCheck,
        Operation::GetCapabilities,
        Operation::UpdateConfig,
        Operation::ExecuteTask,
        Operation::Shutdown,
    ];
    assert_eq!(told.operations, operations);
    let refused = operator.ask("procmond", Request::Restart);
    let unknown = matches!(refused, Err(CallError::Refused(Refusal::UnknownOperation { .. })));
    assert!(unknown, "{refused:?}");
}

#[test]
fn a_collector_that_shows_no_life_is_unhealthy_until_it_does() {
    let agent = agent(&built_programs(), &[("HEARTBEAT_INTERVAL", "50ms")]);
    let operator = Operator::at(&agent);
    operator.until_procmond(|part| part.status == HealthStatus::Healthy);
    signal(first_pid(&agent), Signal::SIGSTOP);
    operator.until_procmond(|part| part.status == HealthStatus::Unhealthy);
    signal(first_pid(&agent), Signal::SIGCONT);
    operator.until_procmond(|part| part.status == HealthStatus::Healthy);
    let (_, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_frozen_collector_is_killed_and_started_again() {
    let settings = [SHORT[0], ("HEARTBEAT_INTERVAL", "200ms"), ("UNRESPONSIVE_LIMIT", "2s")];
    let mut agent = agent(&built_programs(), &settings);
    let operator = Operator::at(&agent);
    operator.until_procmond(|part| part.status == HealthStatus::Healthy);
    let first = first_pid(&agent);
    signal(first, Signal::SIGSTOP);
    next_procmond(&mut agent, first);
    signal(agent.pid(), Signal::SIGTERM);
    let (_, said) = agent.wait();
    assert!(said.contains("killed: it showed no life for 2s"), "{said}");
    assert!(has_ended(first));
}

#[test]
fn a_frozen_collector_holds_up_no_request_to_others() {
    let agent = agent(&built_programs(), &[]);
    let operator = Operator::at(&agent);
    operator.until_procmond(|part| part.status == HealthStatus::Healthy);
    signal(first_pid(&agent), Signal::SIGSTOP);
    // It would hear them all, and more than wait for it anywhere.
    for _ in 0..MORE_THAN_WAIT {
        operator.health("daemoneye-agent");
    }
    signal(first_pid(&agent), Signal::SIGCONT);
    let (_, status) = agent.stop(Signal::SIGTERM);
    assert_eq!(status.code(), Some(0));
}
