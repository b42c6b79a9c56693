//! What is shown of made-up looks, to people and to programs.

use std::time::Duration;

use daemoneye_eventbus::contract::ConnectionInspection;
use daemoneye_eventbus::rpc::{
    AgentStatus, CpuUse, HealthStatus, LastTelemetry, MemberState, MemberStatus, Resources,
    Telemetry,
};
use serde_json::json;

use super::super::asking::Silence;
use super::super::rates::{Change, Sample};
use super::*;

/// Two seconds in which a connection of this name published this much.
fn seen(name: &str, events_published: u64) -> Sample {
    let mut sample = Sample::default();
    sample.statistics.uptime = Duration::from_secs(2);
    sample.inspection.uptime = Duration::from_secs(2);
    let row = ConnectionInspection {
        number: 1,
        name: name.to_owned(),
        events_published,
        ..ConnectionInspection::default()
    };
    sample.inspection.connections = vec![row];
    sample
}

fn agent_of(members: Vec<MemberStatus>) -> AgentStatus {
    let bus_type = "daemoneye".to_owned();
    AgentStatus { bus_type, pid: 42, uptime: Duration::from_secs(95), members }
}

/// One that runs, is degraded and has told what it uses.
fn running() -> MemberStatus {
    let cpu = CpuUse { used: Duration::from_secs(15), over: Duration::from_secs(30) };
    let resources =
        Resources { cpu: Some(cpu), memory_bytes: Some(12 << 20), ..Resources::default() };
    let telemetry = Telemetry { sequence: 3, resources, ..Telemetry::default() };
    MemberStatus {
        name: "procmond".to_owned(),
        state: MemberState::Running,
        pid: Some(4711),
        restarts: 1,
        health: HealthStatus::Degraded,
        reason: Some("error_rate: 1 of 4".to_owned()),
        telemetry: Some(LastTelemetry { telemetry, age: Duration::from_secs(4) }),
    }
}

fn failed() -> MemberStatus {
    MemberStatus {
        name: "netmond".to_owned(),
        state: MemberState::Failed,
        pid: None,
        restarts: 5,
        health: HealthStatus::Unhealthy,
        reason: Some("failed: signal: 9".to_owned()),
        telemetry: None,
    }
}

fn text_of(now: &Sample, told: &Result<AgentStatus, Silence>) -> String {
    text(&Look::of(Change::between(&Sample::default(), now), told))
}

fn json_of(now: &Sample, told: &Result<AgentStatus, Silence>) -> serde_json::Value {
    let look = Look::of(Change::between(&Sample::default(), now), told);
    serde_json::to_value(&look).unwrap()
}

#[test]
fn collectors_stand_before_connections_and_the_worst_comes_first() {
    let told = Ok(agent_of(vec![running(), failed()]));
    let expected = "\
published 0.0/s, delivered 0.0/s, dropped 0.0/s, up 2 s
agent: process 42, up 95 s

COLLECTOR  STATE     PID  RESTARTS  HEALTH     PUB/S     CPU    MEMORY  AGE  REASON
netmond    failed      -         5  unhealthy      -       -         -    -  failed: signal: 9
procmond   running  4711         1  degraded      25  50.0 %  12.0 MiB  4 s  error_rate: 1 of 4

CONNECTION  NAME ";
    let text = text_of(&seen("procmond", 50), &told);
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn programs_read_the_same_and_what_is_not_known_is_left_out() {
    let told = Ok(agent_of(vec![running(), failed()]));
    let look = json_of(&seen("procmond", 50), &told);
    let expected = json!({
        "pid": 42,
        "uptime_seconds": 95.0,
        "collectors": [
            {
                "name": "netmond",
                "state": "failed",
                "restarts": 5,
                "health": "unhealthy",
                "reason": "failed: signal: 9",
            },
            {
                "name": "procmond",
                "state": "running",
                "pid": 4711,
                "restarts": 1,
                "health": "degraded",
                "reason": "error_rate: 1 of 4",
                "published_per_second": 25.0,
                "telemetry": {
                    "age_seconds": 4.0,
                    "cpu_percent": 50.0,
                    "memory_bytes": 12 << 20,
                },
            },
        ],
    });
    assert_eq!(look["agent"], expected);
    assert_eq!(look["connections"][0]["published_per_second"], 25.0);
}

#[test]
fn a_collector_has_the_rate_of_its_own_connection_alone() {
    let told = Ok(agent_of(vec![running()]));
    let look = json_of(&seen("another", 50), &told);
    assert_eq!(look["agent"]["collectors"][0].get("published_per_second"), None);
}

#[test]
fn where_nobody_tells_the_rest_is_shown_with_the_reason() {
    let told = Err(Silence::Nobody);
    let now = seen("procmond", 50);
    let expected = "\
published 0.0/s, delivered 0.0/s, dropped 0.0/s, up 2 s
collectors not shown: nobody on this bus answers as the agent

CONNECTION  NAME ";
    let text = text_of(&now, &told);
    assert!(text.starts_with(expected), "{text}");
    let look = json_of(&now, &told);
    let reason = "nobody on this bus answers as the agent";
    assert_eq!(look["agent"], json!({ "unanswered": reason }));
    assert_eq!(look["connections"][0]["name"], "procmond");
}

#[test]
fn a_reason_commands_no_terminal() {
    let reason = Some("\u{1b}[2Jgone".to_owned());
    let told = Ok(agent_of(vec![MemberStatus { reason, ..failed() }]));
    let text = text_of(&seen("procmond", 0), &told);
    assert!(text.contains("\\u{1b}[2Jgone") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn an_agent_without_collectors_has_a_heading() {
    let text = text_of(&seen("operator", 0), &Ok(agent_of(vec![])));
    let heading = "COLLECTOR  STATE  PID  RESTARTS  HEALTH  PUB/S  CPU  MEMORY  AGE  REASON\n\n";
    assert!(text.contains(heading), "{text}");
}
