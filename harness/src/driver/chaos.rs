//! Cases of chaos: a real collector whose sources do what the case says, on a real bus.
//!
//! On `process` the collector is a process of its own, let in by the process that hosts the broker as
//! an agent lets its collectors in; on `crossbeam` both are one process, as they are in the agent.
//! The host subscribes, keeps what arrives, and asks the collector how it is. Nothing is judged here:
//! what does not happen in time is left to the checks.
//!
//! - `line`: what the harness and such a process tell each other; `process`: the harness's end;
//! - `part`: the process, as a `host`, a `collector` or both; `source`: what the collector has.

mod collector;
mod host;
mod line;
mod part;
mod process;
mod source;

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use self::line::{Assignment, Order, Reply, Role};
use self::process::Process;
use super::budget::Budget;
use super::error::{DriveError, Stage};
use super::interrupt::Interrupt;
use super::runtime_folder::RuntimeFolder;
use crate::plan::{Bus, Case, Reading};
use crate::record::{AgentEnd, ChaosHistory, PartTold, TearDown};

pub(super) use part::run as run_part;

/// What has to be seen is seen within this time after everything was sent, on a busy host.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(20);
/// How much longer than it may take a collector is waited for when it was asked to end: whether it
/// keeps its own limit is in its report, and this only ends what hangs for good.
const STOP_GRACE: Duration = Duration::from_mins(1);

/// What came of a case of chaos.
#[derive(Debug, Clone, PartialEq)]
pub struct ChaosDriven {
    /// What arrived, and what the collector told.
    pub history: ChaosHistory,
    /// What was left behind.
    pub tear_down: TearDown,
}

/// Runs a case of chaos. Call within a runtime.
///
/// A collector that dies or is silent is a part of what was seen; a host that does is an error.
/// Whatever happens, no process of the case remains when it returns; when the future is dropped,
/// they are killed.
pub async fn run_chaos(
    executable: &Path,
    (case, bus): (&Case, Bus),
    mut interrupt: Interrupt,
) -> Result<ChaosDriven, DriveError> {
    let budget = Budget::of(Duration::from_millis(case.budget_ms));
    let folder = RuntimeFolder::create().map_err(DriveError::Prepare)?;
    let socket = folder.path().join("bus");
    let assignment = Assignment { case: case.clone(), bus, socket, role: Role::Host };
    // Dropped, and its processes killed, where an error or the interrupt cuts it short.
    let driven = tokio::select! {
        driven = budget.limit(drive(executable, &assignment)) => driven
            .unwrap_or_else(|| Err(budget.exceeded(Stage::Phase("chaos".to_owned())))),
        () = interrupt.told() => Err(DriveError::Interrupted),
    };
    let left = folder.left();
    let unremoved = folder.remove();
    let mut driven = driven?;
    // A collector that was killed may have taken its host, and what that would have removed, along.
    if driven.history.end == AgentEnd::InOrder {
        driven.tear_down.folders.extend(left);
    }
    driven.tear_down.folders.extend(unremoved);
    Ok(driven)
}

async fn drive(executable: &Path, assignment: &Assignment) -> Result<ChaosDriven, DriveError> {
    let mut cast = Cast::start(executable, assignment).await?;
    let mut history = ChaosHistory::default();
    let followed = follow(&mut cast, &assignment.case, &mut history).await;
    history.end = cast.ending(followed)?;
    history.held_back = std::mem::take(&mut cast.collector().held_back);
    let mut tear_down = TearDown::default();
    if history.end == AgentEnd::InOrder {
        history.end = cast.end(&mut tear_down).await;
    }
    Ok(ChaosDriven { history, tear_down })
}

