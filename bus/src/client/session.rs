//! One connection: whether it is still open, and what its end has cost.
//!
//! What it publishes and what it asks are in rooms of their own.

mod calls;
mod publishing;

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytestring::ByteString;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::ClientConfig;
use super::outbox::{Next, Outbox};
use super::requests::Requests;
use crate::acl::{Access, Role};
use crate::contract::ShutdownError;
use crate::transport::Stream;
use crate::wire::{
    self,
    proto::{self, frame::Body},
};
use publishing::Publishing;

/// What the broker's welcome said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) payload_bytes: usize,
    pub(super) publish_window_bytes: u64,
    pub(super) heartbeat: Duration,
}

/// Whether the session takes events, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// No further publishes; what was accepted is still written.
    Leaving,
    /// The tasks have ended.
    Over(Ending),
}

/// How a session ended. `undelivered`: events accepted and not known to have been dealt with by
/// the broker (C13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// Both sides said goodbye, and nothing is missing.
    InOrder,
    /// The connection broke, or the broker ended it too early.
    Broken { reason: String, undelivered: u64 },
    /// The deadline of this side's shutdown came first.
    CutOff { waited: Duration, undelivered: u64 },
}

/// One connection to a broker.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) stream: Stream,
    pub(super) limits: Limits,
    config: ClientConfig,
    /// What was asked for, but no more than the window: all of it may leave in one send, and one
    /// send may overshoot the window by no more than that (W2).
    outbox_limit_bytes: usize,
    name: ByteString,
    incarnation: u64,
    publishing: Mutex<Publishing>,
    requests: Requests,
    state: watch::Sender<State>,
    /// Wakes the writer.
    pub(super) wake: Notify,
    /// Told when the outbox has been emptied into the socket.
    room: Notify,
}

/// Held by the handle and by every receiver; when the last one goes, the session leaves.
#[derive(Debug)]
pub(super) struct Alive {
    session: Weak<Session>,
}

impl Alive {
    pub(super) fn new(session: &Arc<Session>) -> Self {
        Self { session: Arc::downgrade(session) }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if let Some(session) = self.session.upgrade() {
            session.leave();
        }
    }
}

impl Session {
    pub(super) fn new(
        stream: Stream,
        name: ByteString,
        incarnation: u64,
        access: Access,
        limits: Limits,
        config: ClientConfig,
    ) -> Self {
        let outbox = Outbox::new(limits.publish_window_bytes);
        let window_bytes = usize::try_from(limits.publish_window_bytes).unwrap_or(usize::MAX);
        Self {
            stream,
            limits,
            outbox_limit_bytes: config.outbox_limit_bytes.min(window_bytes),
            config,
            name,
            incarnation,
            publishing: Mutex::new(Publishing { outbox, access, sequence: 0, open: true }),
            requests: Requests::default(),
            state: watch::Sender::new(State::Open),
            wake: Notify::new(),
            room: Notify::new(),
        }
    }

    /// What the broker takes this client for.
    pub(super) fn role(&self) -> Role {
        self.publishing.lock().access.role()
    }

    fn follow(&self, next: Next) {
        if next == Next::WakeWriter {
            self.wake.notify_one();
        }
    }

    /// Sends a frame that is not an event.
    pub(super) fn send(&self, body: Body) {
        let mut publishing = self.publishing.lock();
        wire::encode_control(publishing.outbox.control(), body);
        let next = publishing.outbox.urgent(&self.stream);
        drop(publishing);
        self.follow(next);
        // Waiting events may have gone out with it.
        self.room.notify_waiters();
    }

    /// The broker dealt with publish bytes.
    pub(super) fn granted(&self, bytes: u64) {
        let next = self.publishing.lock().outbox.granted(&self.stream, bytes);
        self.follow(next);
        self.room.notify_waiters();
    }

    /// For the writer: the next bytes to write.
    pub(super) fn take_unwritten(&self) -> Option<Vec<u8>> {
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
            let was_open = *state == State::Open;
            if was_open {
                *state = State::Leaving;
            }
            was_open
        });
        wire::encode_control(
            publishing.outbox.events(),
            Body::Goodbye(proto::Goodbye { last: true }),
        );
        let next = publishing.outbox.urgent(&self.stream);
        drop(publishing);
        self.follow(next);
        self.room.notify_waiters();
    }

    /// The connection has ended; the reason, unless both sides said goodbye.
    pub(super) fn over(&self, reason: Option<String>) {
        self.end(|undelivered| Ending::of(reason, undelivered));
    }

    /// Everybody who waits is told; the first ending counts.
    fn end(&self, ending: impl FnOnce(u64) -> Ending) {
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
        drop(publishing);
        if is_first && undelivered > 0 {
            // A handle that was dropped has nobody left to tell.
            tracing::warn!(undelivered, "the session ended before the broker had everything");
        }
        self.requests.close();
        self.stream.close();
        self.wake.notify_one();
        self.room.notify_waiters();
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(*self.state.borrow(), State::Over(_))
    }

    pub(super) fn is_leaving(&self) -> bool {
        *self.state.borrow() == State::Leaving
    }

    /// Waits for the end of the session. Cancel safe.
    pub(super) async fn ended(&self) {
        let mut state = self.state.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = state.wait_for(|state| matches!(state, State::Over(_))).await;
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
