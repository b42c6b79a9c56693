//! One subscription at the broker: its matcher, its queue, its policy and its counters.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytestring::ByteString;
use tokio::sync::Notify;

use super::budget::Budget;
use super::outbox::Underway;
use crate::contract::{
    Breaker, BreakerState, DeliveryQueue, EventSubscription, Matcher, OverflowPolicy,
    SubscriptionStatistics,
};
use crate::topic::{Lane, TopicPattern};

/// Who a subscription belongs to: an embedded handle or a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    /// A handle in this process, by its number.
    Handle(u64),
    /// A connection, by its key.
    Connection(u32),
    /// Nobody, until its client comes back.
    Nobody,
}

/// One life of a client: its name and incarnation.
pub(super) type Life = (ByteString, u64);

/// One event as a subscription owes its acknowledgement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owed {
    /// Its position in the subscription.
    pub(super) position: u64,
    /// When it was handed out.
    pub(super) since: Instant,
    /// Who waits for it, by a number of the hub's.
    pub(super) publisher: u64,
    pub(super) lane: Lane,
    pub(super) sequence: u64,
}

/// A live subscription.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) owner: Owner,
    /// Whether it is of somebody who may do nothing but look.
    pub(super) is_observers: bool,
    pub(super) matcher: Matcher,
    /// `Control` if it is to control alone: then it need not wait behind events. Order must hold
    /// among all events of a subscription, so one to both is `Events`.
    pub(super) lane: Lane,
    pub(super) policy: OverflowPolicy,
    /// Events held for the receiver, here and there together.
    pub(super) capacity: usize,
    pub(super) breaker: Option<Breaker>,
    pub(super) sink: Sink,
    /// Whether its receiver says what it has taken, and publishers may wait for that.
    pub(super) acknowledges: bool,
    /// What it has not yet said of, oldest first; as much as its publishers may have open at most.
    pub(super) owed: VecDeque<Owed>,
    /// When it last said something.
    pub(super) acknowledged_at: Option<Instant>,
    /// How much its receiver had taken when somebody had waited for it for the whole stall limit:
    /// nobody waits again until it has taken more.
    stalled_at: Option<u64>,
    /// The last match's number among all there ever were; what the receiver sees.
    pub(super) position: u64,
    /// Events that matched while somebody had it, some twice when they were delivered again.
    pub(super) matched: u64,
    /// To its queue, or to the outbox of its connection.
    pub(super) handed_over: u64,
    pub(super) dropped: u64,
    /// Events delivered again after a connection broke, which may have been counted as dropped.
    pub(super) recovered: u64,
}

/// Where its events go.
#[derive(Debug)]
pub(super) enum Sink {
    /// A receiver in this process.
    Local(DeliveryQueue),
    /// A receiver behind a connection.
    Remote(Remote),
    /// A receiver whose connection broke.
    Parked(Parked),
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
    /// Credit it has given, all in all: one for each event its consumer has taken.
    credited: u64,
    /// Its part of what is in the connection's outbox.
    pub(super) underway: Underway,
    /// Events without credit, with their positions.
    pub(super) backlog: VecDeque<(u64, Box<[u8]>)>,
    pub(super) backlog_bytes: usize,
    backlog_limit_events: usize,
    /// What its connection may have held back.
    pub(super) budget: Arc<Budget>,
    /// Told when the backlog shrinks or the subscription ends.
    pub(super) room: Arc<Notify>,
    /// Losses the client has been told of.
    pub(super) reported_lost: u64,
}

/// A subscription whose connection broke. Its events go nowhere.
#[derive(Debug)]
pub(super) struct Parked {
    /// Whose it is.
    pub(super) life: Life,
    /// When it expires; one that has is forgotten then.
    pub(super) until: Instant,
    /// When nobody had come back for it, by the clock of the events: those published before have
    /// waited for it in vain.
    pub(super) expired_ns: Option<u64>,
    /// Its position when its connection broke; `None` where that was with another broker.
    pub(super) since: Option<u64>,
    /// Told when it is taken up again, and when it ends.
    pub(super) room: Arc<Notify>,
}

/// Events of control that are held for a subscription to both lanes beyond its capacity, when that is
/// full.
const CONTROL_RESERVE_EVENTS: usize = 1024;

