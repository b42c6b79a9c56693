//! Host cases: a real agent with a real procmond watches children that this harness starts.
//!
//! Each child is held open until its start was recorded by the agent, then let go, and its exit
//! awaited. The recorder is the agent's own subscriber on both buses; nothing is pretended.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use collector_core::ready::AgentReady;
use daemoneye_eventbus::event::ProcessChange;
use daemoneye_eventbus::{BusEvent, CollectionEvent};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, timeout_at};

use super::budget::Budget;
use super::error::{DriveError, Stage};
use super::interrupt::Interrupt;
use crate::plan::Bus;

/// The agent and its collector are ready within this time, debug builds on a busy host included.
const READY_LIMIT: Duration = Duration::from_secs(30);
/// A batch is seen starting, and again seen exiting, within this time.
const SEEN_LIMIT: Duration = Duration::from_mins(1);
/// The agent ends within this time after it was asked to.
const END_LIMIT: Duration = Duration::from_secs(20);
/// Children held open at once: enough that one scan sees many, few for a small host.
const BATCH: u64 = 50;
/// Time between two looks at a record that grows.
const LOOK: Duration = Duration::from_millis(20);
/// Short, so that a case is.
const SCAN_INTERVAL: &str = "50ms";

/// What a host case needs.
#[derive(Debug, Clone)]
pub struct HostRequest<'a> {
    /// The harness's executable, which has the verb `child`; the agent lies beside it.
    pub executable: &'a Path,
    /// [`Bus::Crossbeam`] for the agent's `local` bus, [`Bus::Process`] for its broker.
    pub bus: Bus,
    /// Children to start.
    pub children: u64,
    /// How long the whole case may take.
    pub budget: Duration,
    /// Where the record goes; made if missing.
    pub directory: &'a Path,
}

/// How often each child was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sightings {
    /// By process id of the child: starts and exits seen.
    pub children: BTreeMap<u32, (u64, u64)>,
    /// Process id of the agent.
    pub agent: u32,
    /// Whether the agent ended in order.
    pub ended_well: bool,
}

/// One line of the agent's record.
#[derive(Deserialize)]
struct Line {
    event: BusEvent,
}

/// The agent beside an executable, if it is built.
pub fn agent_beside(executable: &Path) -> Option<PathBuf> {
    let name = format!("daemoneye-agent{}", std::env::consts::EXE_SUFFIX);
    let beside = executable.with_file_name(name);
    beside.is_file().then_some(beside)
}

/// Runs a host case. Call within a runtime.
pub async fn run_host(
    agent: &Path,
    request: &HostRequest<'_>,
    mut interrupt: Interrupt,
) -> Result<Sightings, DriveError> {
    let budget = Budget::of(request.budget);
    std::fs::create_dir_all(request.directory).map_err(DriveError::Prepare)?;
    let runtime_folder =
        tempfile::Builder::new().prefix("eq-").tempdir().map_err(DriveError::Prepare)?;
    let record = request.directory.join(format!("{}.record", request.bus.as_str()));
    // A record of an earlier run would be taken for this one's: the agent appends.
    let _ = std::fs::remove_file(&record);
    let mut child = start(agent, request.bus, runtime_folder.path(), &record)?;
    let mut sightings = Record { path: &record, read: 0, torn: Vec::new(), seen: BTreeMap::new() };
    let watched = async {
        let ready = ready(&mut child).await?;
        tracing::debug!(?ready, "the agent is ready");
        watch(request, &mut sightings).await
    };
    let watched = tokio::select! {
        watched = budget.limit(watched) => {
            watched.unwrap_or_else(|| Err(budget.exceeded(Stage::Phase("children".to_owned()))))
        }
        () = interrupt.told() => Err(DriveError::Interrupted),
    };
    let agent = child.id().unwrap_or_default();
    let ended_well = end(&mut child).await;
    watched?;
    // What came after the last exit was seen: a repetition would be there.
    sightings.read_on().map_err(DriveError::Prepare)?;
    Ok(Sightings { children: sightings.seen, agent, ended_well })
}

fn start(agent: &Path, bus: Bus, folder: &Path, record: &Path) -> Result<Child, DriveError> {
    let bus = if bus == Bus::Crossbeam { "local" } else { "daemoneye" };
    Command::new(agent)
        .args(["--bus", bus, "--interval", SCAN_INTERVAL])
        .arg("--socket")
        .arg(folder.join("run").join("bus"))
        .arg("--record")
        .arg(record)
        .env("HOME", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| DriveError::Spawn { name: "daemoneye-agent".to_owned(), cause })
}

