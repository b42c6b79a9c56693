//! Starting actor processes, hearing what they say, and ending them.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

use super::actor::assignment::Assignment;
use super::actor::protocol::{Notice, Order};
use super::deploy::Group;
use super::error::DriveError;
use crate::record::Role;

/// Lines of standard error kept for an error message.
const TAIL_LINES: usize = 20;

/// What came from an actor.
#[derive(Debug)]
pub(super) enum Heard {
    Notice(Notice),
    /// A line that is no notice.
    Garbled(String),
    /// Its standard output ended: it is gone or going.
    Closed,
}

/// One running actor.
pub(super) struct Actor {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) pid: u32,
    child: Child,
    stdin: Option<ChildStdin>,
    stderr: Arc<Mutex<VecDeque<String>>>,
}

impl Actor {
    /// Starts an actor; what it says goes to `heard` under its index.
    pub(super) async fn start(
        executable: &Path,
        assignment: &Assignment,
        group: &Group,
        index: usize,
        heard: mpsc::Sender<(usize, Heard)>,
    ) -> Result<Self, DriveError> {
        let failed = |cause| DriveError::Spawn { name: group.name.clone(), cause };
        let mut child = Command::new(executable)
            .arg("actor")
            .arg(&group.name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let pid = child.id().ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        let stdout = child.stdout.take().expect("standard output is piped");
        let errors = child.stderr.take().expect("standard error is piped");
        let stderr = Arc::new(Mutex::new(VecDeque::new()));
        tokio::spawn(hear(index, BufReader::new(stdout), heard));
        tokio::spawn(keep_tail(BufReader::new(errors), Arc::clone(&stderr)));
        let stdin = child.stdin.take();
        let (name, role) = (group.name.clone(), group.role);
        let mut actor = Self { name, role, pid, child, stdin, stderr };
        let mut line = serde_json::to_string(assignment).map_err(|cause| failed(cause.into()))?;
        line.push('\n');
        actor.write(&line).await?;
        Ok(actor)
    }

    /// Sends one order.
    pub(super) async fn tell(&mut self, order: &Order) -> Result<(), DriveError> {
        self.write(&order.to_line()).await
    }

    async fn write(&mut self, line: &str) -> Result<(), DriveError> {
        let written = match &mut self.stdin {
            Some(stdin) => stdin.write_all(line.as_bytes()).await,
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        written.map_err(|cause| self.gone(&format!("takes no orders: {cause}")))
    }

    /// The error of an actor that gave up.
    pub(super) fn gone(&self, what: &str) -> DriveError {
        let (name, stderr) = (self.name.clone(), self.last_words());
        DriveError::Actor { name, what: what.to_owned(), stderr }
    }

    /// The end of its standard error.
    pub(super) fn last_words(&self) -> String {
        self.stderr.lock().iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// Waits until it has exited by itself; `None` when it has not within the limit.
    pub(super) async fn exited(&mut self, limit: Duration) -> Option<bool> {
        let status = tokio::time::timeout(limit, self.child.wait()).await.ok()?;
        Some(status.is_ok_and(|status| status.success()))
    }

    /// Ends its input, which ends it.
    pub(super) fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Ends it: no more input, then a request, then force; returns once it is gone.
    pub(super) async fn end(&mut self, grace: Duration) {
        self.close_input();
        if self.exited(grace).await.is_some() {
            return;
        }
        request_end(self.pid);
        if self.exited(grace).await.is_none() {
            let _ = self.child.kill().await;
        }
    }
}

#[cfg(unix)]
pub(super) fn request_end(pid: u32) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    if let Ok(pid) = i32::try_from(pid) {
        // Gone already is as good.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

#[cfg(not(unix))]
pub(super) fn request_end(_pid: u32) {}

async fn hear(
    index: usize,
    stdout: BufReader<tokio::process::ChildStdout>,
    heard: mpsc::Sender<(usize, Heard)>,
) {
    let mut lines = stdout.lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let said = match Notice::parse(&line) {
            Ok(notice) => Heard::Notice(notice),
            Err(cause) => Heard::Garbled(cause.to_string()),
        };
        if heard.send((index, said)).await.is_err() {
            return;
        }
    }
    let _ = heard.send((index, Heard::Closed)).await;
}

pub(super) async fn keep_tail(
    stderr: BufReader<tokio::process::ChildStderr>,
    tail: Arc<Mutex<VecDeque<String>>>,
) {
    let mut lines = stderr.lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut tail = tail.lock();
        if tail.len() == TAIL_LINES {
            tail.pop_front();
        }
        tail.push_back(line);
    }
}
