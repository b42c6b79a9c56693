//! The asking side: one reply for one request, in time or not at all (W9).
//!
//! A client has an address of its own, `control.rpc.reply.ID`, and one task that takes what
//! arrives there. It retries nothing: whether an operation may be done twice is its asker's to know.

mod call;
mod config;
mod error;
mod pending;

pub use call::{Answer, Call};
pub use config::RpcClientConfig;
pub use error::CallError;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytestring::ByteString;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::codec::{decode_reply, encode_request};
use super::{MAX_DEADLINE, nanoseconds};
use crate::clock::monotonic_ns;
use crate::contract::{
    BusEvent, EventBus, EventReceiver, EventSubscription, OverflowPolicy, SubscribeError,
};
use crate::event::{CollectionEvent, ControlMessage, ControlSubject, EventHeader};
use crate::topic::REPLY_PREFIX;
use pending::{Pending, Reply, Ticket};

/// Replies that are held for a client, at least: one request may have as many answers as there are
/// members.
const LEAST_REPLIES: usize = 1024;

/// Asks over a bus, and waits for replies.
///
/// Shared by reference; any number of calls may be under way up to the limit. Dropping it ends its
/// subscription.
pub struct RpcClient {
    bus: Arc<dyn EventBus>,
    config: RpcClientConfig,
    /// Makes request ids unique among clients of one address.
    incarnation: u64,
    asked: AtomicU64,
    pending: Arc<Pending>,
    reader: JoinHandle<()>,
}

impl RpcClient {
    /// Subscribes to the replies of its address. Must be called inside a tokio runtime, on which
    /// its task then runs.
    ///
    /// Cancelling it leaves nothing behind.
    pub async fn start(
        bus: Arc<dyn EventBus>,
        config: RpcClientConfig,
    ) -> Result<Self, SubscribeError> {
        let incarnation = Uuid::new_v4().as_u64_pair().0;
        let id = format!("rpc.{}.{incarnation:016x}", config.address);
        let topic = format!("{REPLY_PREFIX}{}", config.address);
        // Whoever answers must not wait for an asker that does not read.
        let wanted = EventSubscription::new(id)
            .with_pattern(topic)
            .with_capacity(config.pending_limit.max(LEAST_REPLIES))
            .with_policy(OverflowPolicy::DropNewest);
        let receiver = bus.subscribe(wanted).await?;
        let pending = Arc::new(Pending::new(config.pending_limit));
        let reader = tokio::spawn(read(receiver, Arc::clone(&pending)));
        Ok(Self { bus, config, incarnation, asked: AtomicU64::new(0), pending, reader })
    }

    /// Asks, and waits for the reply until the call's deadline.
    ///
    /// The first reply counts; where nobody was named and several answer, the others are dropped.
    /// Where a member was named, nobody else can answer for it.
    /// Cancelling it forgets the request; whoever was asked may still do it.
    pub async fn call(&self, call: Call) -> Result<Answer, CallError> {
        let deadline = call.deadline.unwrap_or(self.config.deadline).min(MAX_DEADLINE);
        let from = call.target.clone().filter(|_| !self.config.takes_any_publisher);
        let mut ticket = self.pending.open(self.next_request_id(), from)?;
        let exchange = self.exchange(call, deadline, &mut ticket);
        match tokio::time::timeout(deadline, exchange).await {
            Ok(outcome) => outcome,
            Err(_) => Err(CallError::Deadline { waited: deadline }),
        }
    }

    /// Requests that wait for their reply now.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Replies nobody waited for (any more), since the start.
    pub fn unexpected(&self) -> u64 {
        self.pending.unexpected()
    }

    async fn exchange(
        &self,
        call: Call,
        deadline: Duration,
        ticket: &mut Ticket,
    ) -> Result<Answer, CallError> {
        let message = self.message(&call, deadline, ticket.request_id())?;
        self.bus.publish(CollectionEvent::Control(message), call.correlation).await?;
        let Reply { from, correlation, body } = ticket.reply().await?;
        let response = decode_reply(&body)??;
        Ok(Answer { from, correlation, response })
    }

    fn message(
        &self,
        call: &Call,
        deadline: Duration,
        request_id: &ByteString,
    ) -> Result<ControlMessage, CallError> {
        Ok(ControlMessage {
            header: EventHeader {
                source: self.config.address.as_str().into(),
                ..EventHeader::default()
            },
            subject: call.request.subject(),
            operation: ByteString::from_static(call.request.operation().as_str()),
            request_id: request_id.clone(),
            target: call.target.clone(),
            reply_to: Some(self.config.address.clone()),
            deadline_monotonic_ns: Some(monotonic_ns().saturating_add(nanoseconds(deadline))),
            body: encode_request(&call.request)?,
        })
    }

    fn next_request_id(&self) -> ByteString {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}-{number}", self.incarnation).into()
    }
}

impl Drop for RpcClient {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Hands every reply to its asker until the bus ends.
async fn read(mut receiver: EventReceiver, pending: Arc<Pending>) {
    while let Some(event) = receiver.recv().await {
        if let Some((request_id, reply)) = replied(&event) {
            pending.answer(request_id, reply);
        }
    }
    pending.end();
}

/// The request an event replies to, and what it says, if it is a reply.
fn replied(event: &BusEvent) -> Option<(&ByteString, Reply)> {
    let CollectionEvent::Control(message) = &event.event else { return None };
    let ControlSubject::Reply(_) = message.subject else { return None };
    let reply = Reply {
        from: event.id.publisher.clone(),
        correlation: event.correlation.clone(),
        body: message.body.clone(),
    };
    Some((&message.request_id, reply))
}
