//! The agent's own subscription: receives every event of its collectors, counts it, and writes it
//! down when asked to. What the subscription lost on the way is counted as well (C11).
//!
//! It has a thread of its own, since writing to a file blocks.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::{BusEvent, EventReceiver};
use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// One line of the file.
#[derive(Serialize)]
struct Record<'a> {
    /// When the agent received the event: `CLOCK_MONOTONIC`, nanoseconds.
    receive_monotonic_ns: u64,
    event: &'a BusEvent,
}

/// What became of the subscription, events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Received, and written where that was asked for.
    pub(super) received: u64,
    /// Matched and lost on the way.
    pub(super) lost: u64,
}

/// A running recorder; it ends with its subscription.
#[derive(Debug)]
pub(super) struct Recorder {
    /// What it has received, or why that could not be written.
    result: oneshot::Receiver<io::Result<Tally>>,
}

impl Recorder {
    /// Appends to a file, or only counts.
    pub(super) fn start(receiver: EventReceiver, path: Option<&Path>) -> io::Result<Self> {
        let file = path.map(open).transpose()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (tell, result) = oneshot::channel();
        let record = move || {
            let _ = tell.send(runtime.block_on(receive_all(receiver, file)));
        };
        thread::Builder::new().name("recorder".to_owned()).spawn(record)?;
        Ok(Self { result })
    }

    /// Waits until it ends, which it does by itself only when it cannot write. Cancel safe.
    pub(super) async fn ended(&mut self) -> io::Result<Tally> {
        let panicked = || io::Error::other("the recorder panicked");
        (&mut self.result).await.unwrap_or_else(|_| Err(panicked()))
    }

    /// The same for so long: whoever reads what is recorded, at the other end of a pipe, may have
    /// stopped reading.
    pub(super) async fn ended_within(&mut self, limit: Duration) -> io::Result<Tally> {
        let late = || io::Error::other(format!("the last events are not written within {limit:?}"));
        timeout(limit, self.ended()).await.unwrap_or_else(|_| Err(late()))
    }
}

/// Opens a file for appending; a new one is for this user alone, since arguments of processes
/// may hold secrets.
fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Receives until the subscription ends; the file is up to date whenever nothing is waiting.
async fn receive_all(mut receiver: EventReceiver, file: Option<File>) -> io::Result<Tally> {
    let mut lines = file.map(BufWriter::new);
    let mut received = 0;
    while let Some(event) = receiver.recv().await {
        let mut next = Some(event);
        while let Some(event) = next {
            received += 1;
            if let Some(lines) = &mut lines {
                write(lines, &event)?;
            }
            next = receiver.try_recv().ok();
        }
        if let Some(lines) = &mut lines {
            lines.flush()?;
        }
    }
    Ok(Tally { received, lost: receiver.lagged() })
}

fn write(lines: &mut BufWriter<File>, event: &Arc<BusEvent>) -> io::Result<()> {
    let record = Record { receive_monotonic_ns: monotonic_ns(), event };
    serde_json::to_writer(&mut *lines, &record)?;
    lines.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::{CollectionEvent, EventBus, EventSubscription, ProcessEvent};

    use super::*;
    use crate::test_utils::ScriptedBus;

    const LIMIT: Duration = Duration::from_secs(30);

    async fn recorder(path: Option<&Path>) -> (ScriptedBus, Recorder) {
        let bus = ScriptedBus::new([]);
        let wanted = EventSubscription::new("recorder").with_pattern("events.#");
        let receiver = bus.subscribe(wanted).await.unwrap();
        (bus, Recorder::start(receiver, path).unwrap())
    }

    async fn publish(bus: &ScriptedBus, pid: u32) {
        let event = ProcessEvent { pid, ..ProcessEvent::default() };
        bus.publish(CollectionEvent::Process(event), None).await.unwrap();
    }

    #[tokio::test]
    async fn what_was_published_before_the_end_is_appended_line_by_line_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.jsonl");
        for life in 0..2 {
            let (bus, mut recorder) = recorder(Some(&path)).await;
            publish(&bus, life).await;
            publish(&bus, life).await;
            bus.shutdown(LIMIT).await.unwrap();
            let tally = recorder.ended_within(LIMIT).await.unwrap();
            assert_eq!(tally, Tally { received: 2, lost: 0 });
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let pid = |line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            record["event"]["event"]["pid"].as_u64()
        };
        let pids: Vec<_> = text.lines().map(pid).collect();
        assert_eq!(pids, [Some(0), Some(0), Some(1), Some(1)]);
    }

    #[tokio::test]
    async fn one_that_does_not_end_is_not_waited_for_any_longer_than_the_limit() {
        let (_bus, mut recorder) = recorder(None).await;
        tokio::time::pause();
        let error = recorder.ended_within(LIMIT).await.unwrap_err();
        assert_eq!(error.to_string(), "the last events are not written within 30s");
    }
}
