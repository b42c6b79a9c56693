//! The agent's own subscription: receives every event of its collectors, counts it, and writes it down when
//! asked to. What the subscription lost on the way is counted as well (C11).
//!
//! It has a thread of its own, since writing to a file blocks.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::{BusEvent, EventReceiver};
use serde::Serialize;
use tokio::sync::oneshot;

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
