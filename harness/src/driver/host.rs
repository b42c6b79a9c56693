//! Host cases: a real agent with real collectors watches what this harness makes happen.
//!
//! Each child, file or connection is held until what was done to it was recorded by the agent, and
//! only then goes on to its next act. The recorder is the agent's own subscriber on both buses;
//! nothing is pretended, and nothing is judged here: what is not seen in time is left to the checks.
//!
//! - `agent`: its process; `record`: what it wrote; `left`: the end;
//! - `stage`: makes things happen: `children`, `files`, `connections`;
//! - `footprint`: what agent and collectors use where nothing is made to happen.

mod agent;
mod children;
mod connections;
mod files;
mod footprint;
mod left;
mod record;
mod stage;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use collector_core::config::CollectorName;
use collector_core::ready::AgentReady;
use tokio::time::Instant;

pub use self::footprint::{FootprintPlan, run_footprint};

use self::agent::{AGENT, RunningAgent};
use self::left::Belongings;
use self::record::GrowingRecord;
use self::stage::{Stage, go_on};
use super::budget::Budget;
use super::error::{DriveError, Stage as DriveStage};
use super::identity::Identity;
use super::interrupt::Interrupt;
use super::measure::Meter;
use super::runtime_folder::RuntimeFolder;
use crate::plan::Bus;
use crate::record::{Parent, ProcessFigures, Role, Sightings, Step, TearDown, Thing};

/// What was done to a batch is seen within this time.
const SEEN_LIMIT: Duration = Duration::from_mins(1);
/// Things held at once: enough that one scan sees many, few for a small host.
const BATCH: u64 = 50;
/// Time between two looks at a record that grows.
const LOOK: Duration = Duration::from_millis(20);

/// What a host case needs.
#[derive(Debug, Clone)]
pub struct HostRequest<'a> {
    /// The harness's executable, which has the verb `child`; the agent lies beside it.
    pub executable: &'a Path,
    /// [`Bus::Crossbeam`] for the agent's `local` bus, [`Bus::Process`] for its broker.
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
    let budget = Budget::of(request.budget);
    std::fs::create_dir_all(request.directory).map_err(DriveError::Prepare)?;
    let folder = RuntimeFolder::create().map_err(DriveError::Prepare)?;
    let path = request.directory.join(format!("{}.record", request.bus.as_str()));
    let record = GrowingRecord::begin(path.clone());
    let stage = Stage::new(request, folder.path()).await.map_err(DriveError::Prepare)?;
    let agent = RunningAgent::start(agent, request, folder.path(), &path)?;
    let mut watch = Watch {
        agent,
        record,
        things: Vec::new(),
        seen: Vec::new(),
        // Host trials are no performance trials, but what real processes use is worth telling.
        meter: Meter::new(true),
        belongings: Belongings::default(),
    };
    let watched = tokio::select! {
        watched = budget.limit(watch.watch(request, &stage)) => {
            watched.unwrap_or_else(|| Err(budget.exceeded(DriveStage::Phase("things".to_owned()))))
        }
        () = interrupt.told() => Err(DriveError::Interrupted),
    };
    drop(stage);
    let end = watch.agent.end().await;
    let mut tear_down = watch.belongings.left(folder.path()).await;
    tear_down.folders.extend(folder.remove());
    watched?;
    // What came after the last exit was seen: a repetition would be there.
    watch.read_on()?;
    let processes = watch.meter.figures();
    let parent = Parent { pid: std::process::id(), arguments: own_arguments() };
    let Watch { record, things, .. } = watch;
    let sightings = Sightings { record: record.events, things, parent, end };
    Ok(HostDriven { sightings, processes, tear_down })
}

fn own_arguments() -> Vec<String> {
    std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect()
}

/// A host case as it runs.
struct Watch {
    agent: RunningAgent,
    record: GrowingRecord,
    things: Vec<Thing>,
    /// By thing: the steps seen.
    seen: Vec<BTreeSet<Step>>,
    meter: Meter,
    belongings: Belongings,
}

