//! The harness's end of a part: started, asked, ended; killed when dropped.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::io;
use std::marker::PhantomData;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::driver::error::DriveError;
use crate::driver::processes::{EXIT_LIMIT, keep_tail};

/// A part takes an order, and answers it, within this time, closing its bus included, on a busy
/// host.
pub(in crate::driver) const ANSWER_LIMIT: Duration = Duration::from_mins(1);
/// The standard error of a part that has ended was read to its end within this time.
const WORDS_LIMIT: Duration = Duration::from_secs(2);

/// One running part, which replies with `R`.
pub(in crate::driver) struct Part<R> {
    name: String,
    pid: u32,
    child: Child,
    stdin: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
    stderr: Arc<Mutex<VecDeque<String>>>,
    /// Keeps the end of its standard error.
    reading: JoinHandle<()>,
    replies: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Part<R> {
    /// Starts a part by its verb, and gives it its assignment, which it is yet to answer.
    pub(in crate::driver) async fn start(
        executable: &Path,
        (verb, name): (&str, &str),
        assignment: &impl Serialize,
    ) -> Result<Self, DriveError> {
        let mut part = Self::spawn(executable, (verb, name))
            .map_err(|cause| DriveError::Spawn { name: name.to_owned(), cause })?;
        part.say(assignment).await?;
        Ok(part)
    }

    fn spawn(executable: &Path, (verb, name): (&str, &str)) -> io::Result<Self> {
        let mut child = Command::new(executable)
            .args([verb, name])
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
        let reading = tokio::spawn(keep_tail(BufReader::new(errors), Arc::clone(&stderr)));
        let (name, said) = (name.to_owned(), BufReader::new(stdout).lines());
        Ok(Self { name, pid, child, stdin, said, stderr, reading, replies: PhantomData })
    }

    /// As errors name it.
    pub(in crate::driver) fn name(&self) -> &str {
        &self.name
    }

    pub(in crate::driver) fn pid(&self) -> u32 {
        self.pid
    }

    /// Gives it a line: its assignment, or an order.
    pub(in crate::driver) async fn say(
        &mut self,
        message: &impl Serialize,
    ) -> Result<(), DriveError> {
        let mut line = serde_json::to_string(message).expect("messages have string keys only");
        line.push('\n');
        match timeout(ANSWER_LIMIT, self.stdin.write_all(line.as_bytes())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(self.ended_unasked().await),
            Err(_) => Err(self.silent("an order to be taken", ANSWER_LIMIT)),
        }
    }

    /// What it answers.
    pub(in crate::driver) async fn answer(&mut self) -> Result<R, DriveError> {
        match self.heard(Instant::now() + ANSWER_LIMIT).await? {
            Some(reply) => Ok(reply),
            None => Err(self.silent("an answer", ANSWER_LIMIT)),
        }
    }

    /// What it tells next; `None` when it tells nothing by then. One that gives up or ends instead
    /// is an error.
    pub(in crate::driver) async fn heard(
        &mut self,
        until: Instant,
    ) -> Result<Option<R>, DriveError> {
        let line = match timeout_at(until, self.said.next_line()).await {
            Ok(Ok(Some(line))) => line,
            Ok(_) => return Err(self.ended_unasked().await),
            Err(_) => return Ok(None),
        };
        match serde_json::from_str::<Result<R, String>>(&line) {
            Ok(Ok(reply)) => Ok(Some(reply)),
            Ok(Err(reason)) => {
                self.hear_out().await;
                Err(self.gone(&format!("gave up: {reason}")))
            }
            Err(cause) => Err(self.gone(&format!("is not understood: {cause}"))),
        }
    }

    /// Waits until it has ended; `None` when it has not within the limit for that.
    pub(in crate::driver) async fn ended(&mut self) -> Option<io::Result<ExitStatus>> {
        let ended = timeout(EXIT_LIMIT, self.child.wait()).await.ok();
        self.hear_out().await;
        ended
    }

    /// Ends it by force, and returns when the kernel has closed all that it held.
    pub(in crate::driver) async fn kill(&mut self) -> Result<(), DriveError> {
        match timeout(EXIT_LIMIT, self.child.kill()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(cause)) => Err(self.gone(&format!("cannot be killed: {cause}"))),
            Err(_) => Err(self.gone(&format!("was killed, and goes on {EXIT_LIMIT:?} after it"))),
        }
    }

    /// The error of a part that did not do its part.
    pub(in crate::driver) fn gone(&self, what: &str) -> DriveError {
        let (name, stderr) = (self.name.clone(), self.last_words());
        DriveError::Actor { name, what: what.to_owned(), stderr }
    }

    /// The error of a part that owes something else.
    pub(in crate::driver) fn astray(&self, reply: &impl Debug) -> DriveError {
        self.gone(&format!("answered something else: {reply:?}"))
    }

    /// The error of a part that was waited for in vain.
    pub(in crate::driver) fn silent(&self, what: &str, limit: Duration) -> DriveError {
        let (what, silent, stderr) = (what.to_owned(), self.name.clone(), self.last_words());
        DriveError::Limit { what, limit, silent, stderr }
    }

    /// The end of its standard error.
    pub(in crate::driver) fn last_words(&self) -> String {
        self.stderr.lock().iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    async fn ended_unasked(&mut self) -> DriveError {
        let how = match self.ended().await {
            Some(Ok(status)) => format!("ended unasked: {status}"),
            Some(Err(cause)) => format!("ended unasked, and how is not known: {cause}"),
            None => format!("closed a line, and goes on {EXIT_LIMIT:?} after that"),
        };
        self.gone(&how)
    }

    /// Reads its standard error to the end, if that comes.
    async fn hear_out(&mut self) {
        if !self.reading.is_finished() {
            let _ = timeout(WORDS_LIMIT, &mut self.reading).await;
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::*;

    /// A part that is a script, and the folder that is there as long as it.
    async fn played(script: &str) -> (tempfile::TempDir, Part<String>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("script");
        fs::write(&path, script).expect("written");
        let verb = path.to_str().expect("a text");
        let part = Part::start(Path::new("sh"), (verb, "one"), &"assignment").await;
        (folder, part.expect("every host has a shell"))
    }

    async fn error(script: &str) -> String {
        let (_folder, mut part) = played(script).await;
        part.answer().await.expect_err("it does not answer").to_string()
    }

    #[tokio::test]
    async fn assignment_and_orders_are_answered_and_the_end_is_waited_for() {
        let script = r#"read line; echo "{\"Ok\":$line}"; read line; echo "{\"Ok\":$line}""#;
        let (_folder, mut part) = played(script).await;
        assert_eq!(part.answer().await.expect("an answer"), "assignment");
        part.say(&"order").await.expect("it reads");
        assert_eq!(part.answer().await.expect("an answer"), "order");
        let ended = part.ended().await.expect("it has ended").expect("a child");
        assert!(ended.success());
    }

    #[tokio::test]
    async fn a_part_that_ends_is_told_with_how_and_with_its_last_words() {
        let told = error("read line; echo 'out of memory' >&2; exit 3").await;
        let how = "actor one ended unasked: exit status: 3";
        assert_eq!(told, format!("{how}; its last words:\nout of memory"));
    }

    #[tokio::test]
    async fn a_part_that_gives_up_is_told_with_its_reason() {
        let told = error(r#"read line; echo '{"Err":"no bus"}'; echo because >&2"#).await;
        assert_eq!(told, "actor one gave up: no bus; its last words:\nbecause");
        let told = error("read line; echo nonsense; read line").await;
        assert!(told.starts_with("actor one is not understood: "), "{told}");
    }
}
