//! One subscription at the broker: its matcher, its queue, its policy and its counters.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

use super::outbox::Underway;
use crate::contract::{
    Breaker, BreakerState, DeliveryQueue, EventSubscription, Matcher, OverflowPolicy,
    SubscriptionStatistics,
};

/// Who a subscription belongs to: an embedded handle or a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    /// A handle in this process, by its number.
    Handle(u64),
    /// A connection, by its key.
    Connection(u32),
}

/// A live subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) owner: Owner,
    pub(super) matcher: Matcher,
    pub(super) policy: OverflowPolicy,
    /// Events held for the receiver, here and there together.
    pub(super) capacity: usize,
    pub(super) breaker: Option<Breaker>,
    pub(super) sink: Sink,
    /// Events that matched so far; the last one's position.
    pub(super) matched: u64,
    /// To its queue, or to the outbox of its connection.
    pub(super) handed_over: u64,
    pub(super) dropped: u64,
}

/// Where its events go.
#[derive(Debug)]
pub(super) enum Sink {
    /// A receiver in this process.
    Local(DeliveryQueue),
    /// A receiver behind a connection.
    Remote(Remote),
}

/// The broker's side of a remote queue. Together with the client's side it holds `capacity`
/// events: the client has room for `window` of them, the rest waits here.
#[derive(Debug)]
pub(super) struct Remote {
    pub(super) connection: u32,
    /// Its name on the wire, never used again: a credit that crosses the end of its subscription
    /// must not count for the next one.
    pub(super) number: u32,
    /// Deliveries the client has room for.
    pub(super) credit: u64,
    /// Its part of what is in the connection's outbox.
    pub(super) underway: Underway,
    /// Events without credit, with their positions.
    pub(super) backlog: VecDeque<(u64, Box<[u8]>)>,
    pub(super) backlog_bytes: usize,
    backlog_limit_events: usize,
    backlog_limit_bytes: usize,
    /// Told when the backlog shrinks or the subscription ends.
    pub(super) room: Arc<Notify>,
    /// Losses the client has been told of.
    pub(super) reported_lost: u64,
}

/// Deliveries a client has room for at first, of a capacity.
pub(super) fn window_of(capacity: usize) -> u64 {
    capacity.div_ceil(2) as u64
}

impl Subscription {
    pub(super) fn new(
        subscription: &EventSubscription,
        matcher: Matcher,
        owner: Owner,
        sink: Sink,
    ) -> Self {
        let breaker = match subscription.policy {
            OverflowPolicy::CircuitBreak(config) => Some(Breaker::new(config)),
            _ => None,
        };
        Self {
            id: subscription.subscriber_id.clone(),
            owner,
            matcher,
            policy: subscription.policy,
            capacity: subscription.capacity,
            breaker,
            sink,
            matched: 0,
            handed_over: 0,
            dropped: 0,
        }
    }

    /// Whether an event would make its publisher wait; if so, what to wait for (C11).
    /// `congested` tells whether a connection's outbox is over its limit.
    pub(super) fn blocks(&self, congested: impl Fn(u32) -> bool) -> Option<&Arc<Notify>> {
        if self.policy != OverflowPolicy::Block {
            return None;
        }
        match &self.sink {
            Sink::Local(queue) => queue.is_full().then(|| queue.room_signal()),
            Sink::Remote(remote) => {
                let waits = !remote.may_send(congested(remote.connection));
                (waits && remote.backlog_is_full()).then_some(&remote.room)
            }
        }
    }

    /// Its counters; `turn` tells whose turn it is in a connection's outbox. What is in an outbox
    /// is not delivered yet.
    pub(super) fn statistics(&self, turn: impl Fn(u32) -> u64) -> SubscriptionStatistics {
        let (underway, held_back) = match &self.sink {
            Sink::Local(_) => (0, 0),
            Sink::Remote(remote) => {
                (remote.underway.count(turn(remote.connection)), remote.backlog.len() as u64)
            }
        };
        SubscriptionStatistics {
            subscriber_id: self.id.clone(),
            matched: self.matched,
            delivered: self.handed_over - underway,
            dropped: self.dropped,
            queued: underway + held_back,
            breaker: self.breaker.as_ref().map_or(BreakerState::Closed, Breaker::state),
        }
    }
}

impl Remote {
    pub(super) fn new(
        connection: u32,
        number: u32,
        capacity: usize,
        backlog_limit_bytes: usize,
    ) -> Self {
        Self {
            connection,
            number,
            credit: window_of(capacity),
            underway: Underway::default(),
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            backlog_limit_events: capacity / 2,
            backlog_limit_bytes,
            room: Arc::default(),
            reported_lost: 0,
        }
    }

    /// Whether the next event can go out at once: there is credit, and nothing is before it.
    pub(super) fn may_send(&self, congested: bool) -> bool {
        self.credit > 0 && self.backlog.is_empty() && !congested
    }

    pub(super) fn backlog_is_full(&self) -> bool {
        self.backlog.len() >= self.backlog_limit_events
            || self.backlog_bytes >= self.backlog_limit_bytes
    }

    pub(super) fn hold_back(&mut self, position: u64, bytes: &[u8]) {
        self.backlog_bytes += bytes.len();
        self.backlog.push_back((position, bytes.into()));
    }

    pub(super) fn take_oldest(&mut self) -> Option<(u64, Box<[u8]>)> {
        let oldest = self.backlog.pop_front()?;
        self.backlog_bytes -= oldest.1.len();
        Some(oldest)
    }
}
