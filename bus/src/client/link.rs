//! A handle's link to its broker: what outlives a connection, and what its end has cost.
//!
//! What it publishes and what it asks are in rooms of their own; [`keeper`](super::keeper) finds
//! it one connection after the other.

mod calls;
mod publishing;
mod subscriptions;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytestring::ByteString;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::ClientConfig;
use super::connect::{Connection, Introduction};
use super::outbox::{Next, Unwritten};
use super::requests::Requests;
use crate::acl::Role;
use crate::contract::{EventId, Lost, Resumed, ShutdownError};
use crate::hops::{Hop, HopStamp};
use crate::topic::Lane;
use crate::transport::{SocketAddress, Stream};
use crate::wire::{
    self, DecodeError, Departures,
    proto::{self, frame::Body},
};
use publishing::Publishing;
pub(super) use publishing::Told;

/// Who receives what a client writes, as a log of hops says it: whoever subscribes is not known here.
const BROKER: u64 = 0;

/// Whether the link takes events, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// The connection broke, and another one is sought.
    Offline,
    /// No further publishes; what was accepted is still written.
    Leaving,
    /// The tasks have ended.
    Over(Ending),
}

/// How a link ended. `undelivered`: events accepted and not known to have been dealt with by the
/// broker (C13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// Both sides said goodbye, and nothing is missing.
    InOrder,
    /// The connection broke, or the broker ended it too early.
    Broken { reason: String, undelivered: u64 },
    /// The deadline of this side's shutdown came first.
    CutOff { waited: Duration, undelivered: u64 },
}

/// One handle's link to a broker.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) address: SocketAddress,
    pub(super) config: ClientConfig,
    name: ByteString,
    incarnation: u64,
    departures: Departures,
    publishing: Mutex<Publishing>,
    requests: Requests,
    /// Whether nobody holds it any more who could be told how it ends.
    is_abandoned: AtomicBool,
    state: watch::Sender<State>,
    /// Wakes the connection's writer.
    pub(super) wake: Notify,
    /// Told when the outbox has been emptied into the socket, or events were confirmed.
    room: Notify,
}

/// Held by the handle and by every receiver; when the last one goes, the link leaves.
#[derive(Debug)]
pub(super) struct Alive {
    link: Weak<Link>,
}

impl Alive {
    pub(super) fn new(link: &Arc<Link>) -> Self {
        Self { link: Arc::downgrade(link) }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if let Some(link) = self.link.upgrade() {
            link.is_abandoned.store(true, Ordering::Relaxed);
            link.leave();
        }
    }
}

impl Link {
    pub(super) fn new(
        address: SocketAddress,
        config: ClientConfig,
        introduction: &Introduction,
        connection: &Connection,
    ) -> Self {
        let departures = Departures::of(config.hops.as_ref(), Hop::SendQueue, BROKER);
        Self {
            address,
            name: introduction.name.clone(),
            incarnation: introduction.incarnation,
            publishing: Mutex::new(Publishing::new(&config, connection, departures.clone())),
            config,
            departures,
            requests: Requests::default(),
            is_abandoned: AtomicBool::new(false),
            state: watch::Sender::new(State::Open),
            wake: Notify::new(),
            room: Notify::new(),
        }
    }

    /// What the broker takes this client for.
    pub(super) fn role(&self) -> Role {
        self.publishing.lock().access.role()
    }

    /// How often it was connected again, and how many of its own events that may have cost.
    pub(super) fn resumed(&self) -> Resumed {
        self.publishing.lock().resumed
    }

    /// What notes the events that leave with a write.
    pub(super) fn departures(&self) -> Departures {
        self.departures.clone()
    }

    /// Notes that an event has been read here.
    pub(super) fn note_arrival(&self, id: &EventId, at_ns: u64) {
        if let Some(log) = &self.config.hops {
            let EventId { incarnation, sequence, .. } = *id;
            let (hop, receiver) = (Hop::SubscriberWake, self.incarnation);
            log.note(HopStamp { hop, incarnation, sequence, receiver, at_ns });
        }
    }

    fn follow(&self, next: Next) {
        if next == Next::WakeWriter {
            self.wake.notify_one();
        }
    }

