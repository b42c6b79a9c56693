//! What one actor process is told before it starts: its roles, its bus, its place.
//!
//! One generic actor serves every deployment; a deployment is only another grouping of roles
//! into processes, so nothing but the bus differs between two of them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::driver::bus::Opening;
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
    /// What it takes to open the bus.
    pub(crate) fn opening(&self) -> Opening {
        Opening {
            bus: self.bus,
            settings: self.case.topology.bus.clone(),
            share_by_clone: self.share_by_clone,
            socket: self.socket.clone(),
        }
    }
}
