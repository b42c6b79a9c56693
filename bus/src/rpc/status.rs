//! How members are: what one tells when it has changed, and what an agent knows of all of them.

use std::time::Duration;

use super::health::{HealthReport, HealthStatus};
use super::telemetry::{Counters, Telemetry};

/// How a member is, told unasked because it has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusReport {
    /// The member's running number of such reports, from 1.
    pub sequence: u64,
    /// How it is, part by part.
    pub report: HealthReport,
}

/// What an agent knows of itself and of its members.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentStatus {
    /// The bus's name in configuration.
    pub bus_type: String,
    /// The agent's process.
    pub pid: u32,
    /// How long it has run; whole milliseconds travel.
    pub uptime: Duration,
    /// Its collectors, then members that somebody else has started, each in order of the names.
    pub members: Vec<MemberStatus>,
}

/// What an agent knows of one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberStatus {
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub state: MemberState,
    /// Its process, where the agent has started it and it runs.
    pub pid: Option<u32>,
    /// How often the agent has started it again.
    pub restarts: u32,
    /// How it is: as it says, or worse where the agent sees worse.
    pub health: HealthStatus,
    /// Why, when there is something to say.
    pub reason: Option<String>,
    /// What it last told; `None` before.
    pub telemetry: Option<LastTelemetry>,
}

/// The life of a member as its agent sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberState {
    /// Started, and not ready yet.
    Starting,
    /// Ready.
    Running,
    /// It ended, and will be started again after a pause.
    Restarting,
    /// It ended too often and is not started any more (R5).
    Failed,
    /// A member that somebody else has started.
    Joined,
}

/// What a member told last, and how long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastTelemetry {
    /// What it told.
    pub telemetry: Telemetry,
    /// How long ago that was heard; whole milliseconds travel.
    pub age: Duration,
}

impl AgentStatus {
    /// What all members that told anything have done, together.
    pub fn totals(&self) -> Counters {
        let told = self.members.iter().filter_map(|member| member.telemetry.as_ref());
        told.map(|last| last.telemetry.counters).sum()
    }
}

impl MemberState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Starting, Self::Running, Self::Restarting, Self::Failed, Self::Joined];

    /// Its word, for people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Failed => "failed",
            Self::Joined => "joined",
        }
    }
}
