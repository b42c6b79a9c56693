//! The agent of a host case or a footprint: started, heard, missed at once when it dies, asked to end.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use collector_core::config::CollectorName;
use collector_core::ready::AgentReady;
use parking_lot::Mutex;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::HostRequest;
use super::files::WatchedFolder;
use crate::driver::error::DriveError;
use crate::driver::processes::{keep_tail, request_end};
use crate::plan::Bus;
use crate::record::AgentEnd;

/// As errors name it.
pub(super) const AGENT: &str = "daemoneye-agent";
/// The agent and its collector are ready within this time, debug builds on a busy host included.
const READY_LIMIT: Duration = Duration::from_secs(30);
/// The agent ends within this time after it was asked to.
const END_LIMIT: Duration = Duration::from_secs(20);
/// Its standard error ends within this time after it: a collector may hold it longer.
const WORDS_LIMIT: Duration = Duration::from_secs(2);
/// It ends by itself within this time after one of its collectors has died.
const NOTICE_LIMIT: Duration = Duration::from_secs(5);
/// Short, so that a case is.
pub(super) const SCAN_INTERVAL: &str = "50ms";
/// What environment variables that set something begin with.
const VARIABLE_PREFIX: &str = "DAEMONEYE_";
/// What stands between section and key in them; others say no more than what is logged.
const LEVEL_SEPARATOR: &str = "__";

/// The collectors that see what a case makes happen, each once.
pub(super) fn collectors(request: &HostRequest<'_>) -> Vec<&'static str> {
    let named: BTreeSet<_> = request.makes.iter().map(|(kind, _)| kind.collector()).collect();
    named.into_iter().map(CollectorName::as_str).collect()
}

/// Where an agent in this folder listens, if it does.
pub(super) fn socket(folder: &Path) -> PathBuf {
    folder.join("run").join("bus")
}

/// The flags that set an agent up for a case on one bus, in this folder.
pub(super) fn flags(request: &HostRequest<'_>, folder: &Path) -> Vec<OsString> {
    let bus = if request.bus == Bus::Crossbeam { "local" } else { "daemoneye" };
    let collectors = collectors(request).join(",");
    let paths = format!("fsmond.paths={}", json!([WatchedFolder::within(folder)]));
    let named =
        ["--bus", bus, "--interval", SCAN_INTERVAL, "--collectors", &collectors, "--set", &paths];
    let mut flags: Vec<OsString> = named.into_iter().map(OsString::from).collect();
    flags.push(OsString::from("--socket"));
    flags.push(socket(folder).into_os_string());
    flags
}

/// The flags of an agent as it is shipped: all collectors, every setting its default, whatever this
/// host or this user has set. Writes the empty file that says so.
pub(super) fn nothing_set(folder: &Path) -> std::io::Result<Vec<OsString>> {
    let file = folder.join("config.toml");
    std::fs::write(&file, "")?;
    let flags = [OsString::from("--config"), file.into_os_string(), OsString::from("--socket")];
    Ok(flags.into_iter().chain([socket(folder).into_os_string()]).collect())
}

/// The flags by which an agent subscribes to patterns and writes what it receives into a file.
pub(super) fn recording(patterns: &[String], record: &Path) -> Vec<OsString> {
    let subscribed = patterns.iter().flat_map(|pattern| ["--subscribe", pattern]);
    let record = [OsString::from("--record"), record.as_os_str().to_owned()];
    subscribed.map(OsString::from).chain(record).collect()
}

/// How an agent is started.
pub(super) struct AgentStart<'a> {
    /// Its executable.
    pub(super) program: &'a Path,
    /// What sets it up: [`flags`] or a file, and what it is to [record](recording).
    pub(super) setting: Vec<OsString>,
    /// The environment variable that sets one thing more, if one does.
    pub(super) variable: Option<(&'static str, &'static str)>,
    /// Its home.
    pub(super) home: &'a Path,
}

/// A running agent. Killed when dropped; it ends in order if this process is killed.
pub(super) struct RunningAgent {
    process: Child,
    /// Its standard input; apart, as waiting for the process would close it, and it ends then.
    lifeline: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    errors: Arc<Mutex<VecDeque<String>>>,
    reading: JoinHandle<()>,
}