async fn ready(agent: &mut Child) -> Result<AgentReady, DriveError> {
    let output = agent.stdout.take().expect("standard output is piped");
    let mut lines = BufReader::new(output).lines();
    let limit = Instant::now() + READY_LIMIT;
    let line = timeout_at(limit, lines.next_line()).await;
    let line = line.map_err(|_| limit_reached("the agent to be ready", READY_LIMIT))?;
    let said = line.ok().flatten().unwrap_or_default();
    serde_json::from_str(&said).map_err(|cause| DriveError::Actor {
        name: "daemoneye-agent".to_owned(),
        what: format!("did not say that it is ready: {cause}"),
        stderr: said,
    })
}

async fn watch(request: &HostRequest<'_>, sightings: &mut Record<'_>) -> Result<(), DriveError> {
    let mut left = request.children;
    while left > 0 {
        let batch = left.min(BATCH);
        left -= batch;
        let mut children = Vec::new();
        for _ in 0..batch {
            let child = held_open(request.executable)?;
            sightings.seen.insert(child.id().unwrap_or_default(), (0, 0));
            children.push(child);
        }
        sightings.until("children to be seen starting", |(starts, _)| *starts > 0).await?;
        for child in &mut children {
            drop(child.stdin.take());
        }
        for child in &mut children {
            child.wait().await.map_err(DriveError::Prepare)?;
        }
        sightings.until("children to be seen exiting", |(_, exits)| *exits > 0).await?;
    }
    Ok(())
}

/// A child that lives until its standard input ends.
fn held_open(executable: &Path) -> Result<Child, DriveError> {
    Command::new(executable)
        .arg("child")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| DriveError::Spawn { name: "child".to_owned(), cause })
}

/// The agent's record, read as it grows.
struct Record<'a> {
    path: &'a Path,
    /// Bytes read so far.
    read: u64,
    /// The beginning of a line whose end is not written yet.
    torn: Vec<u8>,
    seen: BTreeMap<u32, (u64, u64)>,
}

impl Record<'_> {
    async fn until(
        &mut self,
        what: &str,
        holds: impl Fn(&(u64, u64)) -> bool,
    ) -> Result<(), DriveError> {
        let limit = Instant::now() + SEEN_LIMIT;
        let mut look = tokio::time::interval(LOOK);
        while !self.seen.values().all(&holds) {
            if Instant::now() >= limit {
                return Err(limit_reached(what, SEEN_LIMIT));
            }
            look.tick().await;
            self.read_on().map_err(DriveError::Prepare)?;
        }
        Ok(())
    }

    fn read_on(&mut self) -> std::io::Result<()> {
        let mut file = match File::open(self.path) {
            Ok(file) => file,
            // Nothing was received yet.
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(cause) => return Err(cause),
        };
        file.seek(SeekFrom::Start(self.read))?;
        let mut bytes = std::mem::take(&mut self.torn);
        let before = bytes.len();
        file.read_to_end(&mut bytes)?;
        self.read += (bytes.len() - before) as u64;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.torn = bytes.split_off(whole);
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line: Line = serde_json::from_slice(line)?;
            self.note(&line.event);
        }
        Ok(())
    }

    fn note(&mut self, event: &BusEvent) {
        let CollectionEvent::Process(process) = &event.event else { return };
        let Some((starts, exits)) = self.seen.get_mut(&process.pid) else { return };
        match process.change {
            ProcessChange::Started => *starts += 1,
            ProcessChange::Exited => *exits += 1,
            _ => {}
        }
    }
}

/// Asks the agent to end; returns whether it did so by itself and well.
async fn end(agent: &mut Child) -> bool {
    if let Some(pid) = agent.id() {
        super::spawn::request_end(pid);
    }
    let limit = Instant::now() + END_LIMIT;
    if let Ok(status) = timeout_at(limit, agent.wait()).await {
        return status.is_ok_and(|status| status.success());
    }
    // It does not listen; what matters now is that nothing remains.
    let _ = agent.kill().await;
    false
}

fn limit_reached(what: &str, limit: Duration) -> DriveError {
    DriveError::Limit {
        what: what.to_owned(),
        limit,
        silent: "daemoneye-agent".to_owned(),
        stderr: String::new(),
    }
}
