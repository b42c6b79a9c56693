//! One connection: its outbox, its open requests, and whether it is still open.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytestring::ByteString;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::ClientConfig;
use super::outbox::{Next, Outbox};
use super::requests::{Pending, Reply, Requests};
use crate::clock::monotonic_ns;
use crate::contract::{
    CorrelationMetadata, EventBusStatistics, EventId, EventReceiver, EventSubscription,
    PublishError, ShutdownError, StatisticsError, SubscribeError, UnsubscribeError,
};
use crate::event::CollectionEvent;
use crate::topic::Topic;
use crate::transport::Stream;
use crate::wire::{
    self, ENVELOPE_LIMIT_BYTES,
    proto::{self, frame::Body},
};

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
    /// The tasks have ended. The reason, unless both sides said goodbye.
    Over(Option<String>),
}

/// One connection to a broker.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) stream: Stream,
    pub(super) limits: Limits,
    config: ClientConfig,
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

/// What a publish changes, under one lock so that sequence numbers and bytes agree.
#[derive(Debug)]
struct Publishing {
    outbox: Outbox,
    sequence: u64,
    open: bool,
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
        limits: Limits,
        config: ClientConfig,
    ) -> Self {
        let outbox = Outbox::new(limits.publish_window_bytes);
        Self {
            stream,
            limits,
            config,
            name,
            incarnation,
            publishing: Mutex::new(Publishing { outbox, sequence: 0, open: true }),
            requests: Requests::default(),
            state: watch::Sender::new(State::Open),
            wake: Notify::new(),
            room: Notify::new(),
        }
    }

    /// Takes an event into the outbox, waiting for room up to the publish limit.
    pub(super) async fn publish(
        &self,
        topic: &Topic,
        event: &CollectionEvent,
        correlation: Option<&CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        if let Some(result) = self.try_publish(topic, event, correlation) {
            return result;
        }
        let limit = self.config.publish_limit;
        let accepted = async {
            loop {
                let room = self.room.notified();
                tokio::pin!(room);
                room.as_mut().enable();
                if let Some(result) = self.try_publish(topic, event, correlation) {
                    return result;
                }
                room.await;
            }
        };
        tokio::time::timeout(limit, accepted)
            .await
            .unwrap_or(Err(PublishError::Timeout { waited: limit }))
    }

    /// `None` while there is no room.
    fn try_publish(
        &self,
        topic: &Topic,
        event: &CollectionEvent,
        correlation: Option<&CorrelationMetadata>,
    ) -> Option<Result<(), PublishError>> {
        let mut publishing = self.publishing.lock();
        if !publishing.open {
            return Some(Err(self.why_not_open()));
        }
        if publishing.outbox.event_bytes() >= self.config.outbox_limit_bytes {
            return None;
        }
        let id = EventId {
            publisher: self.name.clone(),
            incarnation: self.incarnation,
            sequence: publishing.sequence + 1,
        };
        let now_ns = monotonic_ns();
        let events = publishing.outbox.events();
        let before = events.len();
        let bytes = wire::encode_publish(events, &id, topic, now_ns, event, correlation);
        if let Err(error) = self.check_size(event, bytes) {
            events.truncate(before);
            return Some(Err(error));
        }
        publishing.sequence += 1;
        let next = publishing.outbox.published(&self.stream, now_ns);
        drop(publishing);
        self.follow(next);
        Some(Ok(()))
    }

    /// The payload is measured only where the whole frame leaves doubt.
    fn check_size(&self, event: &CollectionEvent, frame: usize) -> Result<(), PublishError> {
        let limit_bytes = self.limits.payload_bytes;
        if frame <= limit_bytes {
            return Ok(());
        }
        let bytes = wire::payload_bytes(event);
        if bytes > limit_bytes {
            return Err(PublishError::TooLarge { bytes, limit_bytes });
        }
        let limit_bytes = limit_bytes + ENVELOPE_LIMIT_BYTES;
        if frame > limit_bytes {
            return Err(PublishError::TooLarge { bytes: frame, limit_bytes });
        }
        Ok(())
    }

    fn why_not_open(&self) -> PublishError {
        match &*self.state.borrow() {
            State::Over(Some(reason)) => PublishError::Disconnected { reason: reason.clone() },
            _ => PublishError::Closed,
        }
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

    pub(super) async fn subscribe(
        &self,
        subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        let gone = |reason| match reason {
            Some(reason) => SubscribeError::Disconnected { reason },
            None => SubscribeError::Closed,
        };
        if *self.state.borrow() == State::Leaving {
            return Err(SubscribeError::Closed);
        }
        let waited = self.config.request_limit;
        let id = subscription.subscriber_id.clone();
        let pending = Pending::Subscribe { capacity: subscription.capacity, id };
        let reply = self.request(pending, |request| {
            Body::Subscribe(wire::subscription_to_wire(request, &subscription))
        });
        match tokio::time::timeout(waited, reply).await {
            Ok(Some(Reply::Subscribed(result))) => result,
            Ok(_) => Err(gone(self.reason())),
            Err(_) => Err(SubscribeError::Timeout { waited }),
        }
    }

    pub(super) async fn unsubscribe(&self, id: &str) -> Result<(), UnsubscribeError> {
        if *self.state.borrow() == State::Leaving {
            return Err(UnsubscribeError::Closed);
        }
        let waited = self.config.request_limit;
        let reply = self.request(Pending::Unsubscribe, |request| {
            Body::Unsubscribe(proto::UnsubscribeRequest {
                request,
                subscriber_id: id.to_owned().into(),
                subscription: None,
            })
        });
        match tokio::time::timeout(waited, reply).await {
            Ok(Some(Reply::Unsubscribed { known: true })) => Ok(()),
            Ok(Some(_)) => Err(UnsubscribeError::Unknown { id: id.to_owned() }),
            Ok(None) => Err(match self.reason() {
                Some(reason) => UnsubscribeError::Disconnected { reason },
                None => UnsubscribeError::Closed,
            }),
            Err(_) => Err(UnsubscribeError::Timeout { waited }),
        }
    }

    pub(super) async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        let waited = self.config.request_limit;
        let reply = self.request(Pending::Statistics, |request| {
            Body::StatisticsRequest(proto::StatisticsRequest { request })
        });
        match tokio::time::timeout(waited, reply).await {
            Ok(Some(Reply::Statistics(statistics))) => Ok(statistics),
            Ok(_) => {
                let reason = self.reason().unwrap_or_else(|| "the session was closed".to_owned());
                Err(StatisticsError::Disconnected { reason })
            }
            Err(_) => Err(StatisticsError::Timeout { waited }),
        }
    }

    /// Sends a request and waits for its reply; `None` if the session ended first. Cancelling it
    /// forgets the request.
    async fn request(&self, pending: Pending, body: impl FnOnce(u64) -> Body) -> Option<Reply> {
        let waiting = self.requests.open(pending);
        if matches!(*self.state.borrow(), State::Over(_)) {
            return None;
        }
        self.send(body(waiting.number()));
        waiting.reply().await
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

    /// The connection has ended; everybody who waits is told.
    pub(super) fn over(&self, reason: Option<String>) {
        self.publishing.lock().open = false;
        self.state.send_if_modified(|state| {
            let is_first = !matches!(state, State::Over(_));
            if is_first {
                *state = State::Over(reason);
            }
            is_first
        });
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

    fn reason(&self) -> Option<String> {
        match &*self.state.borrow() {
            State::Over(reason) => reason.clone(),
            _ => None,
        }
    }

    pub(super) async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        self.leave();
        if tokio::time::timeout(deadline, self.ended()).await.is_err() {
            let reason = "closed at the deadline of shutdown".to_owned();
            self.over(Some(reason));
            return Err(ShutdownError::Deadline { undelivered: 0, waited: deadline });
        }
        match self.reason() {
            Some(reason) => Err(ShutdownError::Disconnected { reason }),
            None => Ok(()),
        }
    }
}
