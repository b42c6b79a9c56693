//! A collector as a process of its own.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use daemoneye_eventbus::Secret;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::Instant;
use tokio::time::error::Elapsed;
use tracing::{debug, warn};

use super::MemberError;
use super::lifeline::Lifeline;
use crate::config::CollectorName;
use crate::ready::{CollectorReady, CollectorRefusal};

/// How long a killed process may take to be gone; one that waits in the kernel, for a disk that
/// does not answer, takes as long as that does.
const KILL_LIMIT: Duration = Duration::from_secs(5);
/// The exit code of every program here for a configuration that must be changed.
const CONFIGURATION_EXIT: i32 = 2;

/// A started process.
#[derive(Debug)]
pub(super) struct ChildMember {
    name: CollectorName,
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
    /// Held as long as the process shall live; `None` once it was asked to end.
    lifeline: Option<Lifeline>,
    /// Whether it has said so. Before, it may not handle signals yet, and has nothing to lose.
    ready: bool,
    /// Why it will never be, in its own words, if it has said so.
    refusal: Option<String>,
}

impl ChildMember {
    /// Starts a collector with this command and hands it its token and the settings, which it must
    /// take within the limit; must be called inside a runtime.
    pub(super) async fn start(
        name: CollectorName,
        mut command: Command,
        (token, settings): (&Secret, &str),
        limit: Duration,
    ) -> Result<Self, MemberError> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        // A group of its own: an interrupt from the terminal is for the agent, which then ends its
        // collectors in order.
        #[cfg(unix)]
        command.process_group(0);
        let mut process = command.spawn().map_err(|source| MemberError::Spawn {
            program: command.as_std().get_program().into(),
            source,
        })?;
        let input = process.stdin.take().expect("standard input is a pipe");
        let lifeline = tokio::time::timeout(limit, Lifeline::begin(input, token, settings)).await;
        let lifeline = lifeline.map_err(|_| MemberError::NotReady { waited: limit })?;
        let output = process.stdout.take().expect("standard output is a pipe");
        let output = BufReader::new(output).lines();
        let lifeline = Some(lifeline);
        Ok(Self { name, process, output, lifeline, ready: false, refusal: None })
    }

    /// Reads its output up to the line that says it is ready.
    pub(super) async fn ready(&mut self) -> Result<CollectorReady, MemberError> {
        while let Ok(Some(line)) = self.output.next_line().await {
            if let Ok(ready) = serde_json::from_str(&line) {
                self.ready = true;
                return Ok(ready);
            }
            if let Ok(CollectorRefusal { why, .. }) = serde_json::from_str(&line) {
                self.refusal = Some(why);
            } else {
                debug!(collector = %self.name, line, "unexpected output");
            }
        }
        Err(self.ended().await)
    }

    /// Waits for its end. Cancel safe.
    pub(super) async fn ended(&mut self) -> MemberError {
        match self.process.wait().await {
            Ok(status) if status.code() == Some(CONFIGURATION_EXIT) => {
                let why = self.refusal.take().unwrap_or_else(|| status.to_string());
                MemberError::Refused { why }
            }
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
                self.kill().await;
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
        if let Some(lifeline) = self.lifeline.take() {
            lifeline.end().await;
        }
        terminate(&self.process);
        tokio::time::timeout_at(deadline, self.process.wait()).await
    }

    /// Kills it, and waits for its end, though not for ever.
    pub(super) async fn kill(&mut self) {
        match tokio::time::timeout(KILL_LIMIT, self.process.kill()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(collector = %self.name, %error, "it cannot be killed"),
            Err(_) => warn!(collector = %self.name, "killed, and not gone within {KILL_LIMIT:?}"),
        }
    }
}

fn judge(status: ExitStatus) -> Result<(), MemberError> {
    if status.success() { Ok(()) } else { Err(MemberError::EndedBadly { how: status.to_string() }) }
}

/// Asks a process to end that may not read its standard input.
#[cfg(unix)]
fn terminate(process: &Child) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    // Not reaped yet, so that the id is still its own; `None` says it is.
    if let Some(pid) = process.id().and_then(|pid| i32::try_from(pid).ok()) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

/// What was said on its standard input is all there is here.
#[cfg(not(unix))]
fn terminate(_process: &Child) {}
