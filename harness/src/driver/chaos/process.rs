//! The harness's end of one process of a case of chaos: started, asked, ended; killed when dropped.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, timeout_at};

use super::line::{Assignment, Order, Reply};
use crate::driver::error::DriveError;
use crate::driver::processes::{EXIT_LIMIT, keep_tail};
use crate::record::{AgentEnd, TearDown};

/// A process answers within this time, closing the bus included, on a busy host.
const ANSWER_LIMIT: Duration = Duration::from_mins(1);

/// One running process.
pub(super) struct Process {
    /// Its name, as errors have it.
    pub(super) name: &'static str,
    /// Whether sources were held back, each time that changed, as it told unasked.
    pub(super) held_back: Vec<bool>,
    child: Child,
    stdin: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
    stderr: Arc<Mutex<VecDeque<String>>>,
}

impl Process {
    /// Starts a process, and returns once it is up; with the token it has for another, if it has one.
    pub(super) async fn start(
        executable: &Path,
        name: &'static str,
        assignment: &Assignment,
    ) -> Result<(Self, Option<String>), DriveError> {
        let mut process = Self::spawn(executable, name)
            .map_err(|cause| DriveError::Spawn { name: name.to_owned(), cause })?;
        process.say(assignment).await?;
        match process.answer(ANSWER_LIMIT).await? {
            Reply::Ready { token } => Ok((process, token)),
            other => Err(process.astray(&other)),
        }
    }

    fn spawn(executable: &Path, name: &'static str) -> io::Result<Self> {
        let mut child = Command::new(executable)
            .args(["chaos-part", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdin = child.stdin.take().expect("standard input is piped");
        let stdout = child.stdout.take().expect("standard output is piped");
        let errors = child.stderr.take().expect("standard error is piped");
        let stderr = Arc::new(Mutex::new(VecDeque::new()));
        tokio::spawn(keep_tail(BufReader::new(errors), Arc::clone(&stderr)));
        let said = BufReader::new(stdout).lines();
        Ok(Self { name, held_back: Vec::new(), child, stdin, said, stderr })
    }

    /// Gives an order and returns the answer to it.
    pub(super) async fn ask(&mut self, order: Order) -> Result<Reply, DriveError> {
        self.ask_within(order, ANSWER_LIMIT).await
    }

    /// The same within another limit.
    pub(super) async fn ask_within(
        &mut self,
        order: Order,
        limit: Duration,
    ) -> Result<Reply, DriveError> {
        self.say(&order).await?;
        self.answer(limit).await
    }

    /// Waits until it has told that sources are held back, or let go again; or no longer.
    pub(super) async fn await_held_back(
        &mut self,
        wanted: bool,
        limit: Duration,
    ) -> Result<(), DriveError> {
        let until = Instant::now() + limit;
        while self.held_back.last().copied().unwrap_or_default() != wanted {
            let Some(reply) = self.heard(until).await? else { return Ok(()) };
            let Reply::HeldBack(held_back) = reply else { return Err(self.astray(&reply)) };
            self.held_back.push(held_back);
        }
        Ok(())
    }

    /// Waits until it has ended, as it has said goodbye; how it did.
    pub(super) async fn end(mut self, tear_down: &mut TearDown) -> AgentEnd {
        match timeout_at(Instant::now() + EXIT_LIMIT, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => AgentEnd::InOrder,
            Ok(ended) => {
                let how = match ended {
                    Ok(status) => format!("ended with {status}"),
                    Err(cause) => format!("cannot be waited for: {cause}"),
                };
                AgentEnd::Failed { how, last_words: self.last_words() }
            }
            Err(_) => {
                tear_down.killed.push(self.name.to_owned());
                let _ = self.child.kill().await;
                AgentEnd::Killed { waited: EXIT_LIMIT }
            }
        }
    }

    async fn say(&mut self, message: &impl Serialize) -> Result<(), DriveError> {
        let mut line = serde_json::to_string(message).expect("messages have string keys only");
        line.push('\n');
        let written = self.stdin.write_all(line.as_bytes()).await;
        written.map_err(|cause| self.gone(&format!("takes no orders: {cause}")))
    }

    /// The next reply; what is told unasked before it is kept.
    async fn answer(&mut self, limit: Duration) -> Result<Reply, DriveError> {
        let until = Instant::now() + limit;
        loop {
            match self.heard(until).await? {
                Some(Reply::HeldBack(held_back)) => self.held_back.push(held_back),
                Some(Reply::Failed(reason)) => {
                    return Err(self.gone(&format!("gave up: {reason}")));
                }
                Some(reply) => return Ok(reply),
                None => {
                    return Err(DriveError::Limit {
                        what: "an answer".to_owned(),
                        limit,
                        silent: self.name.to_owned(),
                        stderr: self.last_words(),
                    });
                }
            }
        }
    }

    /// The next line; `None` when it does not come by then.
    async fn heard(&mut self, until: Instant) -> Result<Option<Reply>, DriveError> {
        let line = match timeout_at(until, self.said.next_line()).await {
            Ok(Ok(Some(line))) => line,
            Ok(_) => return Err(self.gone("ended unasked")),
            Err(_) => return Ok(None),
        };
        let understood = serde_json::from_str(&line);
        understood.map(Some).map_err(|cause| self.gone(&format!("is not understood: {cause}")))
    }

    /// The error of a process that answers something else than it was asked.
    pub(super) fn astray(&self, reply: &Reply) -> DriveError {
        self.gone(&format!("answered something else: {reply:?}"))
    }

    /// The error of a process that did not do its part.
    fn gone(&self, what: &str) -> DriveError {
        let (name, stderr) = (self.name.to_owned(), self.last_words());
        DriveError::Actor { name, what: what.to_owned(), stderr }
    }

    fn last_words(&self) -> String {
        self.stderr.lock().iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}
