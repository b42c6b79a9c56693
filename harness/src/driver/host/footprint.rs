//! What the agent and its collectors use of a host on which nobody does anything (METHOD §12).
//!
//! The real programs as they are shipped, beside idle processes. Nothing is judged here.

use std::path::Path;
use std::time::Duration;

use collector_core::ready::AgentReady;
use tokio::time::{Instant, sleep_until};

use super::agent::{AGENT, AgentStart, RunningAgent, nothing_set};
use super::left::Belongings;
use super::watch::take_part;
use crate::driver::error::DriveError;
use crate::driver::idle_processes::IdleProcesses;
use crate::driver::interrupt::Interrupt;
use crate::driver::measure::{self, Meter};
use crate::driver::runtime_folder::RuntimeFolder;
use crate::record::{AgentEnd, Footprint, FootprintRecord, ProcessFigures, TearDown};

/// How a footprint is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FootprintPlan {
    /// Processes that are started to be there and do nothing.
    pub idle_processes: usize,
    /// How long is measured once everything is ready.
    pub window: Duration,
}

/// Runs an agent with its collectors, and measures each. Call within a Tokio runtime with time and
/// input/output.
///
/// An agent or collector that ends meanwhile is an error, told at once with its last words. No process
/// remains when it returns, nor when the future is dropped; an interrupt ends it with
/// [`DriveError::Interrupted`].
pub async fn run_footprint(
    agent: &Path,
    plan: FootprintPlan,
    mut interrupt: Interrupt,
) -> Result<FootprintRecord, DriveError> {
    let folder = RuntimeFolder::create().map_err(DriveError::Prepare)?;
    let idle = IdleProcesses::start(plan.idle_processes).map_err(DriveError::Prepare)?;
    let started = Instant::now();
    let agent = RunningAgent::start(&AgentStart {
        program: agent,
        setting: nothing_set(folder.path()).map_err(DriveError::Prepare)?,
        variable: None,
        home: folder.path(),
    })?;
    let belongings = Belongings::default();
    let mut taking = Taking { started, agent, meter: Meter::new(true), belongings };
    let taken = tokio::select! {
        taken = taking.take(plan) => taken,
        () = interrupt.told() => Err(DriveError::Interrupted),
    };
    let end = taking.agent.end().await;
    let mut left = taking.belongings.left(folder.path()).await;
    drop(idle);
    left.failed.extend(disorder(end));
    left.folders.extend(folder.remove());
    Ok(FootprintRecord { left, ..taken? })
}

/// A footprint as it is taken.
struct Taking {
    /// When the agent was.
    started: Instant,
    agent: RunningAgent,
    meter: Meter,
    belongings: Belongings,
}

impl Taking {
    async fn take(&mut self, plan: FootprintPlan) -> Result<FootprintRecord, DriveError> {
        let ready = self.agent.ready().await?;
        let ready_s = self.started.elapsed().as_secs_f64();
        take_part(&ready, &mut self.agent, &mut self.meter, &mut self.belongings).await?;
        self.meter.everybody_is_ready();
        self.meter.window_begins();
        let started_with: Vec<Option<f64>> =
            self.meter.figures().iter().map(|process| cpu_s(process.pid)).collect();
        self.until(Instant::now() + plan.window).await?;
        self.meter.window_ends();
        let figures = self.meter.figures();
        let window = figures.first().and_then(|process| process.series.last());
        let both = figures.iter().zip(started_with);
        Ok(FootprintRecord {
            idle_processes: plan.idle_processes,
            ready_s,
            window_s: window.map_or(0.0, |last| last.at_s),
            processes: both.map(|(process, start)| footprint(process, start, &ready)).collect(),
            host: self.meter.host(),
            left: TearDown::default(),
        })
    }

    /// Waits for the end of the window; ends before it as soon as one of the processes does.
    async fn until(&mut self, end: Instant) -> Result<(), DriveError> {
        loop {
            let ended = tokio::select! {
                () = sleep_until(end) => return Ok(()),
                () = self.meter.tick() => None,
                ended = self.agent.exited() => Some(ended),
            };
            if let Some(ended) = ended {
                return Err(self.agent.ended_unasked(ended).await);
            }
            if let Some((name, pid)) = self.belongings.dead() {
                return Err(self.agent.lost_collector(name, pid).await);
            }
        }
    }
}

/// What one process used; to be asked while it runs.
fn footprint(process: &ProcessFigures, start_cpu_s: Option<f64>, ready: &AgentReady) -> Footprint {
    let last = process.series.last();
    let percent = last.and_then(|last| Some(100.0 * last.cpu_s? / last.at_s));
    let shares = process.series.iter().map(|moment| moment.pss_bytes);
    let mut others = ready.collectors.iter().filter(|one| one.pid != ready.pid);
    let own = others.find(|one| one.pid == process.pid);
    Footprint {
        name: process.name.clone(),
        role: process.role,
        first_scan_events: own.map(|collector| collector.first_scan_events),
        start_cpu_s,
        cpu_percent: percent.filter(|percent| percent.is_finite()),
        peak_resident_bytes: measure::peak_resident(process.pid),
        peak_pss_bytes: shares.max().filter(|bytes| *bytes > 0),
    }
}

fn cpu_s(pid: u32) -> Option<f64> {
    measure::cpu_time(pid).map(|time| time.as_secs_f64())
}

/// How the agent ended, if not in order.
fn disorder(end: AgentEnd) -> Option<String> {
    match end {
        AgentEnd::InOrder => None,
        AgentEnd::Failed { how, last_words } => Some(format!("{AGENT}: {how}: {last_words}")),
        AgentEnd::Killed { waited } => {
            Some(format!("{AGENT} went on {waited:?} after it was asked to end, and was killed"))
        }
    }
}