    /// Sends a frame that is not an event; without a connection it is dropped.
    pub(super) fn send(&self, body: Body) {
        let mut publishing = self.publishing.lock();
        let next = publishing.send(body);
        drop(publishing);
        self.follow(next);
        // Waiting events may have gone out with it.
        self.room.notify_waiters();
    }

    /// The broker dealt with publish bytes.
    pub(super) fn granted(&self, grant: proto::Grant) -> Result<(), DecodeError> {
        let lane = wire::lane_from_wire(grant.lane)?;
        let mut publishing = self.publishing.lock();
        let next = publishing.granted(lane, grant.bytes);
        drop(publishing);
        self.follow(next);
        self.room.notify_waiters();
        Ok(())
    }

    /// The broker has settled events that were to be confirmed.
    pub(super) fn confirmed(&self, confirmed: &proto::Confirmed) -> Result<(), DecodeError> {
        let lane = wire::lane_from_wire(confirmed.lane)?;
        let mut publishing = self.publishing.lock();
        let unconfirmed = publishing.outbox.unconfirmed(lane);
        unconfirmed.confirmed(confirmed.through, &confirmed.undelivered)?;
        // A goodbye may have waited for it.
        let next = publishing.flush();
        drop(publishing);
        self.follow(next);
        self.room.notify_waiters();
        Ok(())
    }

    /// For the writer: the next bytes to write.
    pub(super) fn take_unwritten(&self) -> Option<Unwritten> {
        let unwritten = self.publishing.lock().outbox.take();
        self.room.notify_waiters();
        unwritten
    }

    pub(super) fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Accepts nothing more; a goodbye follows what was accepted.
    pub(super) fn leave(&self) {
        let mut publishing = self.publishing.lock();
        if !publishing.open {
            return;
        }
        publishing.open = false;
        self.state.send_if_modified(|state| {
            let was_open = matches!(state, State::Open | State::Offline);
            if was_open {
                *state = State::Leaving;
            }
            was_open
        });
        publishing.outbox.leave();
        let next = publishing.flush();
        drop(publishing);
        self.follow(next);
        self.room.notify_waiters();
    }

    /// The connection broke: from now on events gather. [`broke`](Self::broke) must follow, once
    /// its writer has ended.
    pub(super) fn disconnected(&self) {
        if let Some(stream) = self.publishing.lock().stream.take() {
            stream.close();
        }
        self.state.send_if_modified(|state| {
            let was_open = *state == State::Open;
            if was_open {
                *state = State::Offline;
            }
            was_open
        });
        let unanswered = self.requests.fail_all();
        self.publishing.lock().unanswered.extend(unanswered);
    }

    /// What the connection's writer had in hand when it broke. Whether another connection is of
    /// use: to whoever holds the handle, or to events that wait for one.
    pub(super) fn broke(&self, in_hand: &Unwritten) -> Result<bool, DecodeError> {
        let mut publishing = self.publishing.lock();
        let lost = publishing.outbox.broke(in_hand)?;
        publishing.cost = if lost == 0 { Lost::Exactly(0) } else { Lost::AtMost(lost) };
        if lost > 0 {
            tracing::warn!(lost, "a connection broke; so many published events may be lost");
        }
        Ok(publishing.open || publishing.outbox.needs_a_connection())
    }

    /// Whether events wait for a connection though nobody publishes any more.
    pub(super) fn needs_a_connection(&self) -> bool {
        let publishing = self.publishing.lock();
        publishing.outbox.needs_a_connection() && !self.is_over()
    }

    /// There is a connection again. `resume` appends what must go before everything else.
    pub(super) fn reconnected(
        &self,
        connection: &Connection,
        resume: impl FnOnce(&mut Vec<u8>, Vec<String>),
    ) {
        let mut publishing = self.publishing.lock();
        publishing.connect(&self.config, connection);
        let unanswered = std::mem::take(&mut publishing.unanswered);
        resume(publishing.outbox.control(), unanswered);
        let cost = publishing.cost;
        publishing.resumed.again(cost);
        let next = publishing.flush();
        self.state.send_if_modified(|state| {
            let was_offline = *state == State::Offline;
            if was_offline {
                *state = State::Open;
            }
            was_offline
        });
        drop(publishing);
        self.follow(next);
        self.room.notify_waiters();
    }

