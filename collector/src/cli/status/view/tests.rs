//! What is shown of made-up answers, to people and to programs.

use std::collections::BTreeMap;
use std::time::Duration;

use daemoneye_eventbus::rpc::{AgentStatus, ErrorRate, MemberState, Resources, Telemetry};
use serde_json::json;

use super::*;

fn member(name: &str, state: MemberState, health: HealthStatus) -> MemberStatus {
    MemberStatus {
        name: name.to_owned(),
        state,
        pid: (state == MemberState::Running).then_some(4711),
        restarts: 0,
        health,
        reason: None,
        telemetry: None,
    }
}

fn last() -> LastTelemetry {
    let cpu = CpuUse { used: Duration::from_millis(150), over: Duration::from_secs(30) };
    let telemetry = Telemetry {
        sequence: 3,
        uptime: Duration::from_secs(90),
        counters: Counters {
            events_published: 1234,
            events_replayed: 56,
            events_spooled: 7,
            events_lost: 2,
            ..Counters::default()
        },
        errors: ErrorRate { failed: 1, tried: 4 },
        resources: Resources {
            cpu: Some(cpu),
            memory_bytes: Some(12_345_678),
            ..Resources::default()
        },
    };
    LastTelemetry { telemetry, age: Duration::from_millis(1500) }
}

fn part(name: &str, status: HealthStatus, reason: Option<&str>) -> HealthPart {
    HealthPart { name: name.to_owned(), status, reason: reason.map(str::to_owned) }
}

fn view(
    members: Vec<MemberStatus>,
    reports: impl IntoIterator<Item = (&'static str, Result<Vec<HealthPart>, &'static str>)>,
) -> AgentView {
    view_of(Ok(HealthReport::default()), members, reports)
}

fn view_of(
    agent: Result<HealthReport, String>,
    members: Vec<MemberStatus>,
    reports: impl IntoIterator<Item = (&'static str, Result<Vec<HealthPart>, &'static str>)>,
) -> AgentView {
    let status = AgentStatus {
        bus_type: "daemoneye".to_owned(),
        pid: 42,
        uptime: Duration::from_secs(95),
        members,
    };
    let reports: BTreeMap<_, _> = reports
        .into_iter()
        .map(|(name, report)| {
            let report = report.map(|parts| HealthReport { parts });
            (name.to_owned(), report.map_err(str::to_owned))
        })
        .collect();
    AgentView::of(Answers { status, agent, reports })
}

#[test]
fn a_collector_is_shown_with_its_figures_and_each_reason_on_a_line() {
    use HealthStatus::{Degraded, Healthy, Unhealthy};

    let running = MemberStatus {
        restarts: 1,
        telemetry: Some(last()),
        ..member("procmond", MemberState::Running, Degraded)
    };
    let failed = MemberStatus {
        reason: Some("failed, it is not started again: signal: 9".to_owned()),
        restarts: 5,
        ..member("netmond", MemberState::Failed, Unhealthy)
    };
    let parts = vec![
        part("procmond", Healthy, None),
        part("error_rate", Degraded, Some("1 of 4 failed within 5m, the limit is 10 %")),
    ];
    let view = view(vec![running, failed], [("procmond", Ok(parts))]);
    let expected = "\
daemoneye-agent, process 42, on the bus daemoneye, up 95 s: unhealthy

COLLECTOR  STATE     PID  RESTARTS  HEALTH       CPU    MEMORY  PUBLISHED  REPLAYED  KEPT  LOST  AGE
procmond   running  4711         1  degraded   0.5 %  11.8 MiB       1234        56     7     2  2 s
netmond    failed      -         5  unhealthy      -         -          -         -     -     -    -

procmond error_rate is degraded: 1 of 4 failed within 5m, the limit is 10 %
netmond is unhealthy: failed, it is not started again: signal: 9
";
    assert_eq!(view.to_string(), expected);
    assert_eq!(view.names_of(Unhealthy), ["netmond"]);
}

#[test]
fn programs_read_the_same_and_what_nobody_tells_is_left_out() {
    let running = MemberStatus {
        telemetry: Some(last()),
        ..member("procmond", MemberState::Running, HealthStatus::Healthy)
    };
    let shown = serde_json::to_value(view(vec![running], [("procmond", Ok(vec![]))])).unwrap();
    assert_eq!(shown["health"], "healthy");
    let collector = &shown["collectors"][0];
    assert_eq!(collector["state"], "running");
    assert_eq!(collector["pid"], 4711);
    assert_eq!(collector["reasons"], json!([]));
    let told = &collector["telemetry"];
    assert_eq!((&told["sequence"], &told["age_seconds"]), (&json!(3), &json!(1.5)));
    assert_eq!((&told["error_rate"], &told["memory_bytes"]), (&json!(0.25), &json!(12_345_678)));
    assert_eq!(told["counters"]["events_lost"], 2);
    for absent in ["threads", "open_descriptors"] {
        assert!(told.get(absent).is_none(), "{absent} in {told}");
    }
    assert_eq!(shown["totals"]["events_published"], 1234);
}

