//! A case of the control plane: who is asked, who asks, and what is done step by step (CONTRACT §6).
//!
//! Steps follow one another. Each ends by something that was seen: an answer, a result, a change of
//! health. None ends by time alone, but for a limit that only a broken control plane reaches.

mod step;

pub use step::{Change, Health, Overreach, Proof, Step, Update};

use daemoneye_eventbus::acl::Role;
use serde::{Deserialize, Serialize};

/// Everything a case of the control plane has and others do not; empty for all others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// How often members show life, milliseconds.
    pub heartbeat_ms: u64,
    /// How the desk chooses who does a task.
    pub strategy: Strategy,
    /// Workflows the desk keeps at once.
    pub workflow_limit: usize,
    /// Who is asked, each a process of its own where processes are crossed.
    pub members: Vec<Member>,
    /// Who asks, each group a process of its own there.
    pub callers: Vec<Callers>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name on the bus.
    pub name: String,
    /// What it is to the broker, and with it which tasks it takes (A2).
    pub role: Role,
    /// Tasks it takes at once, at least 1.
    pub task_limit: u32,
}

/// A group of callers, each with a connection and an address of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callers {
    /// Its name; its callers are numbered after it.
    pub name: String,
    /// How many, at least 1.
    pub count: usize,
}

/// How a member is chosen among those that can (R3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The one that does the fewest tasks.
    #[default]
    LeastLoaded,
    /// Each in turn.
    RoundRobin,
    /// The first that joined.
    FirstAvailable,
}

/// The name of the desk on the bus: the agent's end of the control plane.
pub const DESK: &str = "agent";

/// Refusals of one origin that a broker tells one by one; what comes after is told once a second (A5).
pub const TOLD_AT_ONCE: u64 = 10;

impl Callers {
    /// The names of its callers, on the bus and in addresses of replies.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.count).map(|index| format!("{}-{index}", self.name))
    }
}

impl Control {
    /// Whether somebody asks the broker in it for what it must be refused.
    pub fn has_refusals(&self) -> bool {
        let refused =
            |step: &Step| matches!(step, Step::Impersonate { .. } | Step::Overstep { .. });
        self.steps.iter().any(refused)
    }

    /// Tasks that all steps up to this one, itself left out, have the desk give out.
    pub fn tasks_before(&self, step: usize) -> u64 {
        let steps = &self.steps[..step];
        steps.iter().map(|step| if let Step::Assign { tasks } = step { *tasks } else { 0 }).sum()
    }
}

/// The id of a caller's request: whose, in which step, the how manieth.
pub fn call_id(caller: &str, step: usize, round: u64) -> String {
    format!("{caller}/{step}/{round}")
}

/// The id of a task the desk gives out: the how manieth of the case.
pub fn task_id(number: u64) -> String {
    format!("task-{number}")
}
