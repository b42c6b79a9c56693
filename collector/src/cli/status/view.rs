//! What is shown of an agent: the same for people and for programs.

use std::fmt;

use daemoneye_eventbus::rpc::{
    Counters, CpuUse, HealthPart, HealthReport, HealthStatus, LastTelemetry, MemberStatus,
};
use serde::Serialize;

use super::asking::Answers;
use crate::cli::table::{NOTHING, Side, safe, table};
use crate::control::AGENT_NAME;

const HEADING: [(&str, Side); 12] = [
    ("COLLECTOR", Side::Left),
    ("STATE", Side::Left),
    ("PID", Side::Right),
    ("RESTARTS", Side::Right),
    ("HEALTH", Side::Left),
    ("CPU", Side::Right),
    ("MEMORY", Side::Right),
    ("PUBLISHED", Side::Right),
    ("REPLAYED", Side::Right),
    ("KEPT", Side::Right),
    ("LOST", Side::Right),
    ("AGE", Side::Right),
];

/// The whole.
#[derive(Debug, Serialize)]
pub(super) struct AgentView {
    bus_type: String,
    pid: u32,
    uptime_seconds: f64,
    /// The worst of all collectors, and of what the agent does itself.
    health: &'static str,
    /// What of that is not healthy, or has something to say.
    reasons: Vec<ReasonView>,
    collectors: Vec<CollectorView>,
    /// What all collectors that told anything have done.
    totals: Counters,
    /// How the agent does what it does itself.
    #[serde(skip)]
    own: HealthStatus,
}

/// One collector.
#[derive(Debug, Serialize)]
struct CollectorView {
    name: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    restarts: u32,
    health: &'static str,
    /// Whatever is not healthy, and what else has something to say.
    reasons: Vec<ReasonView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    telemetry: Option<TelemetryView>,
    #[serde(skip)]
    status: HealthStatus,
}

/// Why a collector is as it is.
#[derive(Debug, Serialize)]
struct ReasonView {
    /// Which part of it; absent for the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<String>,
    health: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What a collector last told; what its system does not tell is left out.
#[derive(Debug, Serialize)]
struct TelemetryView {
    age_seconds: f64,
    sequence: u64,
    uptime_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open_descriptors: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threads: Option<u64>,
    counters: Counters,
}

impl AgentView {
    /// Puts together what the agent and its collectors said.
    pub(super) fn of(answers: Answers) -> Self {
        let Answers { status, agent, mut reports } = answers;
        let (own, reasons) = of_agent(agent, &status.members);
        let totals = status.totals();
        let members = status.members.into_iter();
        let collectors: Vec<_> = members
            .map(|member| {
                let report = reports.remove(&member.name);
                CollectorView::of(member, report)
            })
            .collect();
        let statuses = collectors.iter().map(|collector| collector.status);
        let worst = HealthStatus::worst_of(statuses.chain([own]));
        Self {
            bus_type: status.bus_type,
            pid: status.pid,
            uptime_seconds: status.uptime.as_secs_f64(),
            health: worst.as_str(),
            reasons,
            collectors,
            totals,
            own,
        }
    }

    /// Who is of this health: the agent itself, and collectors.
    pub(super) fn names_of(&self, status: HealthStatus) -> Vec<&str> {
        let agent = (self.own == status).then_some(AGENT_NAME);
        let those = self.collectors.iter().filter(|collector| collector.status == status);
        agent.into_iter().chain(those.map(|collector| collector.name.as_str())).collect()
    }
}

/// How the agent does what it does itself, triggers and analyses, and what is to be said of it.
fn of_agent(
    said: Result<HealthReport, String>,
    members: &[MemberStatus],
) -> (HealthStatus, Vec<ReasonView>) {
    let report = match said {
        Ok(report) => report,
        Err(why) => {
            let status = HealthStatus::Degraded;
            return (status, vec![ReasonView::of_whole(status, why)]);
        }
    };
    let is_own = |part: &HealthPart| members.iter().all(|member| member.name != part.name);
    let parts: Vec<_> = report.parts.into_iter().filter(is_own).collect();
    let status = HealthStatus::worst_of(parts.iter().map(|part| part.status));
    let reasons = parts.into_iter().filter(has_something_to_say).map(ReasonView::of_part);
    (status, reasons.collect())
}

impl CollectorView {
    fn of(member: MemberStatus, report: Option<Result<HealthReport, String>>) -> Self {
        let is_asked = report.is_some();
        let (said, silence) = match report {
            Some(Ok(report)) => (report, None),
            Some(Err(why)) => (HealthReport::default(), Some(why)),
            None => (HealthReport::default(), None),
        };
        let known = known(&member, is_asked, silence.is_some());
        let status = known.max(said.overall());
        // What the agent repeats of what the collector says is said already.
        let is_news = known > said.overall() || silence.is_some();
        let of_agent = member.reason.filter(|_| is_news);
        let whole = of_agent.into_iter().chain(silence);
        let whole = whole.map(|reason| ReasonView::of_whole(known, reason));
        let parts = said.parts.into_iter().filter(has_something_to_say).map(ReasonView::of_part);
        Self {
            name: member.name,
            state: member.state.as_str(),
            pid: member.pid,
            restarts: member.restarts,
            health: status.as_str(),
            reasons: whole.chain(parts).collect(),
            telemetry: member.telemetry.map(TelemetryView::of),
            status,
        }
    }