/// From the first event to the collector's report, and what had arrived by then.
async fn follow(
    cast: &mut Cast,
    case: &Case,
    history: &mut ChaosHistory,
) -> Result<(), DriveError> {
    let stalls = case.topology.subscribers.iter().any(|one| one.reading == Reading::Stopped);
    let patience = Duration::from_millis(case.chaos.planned_ms()) + PATIENCE;
    if stalls {
        cast.collector().await_held_back(true, patience).await?;
        cast.host.ask(Order::Read).await?;
    }
    history.before_stop = await_arrivals(cast, case.chaos.delivers(), patience).await?;
    history.health = await_health(cast, case).await?;
    if stalls {
        cast.collector().await_held_back(false, PATIENCE).await?;
    }
    let limit = Duration::from_millis(case.chaos.collector.shutdown_timeout_ms) + STOP_GRACE;
    let reply = cast.collector().ask_within(Order::Stop, limit).await?;
    let Reply::Ended(report) = reply else { return Err(cast.collector().astray(&reply)) };
    let reply = cast.host.ask(Order::Leave).await?;
    let Reply::Record(received) = reply else { return Err(cast.host.astray(&reply)) };
    history.received = received;
    history.report = Some(report);
    Ok(())
}

/// Waits until so many events have arrived, or no longer; how many have.
async fn await_arrivals(
    cast: &mut Cast,
    wanted: u64,
    patience: Duration,
) -> Result<u64, DriveError> {
    let until = Instant::now() + patience;
    loop {
        let reply = cast.host.ask(Order::Look).await?;
        let Reply::Received(events) = reply else { return Err(cast.host.astray(&reply)) };
        if events >= wanted || Instant::now() >= until {
            return Ok(events);
        }
        sleep(LOOK).await;
    }
}

/// Asks the collector how it is until it tells of every source what it must, or no longer; its last
/// answer.
async fn await_health(cast: &mut Cast, case: &Case) -> Result<Vec<PartTold>, DriveError> {
    let until = Instant::now() + PATIENCE;
    loop {
        let reply = cast.host.ask(Order::AskHealth).await?;
        let Reply::Health(parts) = reply else { return Err(cast.host.astray(&reply)) };
        let mut sources = case.chaos.sources.iter();
        let is_told = sources.all(|source| {
            // Sources come first: parts that are no source may have the name of one.
            let own = parts.iter().find(|part| part.name == source.name);
            own.is_some_and(|part| part.health == source.health())
        });
        if is_told || Instant::now() >= until {
            return Ok(parts);
        }
        sleep(LOOK).await;
    }
}

/// The processes of a case.
struct Cast {
    host: Process,
    /// `None` where the host is the collector as well.
    collector: Option<Process>,
}

impl Cast {
    async fn start(executable: &Path, assignment: &Assignment) -> Result<Self, DriveError> {
        let (host, token) = Process::start(executable, "host", assignment).await?;
        let Some(token) = token else { return Ok(Self { host, collector: None }) };
        let assignment = Assignment { role: Role::Collector { token }, ..assignment.clone() };
        let (collector, _) = Process::start(executable, "collector", &assignment).await?;
        Ok(Self { host, collector: Some(collector) })
    }

    /// The process the collector runs in.
    fn collector(&mut self) -> &mut Process {
        match &mut self.collector {
            Some(collector) => collector,
            None => &mut self.host,
        }
    }

    /// How the collector ended, if that is what cut the case short; other errors are the harness's.
    fn ending(&mut self, followed: Result<(), DriveError>) -> Result<AgentEnd, DriveError> {
        let collector = self.collector().name().to_owned();
        match followed {
            Ok(()) => Ok(AgentEnd::InOrder),
            Err(DriveError::Actor { name, what, stderr }) if name == collector => {
                Ok(AgentEnd::Failed { how: what, last_words: stderr })
            }
            Err(DriveError::Limit { silent, limit, .. }) if silent == collector => {
                Ok(AgentEnd::Killed { waited: limit })
            }
            Err(other) => Err(other),
        }
    }

    /// Waits for the processes that have said goodbye; how the collector's ended.
    async fn end(self, tear_down: &mut TearDown) -> AgentEnd {
        let Self { host, collector } = self;
        let hosted = host.end(tear_down).await;
        let Some(collector) = collector else { return hosted };
        if let AgentEnd::Failed { how, last_words } = hosted {
            tear_down.failed.push(format!("the host of the bus {how}: {last_words}"));
        }
        collector.end(tear_down).await
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
