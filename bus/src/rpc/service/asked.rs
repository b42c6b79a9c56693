//! A request as it arrived: who asked, until when, and where the reply goes.

use std::time::Duration;

use bytestring::ByteString;

use super::super::codec::{decode_request, encode_reply};
use super::super::{
    DEFAULT_DEADLINE, MAX_DEADLINE, Operation, Refusal, Request, Response, UnknownOperation,
    nanoseconds,
};
use crate::contract::{BusEvent, CorrelationMetadata};
use crate::event::{
    CollectionEvent, ControlBody, ControlMessage, ControlSubject, EventHeader, ReplyAddress,
};

/// Who asked, and how.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who asked: the publisher's name as the bus knows it (A4).
    pub by: ByteString,
    /// How the request belongs to other events.
    pub correlation: CorrelationMetadata,
    /// When the asker stops waiting: `CLOCK_MONOTONIC`, nanoseconds.
    pub deadline_monotonic_ns: u64,
    operation: ByteString,
    request_id: ByteString,
    reply_to: Option<ReplyAddress>,
}

impl Asked {
    /// The message of an event, and who asked by it; `None` when it is no request to this member.
    pub(super) fn read<'a>(
        event: &'a BusEvent,
        member: &str,
        now_ns: u64,
    ) -> Option<(Self, &'a ControlMessage)> {
        let CollectionEvent::Control(message) = &event.event else { return None };
        let is_for_me = message.target.as_ref().is_none_or(|target| target == member);
        let is_request =
            !message.request_id.is_empty() && !matches!(message.subject, ControlSubject::Reply(_));
        let after = |wait: Duration| now_ns.saturating_add(nanoseconds(wait));
        let asked = Self {
            by: event.id.publisher.clone(),
            correlation: event.correlation.clone(),
            deadline_monotonic_ns: message
                .deadline_monotonic_ns
                .unwrap_or_else(|| after(DEFAULT_DEADLINE))
                .min(after(MAX_DEADLINE)),
            operation: message.operation.clone(),
            request_id: message.request_id.clone(),
            reply_to: message.reply_to.clone(),
        };
        (is_for_me && is_request).then_some((asked, message))
    }

    /// What is asked, or why it cannot be done.
    pub(super) fn request(&self, body: &ControlBody) -> Result<Request, Refusal> {
        let unknown =
            |error: UnknownOperation| Refusal::UnknownOperation { reason: error.to_string() };
        let operation: Operation = self.operation.parse().map_err(unknown)?;
        decode_request(operation, body)
            .map_err(|error| Refusal::InvalidBody { reason: error.to_string() })
    }

    /// How long the asker still waits; `None` when it does not.
    pub(super) fn time_left(&self, now_ns: u64) -> Option<Duration> {
        let left_ns = self.deadline_monotonic_ns.checked_sub(now_ns).filter(|left| *left > 0)?;
        Some(Duration::from_nanos(left_ns))
    }

    /// The reply, and how it belongs to the request; `None` when none is wanted.
    pub(super) fn reply(
        &self,
        member: &ByteString,
        outcome: &Result<Response, Refusal>,
    ) -> Option<(CollectionEvent, CorrelationMetadata)> {
        let address = self.reply_to.clone()?;
        let message = ControlMessage {
            header: EventHeader { source: member.clone(), ..EventHeader::default() },
            subject: ControlSubject::Reply(address),
            operation: self.operation.clone(),
            request_id: self.request_id.clone(),
            body: body_of(outcome),
            ..ControlMessage::default()
        };
        let correlation = self.correlation.child(format!("{}.reply", self.request_id));
        Some((CollectionEvent::Control(message), correlation))
    }
}

/// A response that is too long to be sent is a failure the asker is told.
fn body_of(outcome: &Result<Response, Refusal>) -> ControlBody {
    encode_reply(outcome).unwrap_or_else(|error| {
        let told = Err(Refusal::failed(format!("the reply cannot be sent: {error}")));
        encode_reply(&told).expect("a sentence is within the limit")
    })
}