impl Watch {
    async fn watch(&mut self, request: &HostRequest<'_>, stage: &Stage) -> Result<(), DriveError> {
        let ready = self.agent.ready().await?;
        tracing::debug!(?ready, "the agent is ready");
        take_part(&ready, &mut self.agent, &mut self.meter, &mut self.belongings).await?;
        self.meter.everybody_is_ready();
        self.meter.window_begins();
        for (kind, count) in request.makes.iter().copied() {
            let mut left = count;
            while left > 0 {
                let batch = left.min(BATCH);
                left -= batch;
                if !self.batch(stage, kind, batch).await? {
                    break;
                }
            }
        }
        self.meter.window_ends();
        self.meter.everything_is_drained();
        Ok(())
    }

    /// Begins things and takes each through its acts; whether all was seen in time. Nothing of it
    /// is left either way.
    async fn batch(
        &mut self,
        stage: &Stage,
        kind: ThingKind,
        size: u64,
    ) -> Result<bool, DriveError> {
        let (first, mut held) = (self.things.len(), Vec::new());
        for _ in 0..size {
            let (one, things) = stage.begin(kind, self.things.len()).await?;
            self.belongings.hold(&one);
            self.seen.resize(self.seen.len() + things.len(), BTreeSet::new());
            self.things.extend(things);
            held.push(one);
        }
        let acts = self.things[first..].iter().map(|thing| thing.acts().len()).max().unwrap_or(0);
        let mut seen = self.until_seen(first, 0).await;
        for act in 1..acts {
            go_on(&mut held, act).await?;
            if matches!(seen, Ok(true)) {
                seen = self.until_seen(first, act).await;
            }
        }
        seen
    }

    /// Reads until every step of an act was seen of every thing from this on; whether in time.
    async fn until_seen(&mut self, first: usize, act: usize) -> Result<bool, DriveError> {
        let limit = Instant::now() + SEEN_LIMIT;
        let mut look = tokio::time::interval(LOOK);
        loop {
            self.read_on()?;
            if self.has_seen(first, act) {
                return Ok(true);
            }
            if Instant::now() >= limit {
                return Ok(false);
            }
            let dead = self.belongings.collectors.iter().find(|(_, one)| !one.is_running());
            if let Some((name, process)) = dead {
                return Err(self.agent.lost_collector(name, process.pid).await);
            }
            let ended = tokio::select! {
                _ = look.tick() => continue,
                () = self.meter.tick() => continue,
                ended = self.agent.exited() => ended,
            };
            return Err(self.agent.ended_unasked(ended).await);
        }
    }

    fn read_on(&mut self) -> Result<(), DriveError> {
        let known = self.record.read_on();
        let what = |cause| format!("left a record that cannot be read: {cause}");
        let known = known.map_err(|cause| self.agent.error(&what(cause)))?;
        for received in &self.record.events[known..] {
            let thing = Thing::find(&self.things, &received.event);
            if let (Some(thing), Some(step)) = (thing, Step::told_by(&received.event)) {
                self.seen[thing].insert(step);
            }
        }
        Ok(())
    }

    fn has_seen(&self, first: usize, act: usize) -> bool {
        let mut both = self.things[first..].iter().zip(&self.seen[first..]);
        both.all(|(thing, seen)| {
            let steps = thing.acts().get(act).copied().unwrap_or_default();
            steps.iter().all(|step| seen.contains(step))
        })
    }
}

/// Measures the agent and each collector that is a process of its own.
async fn take_part(
    ready: &AgentReady,
    agent: &mut RunningAgent,
    meter: &mut Meter,
    belongings: &mut Belongings,
) -> Result<(), DriveError> {
    meter.watch(AGENT, Role::Agent, ready.pid);
    for collector in ready.collectors.iter().filter(|one| one.pid != ready.pid) {
        meter.watch(&collector.ready, Role::Collector, collector.pid);
        match Identity::of(collector.pid) {
            Some(process) => belongings.collectors.push((collector.ready.clone(), process)),
            // Elsewhere nobody tells whether it runs.
            None if cfg!(unix) => {
                return Err(agent.lost_collector(&collector.ready, collector.pid).await);
            }
            None => {}
        }
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