    /// The link has ended; the reason, unless both sides said goodbye.
    pub(super) fn over(&self, reason: Option<String>) {
        let undelivered = self.end(|undelivered| Ending::of(reason, undelivered));
        if undelivered > 0 && self.is_abandoned.load(Ordering::Relaxed) {
            tracing::warn!(undelivered, "the link ended before the broker had everything");
        } else if undelivered > 0 {
            // Whoever publishes or shuts down is told, and knows whether these are kept elsewhere.
            tracing::info!(undelivered, "the link ended before the broker had everything");
        }
    }

    /// Everybody who waits is told; the first ending counts. Events that are undelivered because of
    /// it.
    fn end(&self, ending: impl FnOnce(u64) -> Ending) -> u64 {
        let mut publishing = self.publishing.lock();
        publishing.open = false;
        let undelivered = publishing.outbox.undelivered();
        let is_first = self.state.send_if_modified(|state| {
            let is_first = !matches!(state, State::Over(_));
            if is_first {
                *state = State::Over(ending(undelivered));
            }
            is_first
        });
        publishing.outbox.end();
        let stream = publishing.stream.take();
        drop(publishing);
        self.requests.close();
        if let Some(stream) = stream {
            stream.close();
        }
        self.room.notify_waiters();
        if is_first { undelivered } else { 0 }
    }

    fn is_over(&self) -> bool {
        matches!(*self.state.borrow(), State::Over(_))
    }

    /// Whether a goodbye was said and is the broker's to answer.
    pub(super) fn awaits_goodbye(&self) -> bool {
        self.publishing.lock().outbox.said_goodbye()
    }

    /// Waits for the end of the link. Cancel safe.
    pub(super) async fn ended(&self) {
        self.until(|state| matches!(state, State::Over(_))).await;
    }

    /// Waits until nobody publishes any more. Cancel safe.
    pub(super) async fn left(&self) {
        self.until(|state| matches!(state, State::Leaving | State::Over(_))).await;
    }

    async fn until(&self, is_wanted: impl Fn(&State) -> bool) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.state.subscribe().wait_for(|state| is_wanted(state)).await;
    }

    /// What broke the connection, if it did not end in order.
    fn reason(&self) -> Option<String> {
        match &*self.state.borrow() {
            State::Over(Ending::Broken { reason, .. }) => Some(reason.clone()),
            _ => None,
        }
    }

    /// Calls at the same time have the same outcome; one after a cut-off succeeds.
    pub(super) async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        let was_over = self.is_over();
        self.leave();
        if tokio::time::timeout(deadline, self.ended()).await.is_err() {
            self.end(|undelivered| Ending::CutOff { waited: deadline, undelivered });
        }
        match self.state.borrow().clone() {
            State::Over(Ending::Broken { reason, undelivered }) => {
                Err(ShutdownError::Disconnected { reason, undelivered })
            }
            State::Over(Ending::CutOff { waited, undelivered }) if !was_over => {
                Err(ShutdownError::Deadline { undelivered, waited })
            }
            _ => Ok(()),
        }
    }
}

impl Publishing {
    fn send(&mut self, body: Body) -> Next {
        let Some(stream) = &self.stream else { return Next::Nothing };
        wire::encode_control(self.outbox.control(), body);
        self.outbox.urgent(Some(stream))
    }

    fn granted(&mut self, lane: Lane, bytes: u64) -> Next {
        let stream: Option<&Stream> = self.stream.as_deref();
        self.outbox.granted(stream, lane, bytes)
    }

    /// Writes what may be written.
    fn flush(&mut self) -> Next {
        self.outbox.urgent(self.stream.as_deref())
    }
}

impl Ending {
    fn of(reason: Option<String>, undelivered: u64) -> Self {
        match reason {
            Some(reason) => Self::Broken { reason, undelivered },
            None if undelivered == 0 => Self::InOrder,
            None => {
                let reason = "the broker ended before it had everything".to_owned();
                Self::Broken { reason, undelivered }
            }
        }
    }
}
