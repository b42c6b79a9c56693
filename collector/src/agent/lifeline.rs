//! The standard input of a collector's process, as its agent uses it: a token, the agent's
//! settings, and then the agent's own life.
//!
//! Settings are told and not looked for: whatever becomes of a file while the agent runs, a
//! collector that it starts again does as the agent and its siblings do.
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
    /// To a process that was just started, which is handed its token and the settings, a text of
    /// one line. Waits until it has read what the pipe has no room for.
    pub(super) async fn begin(mut input: ChildStdin, token: &Secret, settings: &str) -> Self {
        let lines = format!("{}\n{settings}\n", token.to_hex());
        if let Err(error) = input.write_all(lines.as_bytes()).await {
            // It has ended already, or is not let in: either shows, and says more than this.
            debug!(%error, "it does not take its token and settings");
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