impl RunningAgent {
    pub(super) fn start(start: &AgentStart<'_>) -> Result<Self, DriveError> {
        let AgentStart { program, setting, variable, home } = start;
        let mut command = Command::new(program);
        // What the user has set for agents of their own is nothing to this one.
        for name in variables_that_set() {
            command.env_remove(name);
        }
        command.envs(*variable);
        let mut process = command
            .args(setting)
            .arg("--exit-with-parent")
            // Whatever ends the agent, nothing of it is left.
            .args(["--set", "agent.orphan_limit=0s"])
            .env("HOME", home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|cause| DriveError::Spawn { name: AGENT.to_owned(), cause })?;
        let lifeline = process.stdin.take();
        let output = process.stdout.take().expect("standard output is piped");
        let stderr = process.stderr.take().expect("standard error is piped");
        let errors = Arc::default();
        let reading = tokio::spawn(keep_tail(BufReader::new(stderr), Arc::clone(&errors)));
        let output = BufReader::new(output).lines();
        Ok(Self { process, lifeline, output, errors, reading })
    }

    /// Waits until it and its collectors work.
    pub(super) async fn ready(&mut self) -> Result<AgentReady, DriveError> {
        let Ok(line) = timeout(READY_LIMIT, self.output.next_line()).await else {
            return Err(DriveError::Limit {
                what: "the agent to be ready".to_owned(),
                limit: READY_LIMIT,
                silent: AGENT.to_owned(),
                stderr: self.last_words(),
            });
        };
        let Ok(Some(said)) = line else {
            return Err(self.gave_up("ended before it was ready").await);
        };
        let understood = serde_json::from_str(&said);
        understood.map_err(|cause| self.error(&format!("did not say that it is ready: {cause}")))
    }

    /// Waits until it has ended. Cancel safe.
    pub(super) async fn exited(&mut self) -> std::io::Result<ExitStatus> {
        self.process.wait().await
    }

    /// The error of an agent that has ended unasked.
    pub(super) async fn ended_unasked(
        &mut self,
        status: std::io::Result<ExitStatus>,
    ) -> DriveError {
        let how = status.map_or_else(|cause| cause.to_string(), |status| status.to_string());
        self.gave_up(&format!("ended unasked: {how}")).await
    }

    /// The error of an agent whose collector has died: whether the agent ends with it or starts
    /// another, nobody has seen what happened meanwhile.
    pub(super) async fn lost_collector(&mut self, name: &str, pid: u32) -> DriveError {
        match timeout(NOTICE_LIMIT, self.process.wait()).await {
            Ok(status) => self.ended_unasked(status).await,
            Err(_) => self.error(&format!(
                "goes on {NOTICE_LIMIT:?} after its collector {name} (process {pid}) has died"
            )),
        }
    }

    /// Asks it to end, and kills it when it does not.
    pub(super) async fn end(&mut self) -> AgentEnd {
        if let Some(pid) = self.process.id() {
            request_end(pid);
        }
        self.lifeline = None;
        match timeout(END_LIMIT, self.process.wait()).await {
            Ok(Ok(status)) if status.success() => AgentEnd::InOrder,
            Ok(status) => {
                self.hear_out().await;
                let how =
                    status.map_or_else(|cause| cause.to_string(), |status| status.to_string());
                AgentEnd::Failed { how, last_words: self.last_words() }
            }
            Err(_) => {
                // It does not listen; what matters now is that nothing remains.
                let _ = self.process.kill().await;
                AgentEnd::Killed { waited: END_LIMIT }
            }
        }
    }

    pub(super) fn error(&self, what: &str) -> DriveError {
        let (what, stderr) = (what.to_owned(), self.last_words());
        DriveError::Actor { name: AGENT.to_owned(), what, stderr }
    }

    async fn gave_up(&mut self, what: &str) -> DriveError {
        self.hear_out().await;
        self.error(what)
    }

    /// Reads its standard error to the end, if that comes.
    async fn hear_out(&mut self) {
        if !self.reading.is_finished() {
            let _ = timeout(WORDS_LIMIT, &mut self.reading).await;
        }
    }

    fn last_words(&self) -> String {
        self.errors.lock().iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// Names of the environment variables of this process that would set something of an agent.
fn variables_that_set() -> impl Iterator<Item = OsString> {
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with(VARIABLE_PREFIX) && name.contains(LEVEL_SEPARATOR)
    })
}
