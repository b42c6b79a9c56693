//! Host cases: a real agent with a real procmond watches children that this harness starts.
//!
//! Each child is held open until its start was recorded by the agent, then let go, and its exit
//! awaited. The recorder is the agent's own subscriber on both buses; nothing is pretended, and
//! nothing is judged here: a child that is not seen in time is left to the checks.
//!
//! - `agent`: its process; `record`: what it wrote; `children`: who is watched; `left`: the end.

mod agent;
mod children;
mod left;
mod record;

use std::path::{Path, PathBuf};
use std::time::Duration;

use collector_core::ready::AgentReady;
use daemoneye_eventbus::CollectionEvent;
use tokio::time::Instant;

use self::agent::{AGENT, RunningAgent};
use self::children::{Nursery, let_go};
use self::left::Belongings;
use self::record::GrowingRecord;
use super::budget::Budget;
use super::error::{DriveError, Stage};
use super::identity::Identity;
use super::interrupt::Interrupt;
use super::measure::Meter;
use super::runtime_folder::RuntimeFolder;
use crate::plan::Bus;
use crate::record::{
    Parent, ProcessFigures, Role, Sightings, TearDown, WatchedChild, tells_exit, tells_start,
};

/// A batch is seen starting, and again seen exiting, within this time.
const SEEN_LIMIT: Duration = Duration::from_mins(1);
/// Children held open at once: enough that one scan sees many, few for a small host.
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
    /// Children to start.
    pub children: u64,
    /// How long the whole case may take.
    pub budget: Duration,
    /// Where the record goes; made if missing.
    pub directory: &'a Path,
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
    let agent = RunningAgent::start(agent, request, folder.path(), &path)?;
    let mut watch = Watch {
        agent,
        record,
        children: Vec::new(),
        seen: Vec::new(),
        // Host trials are no performance trials, but what real processes use is worth telling.
        meter: Meter::new(true),
        belongings: Belongings::default(),
    };
    let watched = tokio::select! {
        watched = budget.limit(watch.watch(request, folder.path())) => {
            watched.unwrap_or_else(|| Err(budget.exceeded(Stage::Phase("children".to_owned()))))
        }
        () = interrupt.told() => Err(DriveError::Interrupted),
    };
    let end = watch.agent.end().await;
    let mut tear_down = watch.belongings.left(folder.path()).await;
    tear_down.folders.extend(folder.remove());
    watched?;
    // What came after the last exit was seen: a repetition would be there.
    watch.read_on()?;
    let processes = watch.meter.figures();
    let parent = Parent { pid: std::process::id(), arguments: own_arguments() };
    let Watch { record, children, .. } = watch;
    let sightings = Sightings { record: record.events, children, parent, end };
    Ok(HostDriven { sightings, processes, tear_down })
}

fn own_arguments() -> Vec<String> {
    std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect()
}

/// A host case as it runs.
struct Watch {
    agent: RunningAgent,
    record: GrowingRecord,
    children: Vec<WatchedChild>,
    /// By child: starts and exits seen.
    seen: Vec<(u64, u64)>,
    meter: Meter,
    belongings: Belongings,
}

impl Watch {
    async fn watch(&mut self, request: &HostRequest<'_>, folder: &Path) -> Result<(), DriveError> {
        let nursery = Nursery::new(request.executable, folder).map_err(DriveError::Prepare)?;
        let ready = self.agent.ready().await?;
        tracing::debug!(?ready, "the agent is ready");
        self.take_part(&ready).await?;
        self.meter.everybody_is_ready();
        self.meter.window_begins();
        let mut left = request.children;
        while left > 0 {
            let batch = left.min(BATCH);
            left -= batch;
            if !self.batch(&nursery, batch).await? {
                break;
            }
        }
        self.meter.window_ends();
        self.meter.everything_is_drained();
        Ok(())
    }

    /// Measures the agent and each collector that is a process of its own.
    async fn take_part(&mut self, ready: &AgentReady) -> Result<(), DriveError> {
        self.meter.watch(AGENT, Role::Agent, ready.pid);
        for collector in ready.collectors.iter().filter(|one| one.pid != ready.pid) {
            self.meter.watch(&collector.ready, Role::Collector, collector.pid);
            match Identity::of(collector.pid) {
                Some(process) => {
                    self.belongings.collectors.push((collector.ready.clone(), process));
                }
                // Elsewhere nobody tells whether it runs.
                None if cfg!(unix) => {
                    return Err(self.agent.lost_collector(&collector.ready, collector.pid).await);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Starts children, lets them go once they were seen; whether all were seen in time.
    async fn batch(&mut self, nursery: &Nursery, size: u64) -> Result<bool, DriveError> {
        let mut held = Vec::new();
        for _ in 0..size {
            let (child, watched) = nursery.start(self.children.len())?;
            self.belongings.hold(&child);
            self.children.push(watched);
            self.seen.push((0, 0));
            held.push(child);
        }
        let started = self.until(|(starts, _)| starts > 0).await;
        let_go(held).await?;
        Ok(started? && self.until(|(_, exits)| exits > 0).await?)
    }

    /// Reads until something holds for every child; whether it did in time.
    async fn until(&mut self, holds: impl Fn((u64, u64)) -> bool) -> Result<bool, DriveError> {
        let limit = Instant::now() + SEEN_LIMIT;
        let mut look = tokio::time::interval(LOOK);
        loop {
            self.read_on()?;
            if self.seen.iter().copied().all(&holds) {
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
            let CollectionEvent::Process(process) = &received.event else { continue };
            if let Some(child) = WatchedChild::find(&self.children, process) {
                self.seen[child].0 += u64::from(tells_start(process));
                self.seen[child].1 += u64::from(tells_exit(process));
            }
        }
        Ok(())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
