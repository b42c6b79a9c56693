//! `daemoneye-agent status` against a real agent and the real procmond: what it shows, and how it
//! ends.

use std::process::{Command, Output};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::agent::{RunningAgent, built_programs, signal};
use crate::supervision;

/// Looks at itself often, so that there is telemetry soon.
const LOOK_INTERVAL: (&str, &str) = ("DAEMONEYE_COLLECTOR__HEALTH_CHECK_INTERVAL", "50ms");

/// Looks at itself once it is ready, and then no more.
const NO_FURTHER_LOOK: (&str, &str) = ("DAEMONEYE_COLLECTOR__HEALTH_CHECK_INTERVAL", "1h");

fn agent(settings: &[(&str, &str)]) -> RunningAgent {
    RunningAgent::start_as("daemoneye", &built_programs(), |command: &mut Command| {
        command.envs(settings.iter().copied());
    })
}

fn status(agent: &RunningAgent, flags: &[&str]) -> Output {
    let socket = agent.ready.socket_path.as_ref().expect("this bus has one");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("daemoneye-agent"));
    command.arg("status").arg("--socket").arg(socket).args(flags);
    command.env("HOME", agent.folder().path()).output().expect("it is built")
}

/// What a program reads; the agent's watchdog ends the wait for an answer.
fn shown(agent: &RunningAgent) -> Value {
    let output = status(agent, &["--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    })
}

/// Asks until it is like this.
fn until(agent: &RunningAgent, is_so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let shown = shown(agent);
        if is_so(&shown) {
            return shown;
        }
    }
}

#[test]
fn a_running_collector_is_shown_with_its_process_its_health_and_what_it_uses() {
    let agent = agent(&[LOOK_INTERVAL]);
    let has_told = |shown: &Value| shown["collectors"][0]["telemetry"]["sequence"].is_u64();
    let first = until(&agent, has_told);
    assert_eq!(first["bus_type"], "daemoneye");
    assert_eq!(first["pid"], agent.pid());
    assert!(first["uptime_seconds"].as_f64().unwrap() > 0.0);
    let procmond = &first["collectors"][0];
    assert_eq!(procmond["name"], "procmond");
    assert_eq!(procmond["state"], "running");
    assert_eq!(procmond["pid"], agent.ready.collectors[0].pid);
    assert_eq!(procmond["restarts"], 0);
    let told = &procmond["telemetry"];
    let memory = told["memory_bytes"].as_u64().expect("every system tells it");
    assert!((1 << 16..1 << 34).contains(&memory), "{memory}");

    let sequence = |shown: &Value| shown["collectors"][0]["telemetry"]["sequence"].as_u64();
    let later = until(&agent, |shown| sequence(shown) > sequence(&first));
    let counters = &later["collectors"][0]["telemetry"]["counters"];
    let published = counters["events_published"].as_u64().unwrap();
    assert!(published >= agent.ready.collectors[0].first_scan_events, "{later}");
    let healthy = until(&agent, |shown| shown["health"] == "healthy");
    assert_eq!(healthy["collectors"][0]["reasons"], serde_json::json!([]));

    let output = status(&agent, &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("COLLECTOR") && text.contains("procmond"), "{text}");
    let (_, ended) = agent.stop(Signal::SIGTERM);
    assert_eq!(ended.code(), Some(0));
}

#[test]
fn one_that_is_ready_has_looked_at_itself_and_tells_what_it_found() {
    let agent = agent(&[NO_FURTHER_LOOK]);
    let has_told = |shown: &Value| shown["collectors"][0]["telemetry"]["sequence"] == 1;
    let shown = until(&agent, has_told);
    let told = &shown["collectors"][0]["telemetry"];
    let published = told["counters"]["events_published"].as_u64().unwrap();
    assert!(published >= agent.ready.collectors[0].first_scan_events, "{told}");
    assert!(told["memory_bytes"].is_u64() && told["cpu_percent"].is_f64(), "{told}");
    agent.stop(Signal::SIGTERM);
}

#[test]
fn what_a_collector_cannot_do_is_told_with_the_first_look_and_not_with_the_next() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let paths = json!([folder.path()]).to_string();
    let agent = agent(&[
        NO_FURTHER_LOOK,
        ("DAEMONEYE_AGENT__COLLECTORS", "[\"fsmond\"]"),
        ("DAEMONEYE_FSMOND__PATHS", paths.as_str()),
        ("DAEMONEYE_FSMOND__MAX_KNOWN_PATHS", "1"),
    ]);
    let shown = until(&agent, |shown| shown["collectors"][0].to_string().contains("than 1 paths"));
    assert_eq!(shown["collectors"][0]["health"], "degraded", "{shown}");
    agent.stop(Signal::SIGTERM);
}

