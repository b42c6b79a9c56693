//! The writing half of a connection: what its socket did not take at once, and signs of life.

use std::io;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::super::hub::Session;
use super::super::{Phase, Shared};
use super::{FINISH_LIMIT, Fault};
use crate::transport::Stream;
use crate::wire::{
    Inbound, Scanner,
    proto::{self, frame::Body},
};

/// Silent intervals after which a peer is gone (W4).
const MISSED_HEARTBEATS: u32 = 3;

/// When the peer was last heard of. The connection's own task reads and writes it.
#[derive(Debug)]
pub(super) struct Heard {
    at: Mutex<Instant>,
}

impl Heard {
    pub(super) fn new() -> Self {
        Self { at: Mutex::new(Instant::now()) }
    }

    pub(super) fn now(&self) {
        *self.at.lock() = Instant::now();
    }

    fn is_longer_ago_than(&self, limit: Duration) -> bool {
        self.at.lock().elapsed() > limit
    }
}

/// Writes what was left over, whenever there is some, and pings at every interval.
pub(super) async fn run(
    shared: &Shared,
    stream: &Stream,
    session: &Session,
    heard: &Heard,
) -> Result<(), Fault> {
    let every = shared.config.heartbeat_interval;
    let mut heartbeat = interval_at(Instant::now() + every, every);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = session.wake.notified() => {}
            _ = heartbeat.tick() => {
                if heard.is_longer_ago_than(every * MISSED_HEARTBEATS) {
                    return Err(Fault::Silent);
                }
                let mut hub = shared.hub.lock();
                hub.send(session.key, Body::Ping(proto::Ping {}));
                hub.flush();
            }
        }
        let written = write_unwritten(shared, stream, session);
        // A peer that takes nothing for as long as one that says nothing is as gone.
        tokio::time::timeout(every * MISSED_HEARTBEATS, written)
            .await
            .map_err(|_| Fault::Silent)??;
    }
}

async fn write_unwritten(shared: &Shared, stream: &Stream, session: &Session) -> io::Result<()> {
    loop {
        let Some(bytes) = shared.hub.lock().take_unwritten(session.key) else { return Ok(()) };
        write_all(stream, &bytes).await?;
    }
}

async fn write_all(stream: &Stream, bytes: &[u8]) -> io::Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        written += stream.write_some(&bytes[written..]).await?;
    }
    Ok(())
}

/// Writes the rest at the end of a connection, within its limit. Returns the events left over.
pub(super) async fn finish(shared: &Shared, stream: &Stream, session: &Session) -> u64 {
    let mut phase = shared.phase.subscribe();
    tokio::select! {
        _ = tokio::time::timeout(FINISH_LIMIT, write_unwritten(shared, stream, session)) => {}
        _ = phase.wait_for(|phase| *phase == Phase::Over) => {}
    }
    let mut left = Vec::new();
    let mut hub = shared.hub.lock();
    if !hub.is_written(session.key) {
        while let Some(bytes) = hub.take_unwritten(session.key) {
            left.extend(bytes);
        }
    }
    drop(hub);
    count_events(&left)
}

fn count_events(mut frames: &[u8]) -> u64 {
    let scanner = Scanner::new(usize::MAX);
    let mut events = 0;
    while let Ok(Some((frame, used))) = scanner.next(frames) {
        events += u64::from(matches!(frame, Inbound::Deliver(_)));
        frames = &frames[used..];
    }
    events
}