    fn cells(&self) -> Vec<String> {
        let or_nothing = |cell: Option<String>| cell.unwrap_or_else(|| NOTHING.to_owned());
        let told = self.telemetry.as_ref();
        let count = |of: fn(&Counters) -> u64| told.map(|told| of(&told.counters).to_string());
        let cpu = told.and_then(|told| told.cpu_percent);
        vec![
            safe(&self.name),
            self.state.to_owned(),
            or_nothing(self.pid.map(|pid| pid.to_string())),
            self.restarts.to_string(),
            self.health.to_owned(),
            or_nothing(cpu.map(|percent| format!("{percent:.1} %"))),
            or_nothing(told.and_then(|told| told.memory_bytes).map(mebibytes)),
            or_nothing(count(|counters| counters.events_published)),
            or_nothing(count(|counters| counters.events_replayed)),
            or_nothing(count(|counters| counters.events_spooled)),
            or_nothing(count(|counters| counters.events_lost)),
            or_nothing(told.map(|told| format!("{:.0} s", told.age_seconds))),
        ]
    }
}

/// How a collector is as far as the agent can tell. One that does not answer is not well, whatever
/// it has said before; of one that does, a word of the agent counts that has a reason, and else is
/// that of an earlier heartbeat.
fn known(member: &MemberStatus, is_asked: bool, is_silent: bool) -> HealthStatus {
    if is_silent {
        member.health.max(HealthStatus::Degraded)
    } else if is_asked && member.reason.is_none() {
        HealthStatus::Healthy
    } else {
        member.health
    }
}

fn has_something_to_say(part: &HealthPart) -> bool {
    part.status != HealthStatus::Healthy || part.reason.is_some()
}

impl ReasonView {
    fn of_whole(status: HealthStatus, reason: String) -> Self {
        Self { part: None, health: status.as_str(), reason: Some(reason) }
    }

    fn of_part(part: HealthPart) -> Self {
        Self { part: Some(part.name), health: part.status.as_str(), reason: part.reason }
    }

    /// One line about a collector; a part that has its name, its source, is not named twice.
    fn line(&self, collector: &str) -> String {
        let part = self.part.as_ref().filter(|part| *part != collector);
        let part = part.map(|part| format!(" {}", safe(part)));
        let reason = self.reason.as_ref().map(|reason| format!(": {}", safe(reason)));
        let (part, reason) = (part.unwrap_or_default(), reason.unwrap_or_default());
        format!("{}{part} is {}{reason}", safe(collector), self.health)
    }
}

impl TelemetryView {
    fn of(last: LastTelemetry) -> Self {
        let LastTelemetry { telemetry, age } = last;
        let resources = telemetry.resources;
        Self {
            age_seconds: age.as_secs_f64(),
            sequence: telemetry.sequence,
            uptime_seconds: telemetry.uptime.as_secs_f64(),
            error_rate: telemetry.errors.share(),
            cpu_percent: resources.cpu.map(CpuUse::percent),
            memory_bytes: resources.memory_bytes,
            open_descriptors: resources.open_descriptors,
            threads: resources.threads,
            counters: telemetry.counters,
        }
    }
}

/// A line for the agent, a table of its collectors, and a line for each reason.
impl fmt::Display for AgentView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bus_type, pid, uptime_seconds, health, .. } = self;
        writeln!(
            f,
            "daemoneye-agent, process {pid}, on the bus {}, up {uptime_seconds:.0} s: {health}\n",
            safe(bus_type)
        )?;
        let rows: Vec<_> = self.collectors.iter().map(CollectorView::cells).collect();
        f.write_str(&table(&HEADING, &rows))?;
        let own = self.reasons.iter().map(|reason| reason.line(AGENT_NAME));
        let reasons = self.collectors.iter().flat_map(|collector| {
            collector.reasons.iter().map(|reason| reason.line(&collector.name))
        });
        for (index, line) in own.chain(reasons).enumerate() {
            let before = if index == 0 { "\n" } else { "" };
            writeln!(f, "{before}{line}")?;
        }
        Ok(())
    }
}

/// Bytes as people read memory, in the unit of `eventbus top`.
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests;