fn lane_of(patterns: &[TopicPattern]) -> Lane {
    let is_control = |pattern: &TopicPattern| pattern.lane() == Some(Lane::Control);
    if patterns.iter().all(is_control) { Lane::Control } else { Lane::Events }
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
            is_observers: false,
            lane: lane_of(matcher.patterns()),
            matcher,
            policy: subscription.policy,
            capacity: subscription.capacity,
            breaker,
            sink,
            acknowledges: false,
            owed: VecDeque::new(),
            acknowledged_at: None,
            stalled_at: None,
            position: 0,
            matched: 0,
            handed_over: 0,
            dropped: 0,
            recovered: 0,
        }
    }

    /// Events its receiver will never see.
    pub(super) fn lost(&self) -> u64 {
        self.dropped.saturating_sub(self.recovered)
    }

    /// Whether an event would make its publisher wait; if so, what to wait for (C11).
    /// `congested` tells whether a lane of a connection's outbox is over its limit.
    pub(super) fn blocks(
        &self,
        lane: Lane,
        congested: impl Fn(u32, Lane) -> bool,
    ) -> Option<&Arc<Notify>> {
        if self.policy != OverflowPolicy::Block || self.stalled_at == Some(self.taken()) {
            return None;
        }
        let reserve = self.reserve(lane);
        match &self.sink {
            Sink::Local(queue) => queue.is_full_beyond(reserve).then(|| queue.room_signal()),
            Sink::Parked(_) => None,
            Sink::Remote(remote) if remote.may_send(congested(remote.connection, self.lane)) => {
                None
            }
            Sink::Remote(remote) => remote.lacks_room(lane, reserve),
        }
    }

    /// It has been waited for long enough, and is not again until its receiver takes something.
    pub(super) fn note_stalled(&mut self) {
        self.stalled_at = Some(self.taken());
    }

    /// Events its receiver has taken, as far as it has said so.
    fn taken(&self) -> u64 {
        match &self.sink {
            Sink::Local(queue) => queue.taken(),
            Sink::Remote(remote) => remote.credited,
            Sink::Parked(_) => 0,
        }
    }

    /// How many events of a lane it holds beyond its capacity: one to both may be full of events,
    /// and what controls a system need not wait behind them. Where the oldest goes, it need not anyway.
    pub(super) fn reserve(&self, lane: Lane) -> usize {
        match (self.lane, lane) {
            (Lane::Events, Lane::Control) if self.policy != OverflowPolicy::DropOldest => {
                CONTROL_RESERVE_EVENTS
            }
            _ => 0,
        }
    }

    /// Whether a `delivered` event must wait for it to be taken up again; if so, what to wait for.
    pub(super) fn waits_for_return(&self) -> Option<&Arc<Notify>> {
        match &self.sink {
            Sink::Parked(parked) if self.acknowledges && parked.expired_ns.is_none() => {
                Some(&parked.room)
            }
            _ => None,
        }
    }

    /// Whether an event that is published as `delivered` and does not get to it counts as lost.
    pub(super) fn counts_as_lost(&self, published_ns: u64) -> bool {
        match &self.sink {
            Sink::Parked(parked) => parked.expired_ns.is_none_or(|expired| published_ns <= expired),
            _ => true,
        }
    }

    /// Whether its receiver is behind this connection.
    pub(super) fn is_behind(&self, connection: u32) -> bool {
        matches!(&self.sink, Sink::Remote(Remote { connection: own, .. }) if *own == connection)
    }

    /// Its counters; `turn` tells whose turn it is in a connection's outbox. What is in an outbox
    /// is not delivered yet.
    pub(super) fn statistics(&self, turn: impl Fn(u32) -> u64) -> SubscriptionStatistics {
        let (underway, held_back) = match &self.sink {
            Sink::Local(_) | Sink::Parked(_) => (0, 0),
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
    pub(super) fn new(connection: u32, number: u32, capacity: usize, budget: Arc<Budget>) -> Self {
        Self {
            connection,
            number,
            credit: window_of(capacity),
            credited: 0,
            underway: Underway::default(),
            backlog: VecDeque::new(),
            backlog_bytes: 0,
            backlog_limit_events: capacity / 2,
            budget,
            room: Arc::default(),
            reported_lost: 0,
        }
    }

    /// Whether the next event can go out at once: there is credit, and nothing is before it.
    pub(super) fn may_send(&self, congested: bool) -> bool {
        self.credit > 0 && self.backlog.is_empty() && !congested
    }

    /// Its client has room for more.
    pub(super) fn add_credit(&mut self, events: u64) {
        self.credit = self.credit.saturating_add(events);
        self.credited = self.credited.saturating_add(events);
    }

    /// What must get room before one more of a lane can be held back, with so many beyond its share;
    /// `None` when it can.
    pub(super) fn lacks_room(&self, lane: Lane, reserve: usize) -> Option<&Arc<Notify>> {
        if self.backlog.len() >= self.backlog_limit_events + reserve {
            return Some(&self.room);
        }
        self.budget.is_full(lane).then(|| self.budget.room())
    }

    pub(super) fn hold_back(&mut self, position: u64, bytes: &[u8]) {
        self.backlog_bytes += bytes.len();
        self.budget.take(bytes.len());
        self.backlog.push_back((position, bytes.into()));
    }

    pub(super) fn take_oldest(&mut self) -> Option<(u64, Box<[u8]>)> {
        let oldest = self.backlog.pop_front()?;
        self.backlog_bytes -= oldest.1.len();
        self.budget.give_back(oldest.1.len());
        Some(oldest)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.budget.give_back(self.backlog_bytes);
    }
}
