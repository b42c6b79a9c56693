//! The agent of a host case or a footprint: started, heard, missed at once when it dies, asked to end.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
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
const SCAN_INTERVAL: &str = "50ms";
/// How the variables begin that set something of the agent or its collectors.
const VARIABLE_PREFIX: &str = "DAEMONEYE_";

/// The collectors that see what a case makes happen, each once.
fn collectors(request: &HostRequest<'_>) -> Vec<&'static str> {
    let named: BTreeSet<_> = request.makes.iter().map(|(kind, _)| kind.collector()).collect();
    named.into_iter().map(CollectorName::as_str).collect()
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
    /// One that records what a case makes happen.
    pub(super) fn start(
        program: &Path,
        request: &HostRequest<'_>,
        folder: &Path,
        record: &Path,
    ) -> Result<Self, DriveError> {
        let bus = if request.bus == Bus::Crossbeam { "local" } else { "daemoneye" };
        let patterns = request.patterns.iter().flat_map(|pattern| ["--subscribe", pattern]);
        let mut command = Command::new(program);
        command
            .args(["--bus", bus, "--interval", SCAN_INTERVAL])
            .args(["--collectors", &collectors(request).join(",")])
            .arg("--set")
            .arg(format!("fsmond.paths={}", json!([WatchedFolder::within(folder)])))
            .args(patterns)
            .arg("--record")
            .arg(record);
        Self::spawn(command, folder)
    }

    /// One as it is shipped: all collectors, every setting its default, whatever this host or this
    /// user has set.
    pub(super) fn start_as_shipped(program: &Path, folder: &Path) -> Result<Self, DriveError> {
        let nothing_set = folder.join("config.toml");
        std::fs::write(&nothing_set, "").map_err(DriveError::Prepare)?;
        let mut command = Command::new(program);
        command.arg("--config").arg(nothing_set);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with(VARIABLE_PREFIX) {
                command.env_remove(name);
            }
        }
        Self::spawn(command, folder)
    }

    /// Starts it with its home and its socket in a folder.
    fn spawn(mut command: Command, folder: &Path) -> Result<Self, DriveError> {
        let mut process = command
            .arg("--exit-with-parent")
            .arg("--socket")
            .arg(folder.join("run").join("bus"))
            .env("HOME", folder)
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
