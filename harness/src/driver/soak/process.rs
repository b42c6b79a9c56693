//! The harness's end of one process of a soak: started, asked, ended; killed when dropped.

use std::collections::VecDeque;
use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::Stage;
use super::line::{Assignment, Order, Part, Reply};
use crate::driver::error::DriveError;
use crate::driver::measure;
use crate::driver::processes::{EXIT_LIMIT, keep_tail};
use crate::record::Held;

/// A part answers within this time, leaving the bus included, on a busy host.
const ANSWER_LIMIT: Duration = Duration::from_mins(1);

/// One running part.
pub(super) struct Process {
    pub(super) name: String,
    pid: u32,
    child: Child,
    stdin: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
    stderr: Arc<Mutex<VecDeque<String>>>,
}

impl Process {
    /// Starts a part, and returns once it is up.
    pub(super) async fn start(
        stage: &Stage,
        name: &str,
        part: Part,
        fault: Option<String>,
    ) -> Result<Self, DriveError> {
        let mut process = Self::spawn(stage, name)
            .map_err(|cause| DriveError::Spawn { name: name.to_owned(), cause })?;
        let (name, socket) = (name.to_owned(), stage.socket.clone());
        process.say(&Assignment { name, socket, part, fault }).await?;
        match process.answer().await? {
            Reply::Ready => Ok(process),
            other => Err(process.gone(&format!("is not ready: {other:?}"))),
        }
    }

    fn spawn(stage: &Stage, name: &str) -> io::Result<Self> {
        let mut child = Command::new(&stage.executable)
            .args(["soak-part", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().ok_or(io::ErrorKind::NotFound)?;
        let stdin = child.stdin.take().expect("standard input is piped");
        let stdout = child.stdout.take().expect("standard output is piped");
        let errors = child.stderr.take().expect("standard error is piped");
        let stderr = Arc::new(Mutex::new(VecDeque::new()));
        tokio::spawn(keep_tail(BufReader::new(errors), Arc::clone(&stderr)));
        let said = BufReader::new(stdout).lines();
        Ok(Self { name: name.to_owned(), pid, child, stdin, said, stderr })
    }

    /// Gives an order and returns the answer to it.
    pub(super) async fn ask(&mut self, order: Order) -> Result<Reply, DriveError> {
        self.say(&order).await?;
        self.answer().await
    }

    /// Lets it leave, and waits until it has gone; its last answer.
    pub(super) async fn leave(mut self) -> Result<Reply, DriveError> {
        let last = self.ask(Order::Leave).await?;
        match timeout(EXIT_LIMIT, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(last),
            Ok(Ok(status)) => Err(self.gone(&format!("ended with {status}"))),
            Ok(Err(cause)) => Err(self.gone(&format!("cannot be waited for: {cause}"))),
            Err(_) => Err(self.gone("has said goodbye and goes on")),
        }
    }

    /// Ends it by force, and returns when the kernel has closed all that it held.
    pub(super) async fn kill(mut self) -> Result<(), DriveError> {
        let killed = self.child.kill().await;
        killed.map_err(|cause| self.gone(&format!("cannot be killed: {cause}")))
    }

    /// What it holds now; `None` where the host cannot tell.
    pub(super) fn held(&self) -> Option<Held> {
        let anonymous_bytes = measure::memory(self.pid)?.anonymous_bytes;
        Some(Held { anonymous_bytes, descriptors: measure::descriptors(self.pid)? })
    }

    async fn say(&mut self, message: &impl Serialize) -> Result<(), DriveError> {
        let mut line = serde_json::to_string(message).expect("messages have string keys only");
        line.push('\n');
        let written = self.stdin.write_all(line.as_bytes()).await;
        written.map_err(|cause| self.gone(&format!("takes no orders: {cause}")))
    }

    async fn answer(&mut self) -> Result<Reply, DriveError> {
        let line = match timeout(ANSWER_LIMIT, self.said.next_line()).await {
            Ok(Ok(Some(line))) => line,
            Ok(_) => return Err(self.gone("ended unasked")),
            Err(_) => return Err(self.gone(&format!("has not answered for {ANSWER_LIMIT:?}"))),
        };
        match serde_json::from_str(&line) {
            Ok(Reply::Failed(reason)) => Err(self.gone(&format!("gave up: {reason}"))),
            Ok(reply) => Ok(reply),
            Err(cause) => Err(self.gone(&format!("is not understood: {cause}"))),
        }
    }

    /// The error of a part that did not do its part.
    pub(super) fn gone(&self, what: &str) -> DriveError {
        let words: Vec<String> = self.stderr.lock().iter().cloned().collect();
        let (name, stderr) = (self.name.clone(), words.join("\n"));
        DriveError::Actor { name, what: what.to_owned(), stderr }
    }
}
