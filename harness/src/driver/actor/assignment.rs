//! What one actor process is told before it starts: its roles, its bus, its place.
//!
//! One generic actor serves every deployment; a deployment is only another grouping of roles
//! into processes, so nothing but the bus differs between two of them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::driver::bus::Opening;
use crate::driver::passes::Pass;
use crate::plan::{Bus, Case};

/// The first line an actor reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Assignment {
    /// Name of the process in the trial: `broker`, `p0`, `s3`, `host`.
    pub name: String,
    /// The whole case: every actor knows the plan, so that orders stay small.
    pub case: Case,
    /// The bus under test.
    pub bus: Bus,
    /// The void floor: everything but the hand-off.
    pub void: bool,
    /// What this process hosts.
    pub roles: Vec<Part>,
    /// Whether the reference clones events for each subscriber instead of sharing them.
    pub share_by_clone: bool,
    /// Where the broker listens, for buses that have one.
    pub socket: PathBuf,
    /// What roles that connect prove themselves with: their own, or all where the broker is.
    pub passes: Vec<Pass>,
    /// Where files of the trial go.
    pub directory: PathBuf,
}

/// One role, hosted as a thread of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Part {
    /// The broker or the in-process bus.
    Bus,
    /// The publisher with this index.
    Publisher(usize),
    /// The subscriber with this index.
    Subscriber(usize),
}

impl Assignment {
    /// The passes a process with these parts has to know: all of them where the bus is.
    pub(crate) fn passes_of(&self, parts: &[Part]) -> Vec<Pass> {
        let names = |pass: &Pass, part: &Part| match part {
            Part::Bus => true,
            Part::Publisher(index) => pass.name == format!("p{index}"),
            Part::Subscriber(index) => pass.name == format!("s{index}"),
        };
        let own = |pass: &&Pass| parts.iter().any(|part| names(pass, part));
        self.passes.iter().filter(own).cloned().collect()
    }

    /// What it takes to open the bus.
    pub(crate) fn opening(&self) -> Opening {
        Opening {
            bus: self.bus,
            settings: self.case.topology.bus.clone(),
            share_by_clone: self.share_by_clone,
            socket: self.socket.clone(),
            passes: self.passes.clone(),
            journal: self.case.returns().then(|| self.directory.join("broker.journal")),
        }
    }
}
