//! The harness's end of one process of a soak.

use super::Stage;
use super::line::{Assignment, Order, Reply, Role};
use crate::driver::error::DriveError;
use crate::driver::measure;
use crate::driver::part::Part;
use crate::driver::processes::EXIT_LIMIT;
use crate::record::Held;

/// The verb such a process is started by.
const VERB: &str = "soak-part";

/// One running process.
pub(super) struct Process(Part<Reply>);

impl Process {
    /// Starts it, and returns once it is up.
    pub(super) async fn start(
        stage: &Stage,
        name: &str,
        role: Role,
        fault: Option<String>,
    ) -> Result<Self, DriveError> {
        let socket = stage.socket.clone();
        let assignment = Assignment { name: name.to_owned(), socket, role, fault };
        let mut part = Part::<Reply>::start(&stage.executable, (VERB, name), &assignment).await?;
        match part.answer().await? {
            Reply::Ready => Ok(Self(part)),
            other => Err(part.astray(&other)),
        }
    }

    /// As it is told.
    pub(super) fn name(&self) -> &str {
        self.0.name()
    }

    /// Gives an order and returns the answer to it.
    pub(super) async fn ask(&mut self, order: Order) -> Result<Reply, DriveError> {
        self.0.say(&order).await?;
        self.0.answer().await
    }

    /// Lets it leave, and waits until it has gone; its last answer.
    pub(super) async fn leave(mut self) -> Result<Reply, DriveError> {
        let last = self.ask(Order::Leave).await?;
        match self.0.ended().await {
            Some(Ok(status)) if status.success() => Ok(last),
            Some(Ok(status)) => Err(self.0.gone(&format!("ended with {status}"))),
            Some(Err(cause)) => Err(self.0.gone(&format!("cannot be waited for: {cause}"))),
            None => Err(self.0.gone(&format!("left, and goes on {EXIT_LIMIT:?} after it"))),
        }
    }

    /// Ends it by force, and returns when the kernel has closed all that it held.
    pub(super) async fn kill(mut self) -> Result<(), DriveError> {
        self.0.kill().await
    }

    /// What it holds now; `None` where the host cannot tell.
    pub(super) fn held(&self) -> Option<Held> {
        let pid = self.0.pid();
        let anonymous_bytes = measure::memory(pid)?.anonymous_bytes;
        Some(Held { anonymous_bytes, descriptors: measure::descriptors(pid)? })
    }
}
