//! A collector as a process of its own.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use daemoneye_eventbus::Secret;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::Instant;
use tokio::time::error::Elapsed;
use tracing::debug;

use super::MemberError;
use crate::config::CollectorName;
use crate::ready::CollectorReady;

/// A started process.
#[derive(Debug)]
pub(super) struct ChildMember {
    name: CollectorName,
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
    /// Held open as long as the process shall live; the system closes it if the agent dies. `None` once it was asked to end.
    lifeline: Option<ChildStdin>,
    /// Whether it has said so. Before, it may not handle signals yet, and has nothing to lose.
    ready: bool,
}

/// What a collector is started with.
#[derive(Debug)]
pub(super) struct CollectorCommand<'a> {
    pub(super) name: CollectorName,
    pub(super) program: PathBuf,
    pub(super) socket_path: &'a Path,
    pub(super) config_file: Option<&'a Path>,
    /// Values the agent's own flags have set, as `KEY=VALUE`.
    pub(super) set: &'a [String],
    /// What it proves to the broker that it was started by the agent with.
    pub(super) token: &'a Secret,
}

impl CollectorCommand<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["--exit-with-parent", "--token-from-stdin", "--bus", "daemoneye"]);
        command.arg("--socket").arg(self.socket_path);
        if let Some(file) = self.config_file {
            command.arg("--config").arg(file);
        }
        command.args(self.set.iter().flat_map(|value| ["--set", value]));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        // A group of its own: an interrupt from the terminal is for the agent, which then ends its
        // collectors in order.
        #[cfg(unix)]
        command.process_group(0);
        command
    }

    /// Starts the process and hands it its token; must be called inside a runtime.
    pub(super) async fn start(&self) -> Result<ChildMember, MemberError> {
        let failed = |source| MemberError::Spawn { program: self.program.clone(), source };
        let mut process = self.command().spawn().map_err(failed)?;
        let mut lifeline = process.stdin.take().expect("standard input is a pipe");
        let line = format!("{}\n", self.token.to_hex());
        if let Err(error) = lifeline.write_all(line.as_bytes()).await {
            // It has ended already, or is not let in: either shows, and says more than this.
            debug!(%error, "it does not take its token");
        }
        let output = process.stdout.take().expect("standard output is a pipe");
        let output = BufReader::new(output).lines();
        let lifeline = Some(lifeline);
        Ok(ChildMember { name: self.name, process, output, lifeline, ready: false })
    }
}

impl ChildMember {
    /// Reads its output up to the line that says it is ready.
    pub(super) async fn ready(&mut self) -> Result<CollectorReady, MemberError> {
        while let Ok(Some(line)) = self.output.next_line().await {
            if let Ok(ready) = serde_json::from_str(&line) {
                self.ready = true;
                return Ok(ready);
            }
            debug!(collector = %self.name, line, "unexpected output");
        }
        Err(self.ended().await)
    }

    /// Waits for its end. Cancel safe.
    pub(super) async fn ended(&mut self) -> MemberError {
        match self.process.wait().await {
            Ok(status) => MemberError::Ended { how: status.to_string() },
            Err(error) => MemberError::Wait(error),
        }
    }

    pub(super) async fn stop(
        mut self: Box<Self>,
        limit: Duration,
        asked_share: Duration,
        will_end: impl Future<Output = bool>,
    ) -> Result<(), MemberError> {
        let deadline = Instant::now() + limit;
        let ended = match self.ended_by_itself(asked_share, will_end).await {
            Some(ended) => Ok(ended),
            None => self.ended_by_signal(deadline).await,
        };
        match ended {
            Ok(Ok(status)) if self.ready => judge(status),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(MemberError::Wait(error)),
            Err(_) => {
                self.process.kill().await.map_err(MemberError::Wait)?;
                Err(MemberError::Overdue { waited: limit })
            }
        }
    }

    /// How it ended without a signal; `None` when it said nothing of an end or takes too long.
    async fn ended_by_itself(
        &mut self,
        limit: Duration,
        will_end: impl Future<Output = bool>,
    ) -> Option<io::Result<ExitStatus>> {
        let asked = async {
            tokio::select! {
                ended = self.process.wait() => return Some(ended),
                will_end = will_end => if !will_end { return None },
            }
            Some(self.process.wait().await)
        };
        tokio::time::timeout(limit, asked).await.ok().flatten()
    }

    async fn ended_by_signal(
        &mut self,
        deadline: Instant,
    ) -> Result<io::Result<ExitStatus>, Elapsed> {
        terminate(&self.process);
        self.lifeline = None;
        tokio::time::timeout_at(deadline, self.process.wait()).await
    }

    /// Kills it, and waits for its end.
    pub(super) async fn kill(&mut self) {
        if let Err(error) = self.process.kill().await {
            debug!(collector = %self.name, %error, "it cannot be killed");
        }
    }
}

fn judge(status: ExitStatus) -> Result<(), MemberError> {
    if status.success() { Ok(()) } else { Err(MemberError::EndedBadly { how: status.to_string() }) }
}

/// Asks a process to end.
#[cfg(unix)]
fn terminate(process: &Child) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    // Not reaped yet, so that the id is still its own; `None` says it is.
    if let Some(pid) = process.id().and_then(|pid| i32::try_from(pid).ok()) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

/// Closing its standard input is how a process is asked to end here.
#[cfg(not(unix))]
fn terminate(_process: &Child) {}
