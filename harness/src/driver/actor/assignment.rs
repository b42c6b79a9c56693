//! What one actor process is told before it starts: its roles, its bus, its place.
//!
//! One generic actor serves every deployment; a deployment is only another grouping of roles
//! into processes, so nothing but the bus differs between two of them.

use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::driver::bus::Opening;
use crate::driver::hop_notes;
use crate::driver::impostors::Attempt;
use crate::driver::passes::Pass;
use crate::plan::control::DESK;
use crate::plan::{Bus, Case, bus_name};

/// Version of what the harness and its actors say to each other and leave in files, both ways. Another
/// revision's actors may take part in a run, as long as theirs is the same.
pub(crate) const PROTOCOL: u32 = 1;

/// The first line an actor reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Assignment {
    /// [`PROTOCOL`] of the harness; an actor of another refuses.
    pub protocol: u32,
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
    /// In a traced trial, one event of so many is followed; in none that is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_every: Option<NonZeroU64>,
    /// Where the broker listens, for buses that have one.
    pub socket: PathBuf,
    /// What roles that connect prove themselves with: their own, or all where the broker is.
    pub passes: Vec<Pass>,
    /// What some show who are not who they say: their own, or all where the broker is.
    pub attempts: Vec<Attempt>,
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
    /// The agent's end of the control plane.
    Desk,
    /// The member with this index.
    Member(usize),
    /// The group of callers with this index.
    Callers(usize),
}

impl Part {
    /// The names it has on the bus: none for the bus itself, several for a group of callers.
    pub(crate) fn names(self, case: &Case) -> Vec<String> {
        match self {
            Self::Bus => Vec::new(),
            Self::Publisher(index) => vec![bus_name::publisher(index)],
            Self::Subscriber(index) => vec![bus_name::subscriber(index)],
            Self::Desk => vec![DESK.to_owned()],
            Self::Member(index) => vec![case.control.members[index].name.clone()],
            Self::Callers(index) => case.control.callers[index].names().collect(),
        }
    }
}

impl Assignment {
    /// The passes a process with these parts has to know: all of them where the bus is.
    pub(crate) fn passes_of(&self, parts: &[Part]) -> Vec<Pass> {
        if parts.contains(&Part::Bus) {
            return self.passes.clone();
        }
        let names = self.names_of(parts);
        self.passes.iter().filter(|pass| names.contains(&pass.name)).cloned().collect()
    }

    /// The attempts it has to know.
    pub(crate) fn attempts_of(&self, parts: &[Part]) -> Vec<Attempt> {
        let (hosts, names) = (parts.contains(&Part::Bus), self.names_of(parts));
        let is_known = |attempt: &&Attempt| hosts || names.contains(&attempt.caller);
        self.attempts.iter().filter(is_known).cloned().collect()
    }

    fn names_of(&self, parts: &[Part]) -> BTreeSet<String> {
        parts.iter().flat_map(|part| part.names(&self.case)).collect()
    }

    /// What it takes to open the bus, with a log of hops of its own in a traced trial.
    pub(crate) fn opening(&self) -> Opening {
        Opening {
            bus: self.bus,
            settings: self.case.topology.bus.clone(),
            share_by_clone: self.share_by_clone,
            socket: self.socket.clone(),
            passes: self.passes.clone(),
            attempts: self.attempts.clone(),
            hops: self.follow_every.map(hop_notes::log),
            journal: self.case.returns().then(|| self.directory.join("broker.journal")),
        }
    }
}
