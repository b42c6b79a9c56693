//! The harness's end of one process of a case of chaos.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::line::{Assignment, Order, Reply};
use crate::driver::error::DriveError;
use crate::driver::part::{ANSWER_LIMIT, Part};
use crate::driver::processes::EXIT_LIMIT;
use crate::record::{AgentEnd, TearDown};

/// The verb such a process is started by.
const VERB: &str = "chaos-part";

/// One running process.
pub(super) struct Process {
    part: Part<Reply>,
    /// Whether sources were held back, each time that changed, as it told unasked.
    pub(super) held_back: Vec<bool>,
}

impl Process {
    /// Starts a process, and returns once it is up; with the token it has for another, if it has one.
    pub(super) async fn start(
        executable: &Path,
        name: &str,
        assignment: &Assignment,
    ) -> Result<(Self, Option<String>), DriveError> {
        let part = Part::start(executable, (VERB, name), assignment).await?;
        let mut process = Self { part, held_back: Vec::new() };
        match process.answer(ANSWER_LIMIT).await? {
            Reply::Ready { token } => Ok((process, token)),
            other => Err(process.astray(&other)),
        }
    }

    /// As errors name it.
    pub(super) fn name(&self) -> &str {
        self.part.name()
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
        self.part.say(&order).await?;
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
            let Some(reply) = self.part.heard(until).await? else { return Ok(()) };
            let Reply::HeldBack(held_back) = reply else { return Err(self.astray(&reply)) };
            self.held_back.push(held_back);
        }
        Ok(())
    }

    /// Waits until it has ended, as it has said goodbye; how it did.
    pub(super) async fn end(mut self, tear_down: &mut TearDown) -> AgentEnd {
        let how = match self.part.ended().await {
            Some(Ok(status)) if status.success() => return AgentEnd::InOrder,
            Some(Ok(status)) => format!("ended with {status}"),
            Some(Err(cause)) => format!("cannot be waited for: {cause}"),
            None => {
                tear_down.killed.push(self.name().to_owned());
                // One that cannot be killed is reaped when it can.
                let _ = self.part.kill().await;
                return AgentEnd::Killed { waited: EXIT_LIMIT };
            }
        };
        AgentEnd::Failed { how, last_words: self.part.last_words() }
    }

    /// The error of a process that answers something else than it was asked.
    pub(super) fn astray(&self, reply: &Reply) -> DriveError {
        self.part.astray(reply)
    }

    /// The answer; what is told unasked before it is kept.
    async fn answer(&mut self, limit: Duration) -> Result<Reply, DriveError> {
        let until = Instant::now() + limit;
        loop {
            match self.part.heard(until).await? {
                Some(Reply::HeldBack(held_back)) => self.held_back.push(held_back),
                Some(reply) => return Ok(reply),
                None => return Err(self.part.silent("an answer", limit)),
            }
        }
    }
}
