//! The standard input of a collector's process, as its agent uses it: a token, and then the agent's
//! own life.
//!
//! It is held open as long as the agent lives. An agent that ends a collector says so on it. Where
//! it ends without that word the agent died, and the collector is an orphan (R5).

use daemoneye_eventbus::Secret;
use tokio::io::AsyncWriteExt;
use tokio::process::ChildStdin;
use tracing::debug;

/// What an agent says when a collector is to end.
pub(crate) const END_LINE: &str = "end\n";

/// The agent's end of the pipe.
#[derive(Debug)]
pub(super) struct Lifeline(ChildStdin);

impl Lifeline {
    /// To a process that was just started, which is handed its token.
    pub(super) async fn begin(mut input: ChildStdin, token: &Secret) -> Self {
        let line = format!("{}\n", token.to_hex());
        if let Err(error) = input.write_all(line.as_bytes()).await {
            // It has ended already, or is not let in: either shows, and says more than this.
            debug!(%error, "it does not take its token");
        }
        Self(input)
    }

    /// Tells the process to end, and lets go of it.
    pub(super) async fn end(mut self) {
        if let Err(error) = self.0.write_all(END_LINE.as_bytes()).await {
            debug!(%error, "it has ended, or does not listen");
        }
    }
}
