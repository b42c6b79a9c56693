//! Host cases: a real agent with real collectors watches what this harness makes happen.
//!
//! Each child, file or connection is held until what was done to it was recorded by the agent, and
//! only then goes on to its next act. The recorder is the agent's own subscriber on both buses;
//! nothing is pretended, and nothing is judged here: what is not seen in time is left to the
//! checks.
//!
//! - `site`: where agents are started and watched; `watch`: one of them, as it runs;
//! - `agent`: its process; `record`: what it wrote; `left`: the end;
//! - `stage`: makes things happen: `children`, `files`, `connections`;
//! - `switch`: three agents one after the other, each started from the same file with another bus
//!   in it; `setting`: that file; `fault`: what a switch can change that it must not;
//! - `footprint`: what agent and collectors use where nothing is made to happen.

mod agent;
mod children;
mod connections;
mod fault;
mod files;
mod footprint;
mod left;
mod record;
mod setting;
mod site;
mod stage;
mod switch;
mod watch;

use std::path::{Path, PathBuf};
use std::time::Duration;

use collector_core::config::CollectorName;

use self::agent::{AgentStart, flags, recording};
use self::site::Site;
use super::error::DriveError;
use super::interrupt::Interrupt;
use crate::plan::Bus;
use crate::record::{Deployed, ProcessFigures, Sightings, TearDown};

pub use self::fault::SwitchFault;
pub use self::footprint::{FootprintPlan, run_footprint};
pub use self::switch::{SwitchDriven, run_switch};

/// What a host case needs.
#[derive(Debug, Clone)]
pub struct HostRequest<'a> {
    /// The harness's executable, which has the verb `child`; the agent lies beside it.
    pub executable: &'a Path,
    /// [`Bus::Crossbeam`] for the agent's `local` bus, [`Bus::Process`] for its broker; a switch
    /// has both, and asks nobody.
    pub bus: Bus,
    /// What the agent subscribes to.
    pub patterns: &'a [String],
    /// What is made to happen, and how often.
    pub makes: &'a [(ThingKind, u64)],
    /// How long the whole case may take.
    pub budget: Duration,
    /// Where the record goes; made if missing.
    pub directory: &'a Path,
}

/// What a host case makes happen; a real collector sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThingKind {
    /// A child is started and ends: procmond.
    Child,
    /// The same with a program whose hash is known, which procmond tells as well. On Linux only.
    Program,
    /// A file is made, written and removed: fsmond.
    File,
    /// A connection is opened and closed: netmond.
    Connection,
}

/// What came of a host case.
#[derive(Debug, Clone, PartialEq)]
pub struct HostDriven {
    /// What was recorded, and what happened.
    pub sightings: Sightings,
    /// How the agent ran, as it said itself.
    pub deployed: Deployed,
    /// Figures of the agent and of every collector that is a process of its own.
    pub processes: Vec<ProcessFigures>,
    /// What was left behind.
    pub tear_down: TearDown,
}

impl ThingKind {
    /// The collector that sees it.
    pub fn collector(self) -> CollectorName {
        match self {
            Self::Child | Self::Program => CollectorName::Procmond,
            Self::File => CollectorName::Fsmond,
            Self::Connection => CollectorName::Netmond,
        }
    }
}

/// The agent beside an executable, if it is built.
pub fn agent_beside(executable: &Path) -> Option<PathBuf> {
    let name = format!("daemoneye-agent{}", std::env::consts::EXE_SUFFIX);
    let beside = executable.with_file_name(name);
    beside.is_file().then_some(beside)
}

/// Runs a host case. Call within a runtime.
///
/// An agent or collector that dies meanwhile is an error, told at once with its last words.
/// Whatever happens, no process of the case remains when it returns; when the future is dropped,
/// the agent is killed, and its collectors end with it.
pub async fn run_host(
    agent: &Path,
    request: &HostRequest<'_>,
    mut interrupt: Interrupt,
) -> Result<HostDriven, DriveError> {
    let site = Site::open(request).await?;
    let record = request.directory.join(format!("{}.record", request.bus.as_str()));
    let start = AgentStart {
        program: agent,
        setting: [flags(request, site.folder()), recording(request.patterns, &record)].concat(),
        variable: None,
        home: site.folder(),
    };
    let mut driven = site.run(&start, record, &mut interrupt).await?;
    driven.tear_down.folders.extend(site.close());
    Ok(driven)
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
