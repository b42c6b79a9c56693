//! Publishing over a link: an event becomes bytes in the outbox, or a reason why not (C7, W2), and
//! is confirmed where that was asked for (W6).
//!
//! Writing them is the outbox's and the writer's work.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::acl::Access;
use crate::clock::monotonic_ns;
use crate::contract::{Confirmation, CorrelationMetadata, EventId, Lost, PublishError, Resumed};
use crate::event::CollectionEvent;
use crate::hops::{Hop, HopStamp};
use crate::topic::{Lane, REPLY_PREFIX, Topic};
use crate::wire::{self, Departures, ENVELOPE_LIMIT_BYTES};

use super::super::ClientConfig;
use super::super::connect::{Connection, Limits};
use super::super::outbox::Outbox;
use super::super::unconfirmed::Outcome;
use super::{BROKER, Ending, Link, State};
use crate::transport::Stream;

/// What a publish changes, under one lock so that sequence numbers and bytes agree.
#[derive(Debug)]
pub(super) struct Publishing {
    pub(super) outbox: Outbox,
    pub(super) access: Access,
    pub(super) sequence: u64,
    pub(super) open: bool,
    /// The connection, while there is one.
    pub(super) stream: Option<Arc<Stream>>,
    /// Of the last connection.
    limits: Limits,
    /// What was asked for, but no more than the window: all of it may leave in one send, and one
    /// send may overshoot the window by no more than that (W2).
    outbox_limit_bytes: usize,
    unconfirmed_limit_events: usize,
    /// Ids that were to be subscribed on a connection that broke before it was answered.
    pub(super) unanswered: Vec<String>,
    /// What the last connection that broke may have cost.
    pub(super) cost: Lost,
    pub(super) resumed: Resumed,
}

impl Publishing {
    pub(super) fn new(
        config: &ClientConfig,
        connection: &Connection,
        departures: Departures,
    ) -> Self {
        let mut publishing = Self {
            outbox: Outbox::new(departures),
            access: connection.access.clone(),
            sequence: 0,
            open: true,
            stream: None,
            limits: connection.limits,
            outbox_limit_bytes: 0,
            unconfirmed_limit_events: 0,
            unanswered: Vec::new(),
            cost: Lost::default(),
            resumed: Resumed::default(),
        };
        publishing.connect(config, connection);
        publishing
    }

    /// There is a connection.
    pub(super) fn connect(&mut self, config: &ClientConfig, connection: &Connection) {
        let limits = connection.limits;
        let window_bytes = usize::try_from(limits.publish_window_bytes).unwrap_or(usize::MAX);
        self.outbox_limit_bytes = config.outbox_limit_bytes.min(window_bytes);
        self.unconfirmed_limit_events =
            config.unconfirmed_limit_events.min(limits.unconfirmed_events);
        self.limits = limits;
        self.access = connection.access.clone();
        self.stream = Some(Arc::clone(&connection.stream));
        self.outbox.connected(limits.publish_window_bytes);
    }

    /// Whether one more event of a lane can be accepted.
    fn has_room(&mut self, lane: Lane, confirmation: Confirmation) -> bool {
        let window_bytes = self.limits.publish_window_bytes;
        let limit_events = self.unconfirmed_limit_events;
        let unconfirmed = self.outbox.unconfirmed(lane);
        let may_be_kept =
            unconfirmed.len() < limit_events && (unconfirmed.bytes() as u64) < window_bytes;
        self.outbox.event_bytes(lane) < self.outbox_limit_bytes
            && (confirmation == Confirmation::Fire || may_be_kept)
    }
}

/// What will be told of an accepted event: nothing more, or what became of it.
pub(in super::super) type Told = Option<oneshot::Receiver<Outcome>>;

