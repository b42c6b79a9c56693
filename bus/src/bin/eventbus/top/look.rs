//! All that one look shows, for people and for programs: what flows, and how the collectors are.

use std::cmp::Reverse;

use daemoneye_eventbus::rpc::{AgentStatus, CpuUse, LastTelemetry, MemberStatus};
use serde::Serialize;

use super::asking::Silence;
use super::rates::Change;

/// One look.
#[derive(Debug, Serialize)]
pub(super) struct Look<'a> {
    #[serde(flatten)]
    pub(super) change: Change<'a>,
    pub(super) agent: Agent<'a>,
}

/// What the agent told.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Agent<'a> {
    /// How it and its collectors are.
    Told { pid: u32, uptime_seconds: f64, collectors: Vec<Collector<'a>> },
    /// Nothing, and why.
    Unknown { unanswered: String },
}

/// One collector; what is not known of it is left out.
#[derive(Debug, Serialize)]
pub(super) struct Collector<'a> {
    pub(super) name: &'a str,
    pub(super) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pid: Option<u32>,
    pub(super) restarts: u32,
    pub(super) health: &'static str,
    /// The worst first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'a str>,
    /// What the broker took from its connection between the two looks; `None` without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) published_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) telemetry: Option<Telemetry>,
}

/// What a collector last told of its process.
#[derive(Debug, Serialize)]
pub(super) struct Telemetry {
    /// How long ago that was heard.
    pub(super) age_seconds: f64,
    /// Of one core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cpu_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) memory_bytes: Option<u64>,
}

impl<'a> Look<'a> {
    /// Puts together what the broker and the agent told.
    pub(super) fn of(change: Change<'a>, told: &'a Result<AgentStatus, Silence>) -> Self {
        let agent = Agent::of(told, &change);
        Self { change, agent }
    }
}

impl<'a> Agent<'a> {
    /// Collectors that are worst come first.
    fn of(told: &'a Result<AgentStatus, Silence>, change: &Change<'_>) -> Self {
        let status = match told {
            Ok(status) => status,
            Err(silence) => return Self::Unknown { unanswered: silence.to_string() },
        };
        let mut members: Vec<&MemberStatus> = status.members.iter().collect();
        members.sort_by_key(|member| Reverse(member.health));
        let collectors = members.into_iter().map(|member| Collector::of(member, change));
        Self::Told {
            pid: status.pid,
            uptime_seconds: status.uptime.as_secs_f64(),
            collectors: collectors.collect(),
        }
    }
}

impl<'a> Collector<'a> {
    fn of(member: &'a MemberStatus, change: &Change<'_>) -> Self {
        Self {
            name: &member.name,
            state: member.state.as_str(),
            pid: member.pid,
            restarts: member.restarts,
            health: member.health.as_str(),
            reason: member.reason.as_deref(),
            published_per_second: published_per_second(change, &member.name),
            telemetry: member.telemetry.as_ref().map(Telemetry::of),
        }
    }
}

impl Telemetry {
    fn of(last: &LastTelemetry) -> Self {
        let resources = &last.telemetry.resources;
        Self {
            age_seconds: last.age.as_secs_f64(),
            cpu_percent: resources.cpu.map(CpuUse::percent),
            memory_bytes: resources.memory_bytes,
        }
    }
}

/// What the broker took from whoever is connected by this name, which is the member's (A4).
///
/// The broker's count is as fresh as the look; the collector's own is as old as its last health
/// check.
fn published_per_second(change: &Change<'_>, name: &str) -> Option<f64> {
    let own = change.connections.iter().filter(|row| row.now.name == name);
    own.map(|row| row.published_per_second).reduce(|one, other| one + other)
}