#[test]
fn a_collector_that_is_started_again_waits_for_a_folder_that_is_gone_and_watches_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let [kept, removed] = ["kept", "removed"].map(|name| folder.path().join(name));
    for path in [&kept, &removed] {
        std::fs::create_dir(path).unwrap();
    }
    let paths = json!([kept, removed]).to_string();
    let agent = agent(&[
        LOOK_INTERVAL,
        ("DAEMONEYE_AGENT__COLLECTORS", "[\"fsmond\"]"),
        ("DAEMONEYE_AGENT__RESTART_PAUSE", "10ms"),
        ("DAEMONEYE_FSMOND__PATHS", paths.as_str()),
    ]);
    std::fs::remove_dir(&removed).unwrap();
    signal(agent.ready.collectors[0].pid, Signal::SIGKILL);
    let is_named = |shown: &Value| {
        let reasons = shown["collectors"][0]["reasons"].to_string();
        reasons.contains("removed")
    };
    let shown = until(&agent, |shown| {
        let fsmond = &shown["collectors"][0];
        fsmond["restarts"] == 1 && fsmond["state"] == "running" && is_named(shown)
    });
    assert_eq!(shown["collectors"][0]["health"], "degraded", "{shown}");
    std::fs::create_dir(&removed).unwrap();
    until(&agent, |shown| !is_named(shown));
    let (_, ended) = agent.stop(Signal::SIGTERM);
    assert_eq!(ended.code(), Some(0));
}

#[test]
fn a_collector_that_waits_to_be_started_again_is_unhealthy_and_ends_with_1() {
    let agent = supervision::agent(&built_programs(), &supervision::LONG);
    signal(agent.ready.collectors[0].pid, Signal::SIGKILL);
    let shown = until(&agent, |shown| shown["collectors"][0]["state"] == "restarting");
    let procmond = &shown["collectors"][0];
    assert_eq!((&procmond["health"], procmond.get("pid")), (&Value::from("unhealthy"), None));
    let reason = procmond["reasons"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("ended unasked: signal: 9"), "{reason}");
    let output = status(&agent, &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("unhealthy: procmond"), "{said}");
}

#[test]
fn a_frozen_collector_is_degraded_and_does_not_keep_its_agent_from_telling() {
    let agent = agent(&[]);
    until(&agent, |shown| shown["health"] == "healthy");
    let pid = agent.ready.collectors[0].pid;
    signal(pid, Signal::SIGSTOP);
    let shown = shown(&agent);
    let reasons = shown["collectors"][0]["reasons"].as_array().unwrap();
    let told = reasons.iter().filter_map(|reason| reason["reason"].as_str());
    let silent = told.filter(|reason| reason.starts_with("it does not say how it is")).count();
    assert_eq!(silent, 1, "{shown}");
    assert_eq!(shown["health"], "degraded");
    assert_eq!(shown["collectors"][0]["health"], "degraded");
    let output = status(&agent, &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("procmond is degraded: it does not say how it is"), "{text}");
    signal(pid, Signal::SIGCONT);
    let (_, ended) = agent.stop(Signal::SIGTERM);
    assert_eq!(ended.code(), Some(0));
}
