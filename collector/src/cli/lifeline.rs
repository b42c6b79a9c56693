//! Standard input of a collector's process: what its agent starts it with, and how the agent ends,
//! which it says, unless it dies.

use std::io::{self, BufRead, Read};
use std::thread;

use anyhow::Context;
use tokio::sync::watch;

use crate::agent::END_LINE;
use crate::config::Settings;

/// Longest line that is looked at, bytes: more than the one that means something.
const MAX_LINE_BYTES: u64 = 64;
/// Longest line of settings, bytes: more than as many paths and patterns as there may be, each as
/// long as a system takes it.
const MAX_SETTINGS_BYTES: u64 = 16 << 20;

/// The collector's end of the pipe.
#[derive(Debug, Clone)]
pub(super) struct Lifeline {
    heard: watch::Receiver<Option<Heard>>,
}

/// What was heard last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// That the collector is to end.
    End,
    /// Nothing: whoever held the other end is gone.
    Silence,
}

impl Lifeline {
    /// Listens from now on.
    ///
    /// A thread reads, not the runtime: a runtime would wait for the read when it ends.
    pub(super) fn listen() -> io::Result<Self> {
        let (tell, heard) = watch::channel(None);
        thread::Builder::new().name("lifeline".to_owned()).spawn(move || {
            let last = listen_to(&mut io::stdin().lock());
            tell.send_replace(Some(last));
        })?;
        Ok(Self { heard })
    }

    /// One that nobody holds: nothing is ever heard.
    pub(super) fn none() -> Self {
        Self { heard: watch::channel(None).1 }
    }

    /// Completes when the agent has said that the collector is to end.
    pub(super) async fn told_to_end(self) {
        self.until(Heard::End).await;
    }

    /// Completes when the agent is gone without a word.
    pub(super) async fn went_silent(self) {
        self.until(Heard::Silence).await;
    }

    async fn until(mut self, wanted: Heard) {
        let is_heard = self.heard.wait_for(|heard| *heard == Some(wanted)).await.is_ok();
        if !is_heard {
            // It ended the other way, or there is nothing to hear.
            std::future::pending::<()>().await;
        }
    }
}

/// Reads the line in which an agent tells its settings; no byte of what follows beyond what `input`
/// itself buffers.
pub(super) fn read_settings(input: &mut impl BufRead) -> anyhow::Result<Settings> {
    let mut line = Vec::new();
    let read = Read::take(&mut *input, MAX_SETTINGS_BYTES).read_until(b'\n', &mut line);
    read.context("cannot read standard input")?;
    serde_json::from_slice(&line).context("no settings in the line of standard input that has them")
}

/// Reads up to the line that means the end, or to the end itself.
fn listen_to(input: &mut impl BufRead) -> Heard {
    let (mut line, mut begins) = (Vec::new(), true);
    loop {
        line.clear();
        match Read::take(&mut *input, MAX_LINE_BYTES).read_until(b'\n', &mut line) {
            Ok(1..) if begins && line == END_LINE.as_bytes() => return Heard::End,
            // The rest of a longer line is no line of its own.
            Ok(1..) => begins = line.ends_with(b"\n"),
            Ok(0) | Err(_) => return Heard::Silence,
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn settings_are_told_in_one_line_and_nothing_behind_it_is_read() {
        let mut settings = Settings::default();
        settings.event_bus.socket_path = Some("run/broker.sock".into());
        settings.procmond.scan_interval = std::time::Duration::from_millis(50);
        let told = format!("{}\nend\n", serde_json::to_string(&settings).unwrap());
        let mut input = told.as_bytes();
        assert_eq!(read_settings(&mut input).unwrap(), settings);
        assert_eq!(listen_to(&mut input), Heard::End);
    }

    #[test]
    fn settings_of_another_version_are_refused_and_so_are_none() {
        for told in ["{\"colour\":{}}\n", "\n", ""] {
            let refused = read_settings(&mut told.as_bytes()).unwrap_err();
            assert!(refused.to_string().starts_with("no settings in the line"), "{refused:#}");
        }
    }

    #[test]
    fn an_agent_that_dies_says_nothing_and_one_that_ends_says_so() {
        let rows = [
            ("", Heard::Silence),
            ("end", Heard::Silence),
            ("the end\n", Heard::Silence),
            ("end\n", Heard::End),
            ("something\nend\nmore", Heard::End),
        ];
        for (said, heard) in rows {
            assert_eq!(listen_to(&mut said.as_bytes()), heard, "{said:?}");
        }
        let longest = "x".repeat(64);
        assert_eq!(listen_to(&mut format!("{longest}end\n").as_bytes()), Heard::Silence);
        assert_eq!(listen_to(&mut format!("{longest}\nend\n").as_bytes()), Heard::End);
    }

    #[test]
    fn what_is_heard_is_heard_by_who_waits_for_it_alone() {
        for (heard, is_end) in [(Heard::End, true), (Heard::Silence, false)] {
            let lifeline = Lifeline { heard: watch::channel(Some(heard)).1 };
            assert_eq!(lifeline.clone().told_to_end().now_or_never().is_some(), is_end);
            assert_eq!(lifeline.went_silent().now_or_never().is_none(), is_end);
        }
        assert!(Lifeline::none().told_to_end().now_or_never().is_none());
        assert!(Lifeline::none().went_silent().now_or_never().is_none());
    }
}
