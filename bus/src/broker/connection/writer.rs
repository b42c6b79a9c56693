//! The writing half of a connection: what its socket did not take at once, and signs of life.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::super::hub::{Hub, Session};
use super::super::outbox::Unwritten;
use super::super::{Phase, Shared};
use super::FINISH_LIMIT;
use super::fault::Fault;
use crate::clock::reached;
use crate::transport::Stream;
use crate::wire::{
    MISSED_HEARTBEATS,
    proto::{self, frame::Body},
};

/// Shortest heartbeat interval; a configured one below it would be all heartbeats.
const MIN_HEARTBEAT: Duration = Duration::from_millis(1);

/// Whether the peer was heard of since the last heartbeat. Intervals are counted, not time: a
/// broker that was itself stopped for a while must not take its own silence for its peers'.
#[derive(Debug, Default)]
pub(super) struct Heard {
    lately: AtomicBool,
}

impl Heard {
    pub(super) fn now(&self) {
        self.lately.store(true, Ordering::Relaxed);
    }

    fn since_last_asked(&self) -> bool {
        self.lately.swap(false, Ordering::Relaxed)
    }
}

/// Writes for one connection. What it has taken from the hub outlives a cancelled
/// [`run`](Self::run), so that no frame is torn and none is forgotten.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    shared: &'a Shared,
    stream: &'a Stream,
    session: &'a Session,
    unwritten: Unwritten,
}

impl<'a> Writer<'a> {
    pub(super) fn new(shared: &'a Shared, stream: &'a Stream, session: &'a Session) -> Self {
        Self { shared, stream, session, unwritten: Unwritten::default() }
    }

    /// Writes what was left over, whenever there is some, and pings at every interval. Returns at
    /// the end of the broker, once everything is written and the peer had a while to close.
    pub(super) async fn run(&mut self, heard: &Heard) -> Result<(), Fault> {
        let every = self.shared.config.heartbeat_interval.max(MIN_HEARTBEAT);
        let mut heartbeat = interval_at(Instant::now() + every, every);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut phase = self.shared.phase.subscribe();
        let mut finish_at: Option<Instant> = None;
        let mut silent_intervals = 0;
        loop {
            tokio::select! {
                () = self.session.wake.notified() => {}
                _ = heartbeat.tick() => {
                    silent_intervals = if heard.since_last_asked() { 0 } else { silent_intervals + 1 };
                    if silent_intervals >= MISSED_HEARTBEATS {
                        return Err(Fault::Silent);
                    }
                    let mut hub = self.shared.hub.lock();
                    hub.send(self.session.key, Body::Ping(proto::Ping {}));
                    hub.flush();
                }
                _ = phase.wait_for(|phase| *phase >= Phase::Ending), if finish_at.is_none() => {
                    finish_at = Some(Instant::now());
                }
                () = reached(finish_at) => return Ok(()),
            }
            // A peer that takes nothing for as long as one that says nothing is as gone.
            let wrote = self.write_unwritten(every * MISSED_HEARTBEATS).await?;
            if wrote || finish_at.is_some_and(|at| at <= Instant::now()) {
                finish_at = finish_at.map(|_| Instant::now() + FINISH_LIMIT);
            }
        }
    }

    /// Writes until nothing is left; `limit` is for each write, as a slow peer may be kept busy
    /// for ever. Returns whether there was something.
    async fn write_unwritten(&mut self, limit: Duration) -> Result<bool, Fault> {
        let mut wrote = false;
        loop {
            while let Some(rest) = self.unwritten.rest() {
                let departures = &self.session.departures;
                let began_ns = departures.begin();
                let written = timeout(limit, self.stream.write_some(rest)).await;
                let written = written.map_err(|_| Fault::Silent)??;
                let Unwritten { bytes, written: before } = &self.unwritten;
                departures.wrote(began_ns, bytes, *before, written);
                self.unwritten.written += written;
                wrote = true;
            }
            self.unwritten = Unwritten::default();
            let Some(unwritten) = self.shared.hub.lock().take_unwritten(self.session.key) else {
                return Ok(wrote);
            };
            self.unwritten = unwritten;
        }
    }

    /// Gives up on what was not written: nobody will read it.
    pub(super) fn abandon(&mut self, hub: &mut Hub) {
        hub.abandon(self.session.key, &std::mem::take(&mut self.unwritten));
    }

    /// Writes the rest at the end of a connection, within a limit; what is left over is dropped.
    pub(super) async fn finish(mut self, limit: Duration) {
        let mut phase = self.shared.phase.subscribe();
        tokio::select! {
            biased;
            _ = phase.wait_for(|phase| *phase == Phase::Over) => {}
            _ = timeout(limit, self.write_unwritten(limit)) => {}
        }
        let shared = self.shared;
        self.abandon(&mut shared.hub.lock());
    }
}
