//! Publishing over a session: an event becomes bytes in the outbox, or a reason why not (C7, W2).
//!
//! Writing them is the outbox's and the writer's work.

use crate::acl::Access;
use crate::clock::monotonic_ns;
use crate::contract::{CorrelationMetadata, EventId, PublishError};
use crate::event::CollectionEvent;
use crate::topic::{REPLY_PREFIX, Topic};
use crate::wire::{self, ENVELOPE_LIMIT_BYTES};

use super::super::outbox::Outbox;
use super::{Ending, Session, State};

/// What a publish changes, under one lock so that sequence numbers and bytes agree.
#[derive(Debug)]
pub(super) struct Publishing {
    pub(super) outbox: Outbox,
    pub(super) access: Access,
    pub(super) sequence: u64,
    pub(super) open: bool,
}

impl Session {
    /// Takes an event into the outbox, waiting for room up to the publish limit.
    pub(in super::super) async fn publish(
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
        if publishing.outbox.event_bytes() >= self.outbox_limit_bytes {
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
        let next = publishing.outbox.published(&self.stream, now_ns, bytes);
        // Whether it owes a reply the broker knows alone.
        let denial = publishing.access.denies_publish(topic);
        let denial = denial.filter(|denial| denial.rule.is_some() || !is_reply(topic));
        drop(publishing);
        self.follow(next);
        // The broker gets it all the same, to refuse it, to count it and to tell auditors.
        Some(denial.map_or(Ok(()), |denial| Err(PublishError::Denied(denial))))
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
            State::Over(Ending::Broken { reason, undelivered }) => {
                PublishError::Disconnected { reason: reason.clone(), undelivered: *undelivered }
            }
            _ => PublishError::Closed,
        }
    }
}

/// Whether a topic is for the reply to one request.
fn is_reply(topic: &Topic) -> bool {
    topic.as_str().starts_with(REPLY_PREFIX)
}