impl Link {
    /// Takes an event into the outbox, waiting for room up to the publish limit.
    pub(in super::super) async fn accept(
        &self,
        topic: &Topic,
        event: &CollectionEvent,
        correlation: Option<&CorrelationMetadata>,
        confirmation: Confirmation,
    ) -> Result<Told, PublishError> {
        if let Some(result) = self.try_accept(topic, event, correlation, confirmation) {
            return result;
        }
        let limit = self.config.publish_limit;
        let accepted = async {
            loop {
                let room = self.room.notified();
                tokio::pin!(room);
                room.as_mut().enable();
                if let Some(result) = self.try_accept(topic, event, correlation, confirmation) {
                    return result;
                }
                room.await;
            }
        };
        // In a box of its own: the future of a publish that need not wait stays small.
        Box::pin(tokio::time::timeout(limit, accepted))
            .await
            .unwrap_or(Err(PublishError::Timeout { waited: limit }))
    }

    /// `None` while there is no room.
    fn try_accept(
        &self,
        topic: &Topic,
        event: &CollectionEvent,
        correlation: Option<&CorrelationMetadata>,
        confirmation: Confirmation,
    ) -> Option<Result<Told, PublishError>> {
        let mut publishing = self.publishing.lock();
        if !publishing.open {
            return Some(Err(self.why_not_open()));
        }
        let lane = topic.lane();
        if !publishing.has_room(lane, confirmation) {
            return None;
        }
        let id = EventId {
            publisher: self.name.clone(),
            incarnation: self.incarnation,
            sequence: publishing.sequence + 1,
        };
        let now_ns = monotonic_ns();
        let limit_bytes = publishing.limits.payload_bytes;
        let events = publishing.outbox.events(lane);
        let before = events.len();
        let bytes =
            wire::encode_publish(events, &id, topic, now_ns, event, correlation, confirmation);
        if let Err(error) = check_size(event, bytes, limit_bytes) {
            events.truncate(before);
            return Some(Err(error));
        }
        publishing.sequence += 1;
        self.note_encoded(id.sequence);
        // Whether it owes a reply the broker knows alone.
        let denial = publishing.access.denies_publish(topic);
        let denial = denial.filter(|denial| denial.rule.is_some() || !is_reply(topic));
        // What is denied is sent all the same, for the broker to refuse, count and tell auditors.
        let told = publishing.keep(lane, id.sequence, before, confirmation);
        let Publishing { outbox, stream, .. } = &mut *publishing;
        let next = outbox.published(stream.as_deref(), now_ns, lane, bytes, told.is_some());
        drop(publishing);
        self.follow(next);
        Some(denial.map_or(Ok(told), |denial| Err(PublishError::Denied(denial))))
    }

    fn note_encoded(&self, sequence: u64) {
        if let Some(log) = &self.config.hops {
            let (hop, incarnation, receiver) = (Hop::Encode, self.incarnation, BROKER);
            log.note(HopStamp { hop, incarnation, sequence, receiver, at_ns: monotonic_ns() });
        }
    }

    /// Waits for what is told of an event, up to the confirm limit. Cancelling it loses nothing but
    /// the word.
    pub(in super::super) async fn told(&self, told: Told) -> Result<(), PublishError> {
        let Some(told) = told else { return Ok(()) };
        let waited = self.config.confirm_limit;
        match Box::pin(tokio::time::timeout(waited, told)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(self.why_not_open()),
            Err(_) => Err(PublishError::Unconfirmed { waited }),
        }
    }

    fn why_not_open(&self) -> PublishError {
        match &*self.state.borrow() {
            State::Over(Ending::Broken { reason, undelivered }) => {
                PublishError::Disconnected { reason: reason.clone(), undelivered: *undelivered }
            }
            _ => PublishError::Closed,
        }
    }
}

impl Publishing {
    /// Keeps the last frame of a lane, which begins at `from`, if it is to be confirmed.
    fn keep(&mut self, lane: Lane, sequence: u64, from: usize, confirmation: Confirmation) -> Told {
        if confirmation == Confirmation::Fire {
            return None;
        }
        let frame: Box<[u8]> = self.outbox.events(lane)[from..].into();
        Some(self.outbox.unconfirmed(lane).keep(sequence, frame))
    }
}

/// The payload is measured only where the whole frame leaves doubt.
fn check_size(
    event: &CollectionEvent,
    frame: usize,
    limit_bytes: usize,
) -> Result<(), PublishError> {
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

/// Whether a topic is for the reply to one request.
fn is_reply(topic: &Topic) -> bool {
    topic.as_str().starts_with(REPLY_PREFIX)
}
