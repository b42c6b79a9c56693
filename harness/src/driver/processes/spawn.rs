//! Starting actor processes, hearing what they say, and ending them.
//!
//! Every wait for a process has a limit here; who waits for words of an actor is `session`.

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
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::deploy::Group;
use super::signals;
use super::stderr::{StderrFile, keep_all};
use crate::driver::actor::assignment::Assignment;
use crate::driver::actor::protocol::{Notice, Order};
use crate::driver::error::DriveError;
use crate::record::Role;

/// An actor takes an order within this time: it does nothing but read them. What it has no room
/// for stays in a pipe, so one that has stopped is noticed by the roll call before this.
const WRITE_LIMIT: Duration = Duration::from_secs(10);
/// A process that was killed is gone within this time, unless the kernel itself hangs.
const KILL_LIMIT: Duration = Duration::from_secs(5);
/// A process whose lines have closed is gone within this time, and so is its standard error.
const EXIT_LIMIT: Duration = Duration::from_secs(2);

/// What came from an actor.
#[derive(Debug)]
pub(in crate::driver) enum Heard {
    Notice(Notice),
    /// A line that is no notice.
    Garbled(String),
    /// Its standard output ended: it is gone or going.
    Closed,
}

/// One running actor.
pub(in crate::driver) struct Actor {
    pub(in crate::driver) name: String,
    pub(in crate::driver) role: Role,
    pub(in crate::driver) pid: u32,
    child: Child,
    stdin: Option<ChildStdin>,
    stderr: Arc<Mutex<VecDeque<String>>>,
    /// Keeps its standard error.
    reading: JoinHandle<()>,
}

impl Actor {
    /// Starts an actor; what it says goes to `heard` under its index, its standard error to a file in
    /// `directory`.
    pub(in crate::driver) fn start(
        executable: &Path,
        group: &Group,
        directory: &Path,
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
        let file = StderrFile::of(directory, &group.name);
        let errors = BufReader::new(errors);
        let reading = tokio::spawn(keep_all(errors, Arc::clone(&stderr), Some(file)));
        let stdin = child.stdin.take();
        let (name, role) = (group.name.clone(), group.role);
        Ok(Self { name, role, pid, child, stdin, stderr, reading })
    }

    /// Tells it what it is to be: the first line it reads.
    pub(in crate::driver) async fn assign(
        &mut self,
        assignment: &Assignment,
    ) -> Result<(), DriveError> {
        let failed = |cause: io::Error| DriveError::Spawn { name: self.name.clone(), cause };
        let mut line = serde_json::to_string(assignment).map_err(|cause| failed(cause.into()))?;
        line.push('\n');
        self.tell_line(&line).await
    }

    /// Sends one order.
    pub(in crate::driver) async fn tell(&mut self, order: &Order) -> Result<(), DriveError> {
        self.tell_line(&order.to_line()).await
    }

    /// Sends an order to an actor that may be leaving; one that has left is no error.
    pub(in crate::driver) async fn ask(&mut self, order: &Order) -> Result<(), DriveError> {
        match self.write(&order.to_line()).await {
            Err(cause) if cause.kind() == io::ErrorKind::TimedOut => {
                Err(self.takes_none(&cause).await)
            }
            _ => Ok(()),
        }
    }

    async fn tell_line(&mut self, line: &str) -> Result<(), DriveError> {
        match self.write(line).await {
            Ok(()) => Ok(()),
            Err(cause) => Err(self.takes_none(&cause).await),
        }
    }

    async fn write(&mut self, line: &str) -> io::Result<()> {
        let Some(stdin) = &mut self.stdin else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let written = timeout(WRITE_LIMIT, stdin.write_all(line.as_bytes())).await;
        written.unwrap_or_else(|_| {
            let why = format!("it has not read for {WRITE_LIMIT:?}");
            Err(io::Error::new(io::ErrorKind::TimedOut, why))
        })
    }

    async fn takes_none(&mut self, cause: &io::Error) -> DriveError {
        if cause.kind() == io::ErrorKind::BrokenPipe && self.stdin.is_some() {
            return self.ended_unasked().await;
        }
        self.gone(&format!("takes no orders: {cause}"))
    }

    /// The error of an actor whose end of a line has closed: how it ended, and its last words.
    pub(in crate::driver) async fn ended_unasked(&mut self) -> DriveError {
        let how = match timeout(EXIT_LIMIT, self.child.wait()).await {
            Ok(Ok(status)) => format!("ended unasked: {status}"),
            Ok(Err(cause)) => format!("ended unasked, and how is not known: {cause}"),
            Err(_) => format!("closed a line, and goes on {EXIT_LIMIT:?} after that"),
        };
        self.heard_out().await;
        self.gone(&how)
    }

    /// The error of an actor that gave up.
    pub(in crate::driver) fn gone(&self, what: &str) -> DriveError {
        let (name, stderr) = (self.name.clone(), self.last_words());
        DriveError::Actor { name, what: what.to_owned(), stderr }
    }

    /// The end of its standard error.
    pub(in crate::driver) fn last_words(&self) -> String {
        self.stderr.lock().iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// Waits until it has exited by itself; `None` when it has not within the limit.
    pub(in crate::driver) async fn exited(&mut self, limit: Duration) -> Option<bool> {
        let status = timeout(limit, self.child.wait()).await.ok()?;
        Some(status.is_ok_and(|status| status.success()))
    }

    /// Waits until all that it said on standard error is kept, once it has ended.
    pub(in crate::driver) async fn heard_out(&mut self) {
        if !self.reading.is_finished() {
            // A process of its own may hold its standard error longer.
            let _ = timeout(EXIT_LIMIT, &mut self.reading).await;
        }
    }

    /// Ends its input, which ends it.
    pub(in crate::driver) fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Asks it to end, if it has not yet.
    pub(in crate::driver) fn request_end(&self) {
        // An identifier is known only until the process was waited for; then it may be another's.
        if let Some(pid) = self.child.id() {
            request_end(pid);
        }
    }

    /// Ends it by force, if it has not ended yet.
    /// Whether it was running and is gone now.
    pub(in crate::driver) async fn kill(&mut self) -> bool {
        if self.child.id().is_none() {
            return false;
        }
        // One that cannot be killed is reaped when it can.
        let killed = timeout(KILL_LIMIT, self.child.kill()).await;
        killed.is_ok_and(|killed| killed.is_ok())
    }

    /// Stops it; whether it has stopped.
    pub(in crate::driver) async fn freeze(&self) -> bool {
        match self.child.id() {
            Some(pid) => signals::freeze(pid).await,
            None => false,
        }
    }

    /// Lets it run on; whether it is there.
    pub(in crate::driver) fn thaw(&self) -> bool {
        self.child.id().is_some_and(signals::thaw)
    }
}

#[cfg(unix)]
pub(in crate::driver) fn request_end(pid: u32) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    if let Ok(pid) = i32::try_from(pid) {
        // Gone already is as good.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
}

#[cfg(not(unix))]
pub(in crate::driver) fn request_end(_pid: u32) {}

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