#[test]
fn one_that_does_not_answer_is_as_the_agent_knows_it_and_both_reasons_are_told() {
    let silent = MemberStatus {
        reason: Some("it does not show life".to_owned()),
        ..member("procmond", MemberState::Running, HealthStatus::Unhealthy)
    };
    let text = view(vec![silent], [("procmond", Err("no reply within 2s"))]).to_string();
    assert!(text.contains("procmond is unhealthy: it does not show life\n"), "{text}");
    assert!(text.contains("procmond is unhealthy: no reply within 2s\n"), "{text}");
}

#[test]
fn one_that_was_well_and_does_not_answer_is_degraded() {
    let members = vec![member("procmond", MemberState::Running, HealthStatus::Healthy)];
    let view = view(members, [("procmond", Err("no reply within 2s"))]);
    assert_eq!((view.health, view.collectors[0].health), ("degraded", "degraded"));
    let text = view.to_string();
    assert!(text.ends_with("\n\nprocmond is degraded: no reply within 2s\n"), "{text}");
}

#[test]
fn what_a_collector_says_now_counts_more_than_its_last_heartbeat() {
    let members = vec![member("procmond", MemberState::Running, HealthStatus::Degraded)];
    let parts = vec![part("procmond", HealthStatus::Healthy, None)];
    let view = view(members, [("procmond", Ok(parts))]);
    assert_eq!((view.health, view.collectors[0].health), ("healthy", "healthy"));
    assert!(view.collectors[0].reasons.is_empty());
}

#[test]
fn a_reason_that_the_agent_alone_knows_counts_beside_what_a_collector_says() {
    let reason = "process 7 has not joined the agent yet";
    let joining = MemberStatus {
        reason: Some(reason.to_owned()),
        ..member("procmond", MemberState::Running, HealthStatus::Degraded)
    };
    let text = view(vec![joining], [("procmond", Ok(vec![]))]).to_string();
    assert!(text.ends_with(&format!("\n\nprocmond is degraded: {reason}\n")), "{text}");
}

#[test]
fn what_the_agent_repeats_of_a_collector_is_told_once() {
    use HealthStatus::Degraded;

    let repeated = MemberStatus {
        reason: Some("memory: too much".to_owned()),
        ..member("procmond", MemberState::Running, Degraded)
    };
    let parts = vec![part("memory", Degraded, Some("too much"))];
    let text = view(vec![repeated], [("procmond", Ok(parts))]).to_string();
    assert_eq!(text.matches("too much").count(), 1, "{text}");
}

#[test]
fn a_collector_that_is_worse_than_when_it_last_showed_life_is_as_it_says_now() {
    let parts = vec![part("publishing", HealthStatus::Unhealthy, Some("all is lost"))];
    let members = vec![member("procmond", MemberState::Running, HealthStatus::Healthy)];
    let view = view(members, [("procmond", Ok(parts))]);
    assert_eq!(view.names_of(HealthStatus::Unhealthy), ["procmond"]);
    assert_eq!(view.health, "unhealthy");
}

#[test]
fn what_the_agent_does_itself_is_told_and_what_it_says_of_collectors_is_not_told_twice() {
    use HealthStatus::{Degraded, Healthy};

    let parts = vec![
        part("procmond", Degraded, Some("as before")),
        part("triggers", Healthy, None),
        part("analyses", Degraded, Some("3 requests lost")),
    ];
    let members = vec![member("procmond", MemberState::Running, Healthy)];
    let view = view_of(Ok(HealthReport { parts }), members, [("procmond", Ok(vec![]))]);
    assert_eq!(view.names_of(Degraded), ["daemoneye-agent"]);
    let text = view.to_string();
    let told = "\n\ndaemoneye-agent analyses is degraded: 3 requests lost\n";
    assert!(text.ends_with(told) && !text.contains("as before"), "{text}");
}

#[test]
fn a_part_that_is_named_as_its_collector_is_named_once() {
    let parts = vec![part("fsmond", HealthStatus::Unhealthy, Some("/gone is gone"))];
    let members = vec![member("fsmond", MemberState::Running, HealthStatus::Healthy)];
    let text = view(members, [("fsmond", Ok(parts))]).to_string();
    assert!(text.ends_with("\n\nfsmond is unhealthy: /gone is gone\n"), "{text}");
}

#[test]
fn an_agent_that_answers_only_once_is_degraded() {
    let view = view_of(Err("it does not say how it is".to_owned()), vec![], []);
    assert_eq!(view.health, "degraded");
    let told = "daemoneye-agent is degraded: it does not say how it is\n";
    assert!(view.to_string().ends_with(told));
}

#[test]
fn an_agent_without_collectors_is_well() {
    let text = view(vec![], []).to_string();
    let first = "daemoneye-agent, process 42, on the bus daemoneye, up 95 s: healthy\n";
    assert!(text.starts_with(first) && text.ends_with("AGE\n"), "{text}");
}
