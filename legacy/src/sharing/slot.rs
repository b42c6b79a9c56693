//! One subscription in the worker: who gets what, by which rule, and its figures (C11, C12).

use std::sync::Arc;

use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::contract::{
    Breaker, BreakerState, Delivery, DeliveryQueue, Matcher, PushError,
};
use daemoneye_eventbus::{
    BusEvent, EventReceiver, EventSubscription, OverflowPolicy, SubscriptionStatistics,
};

use super::filter::SharingFilter;

/// A subscription the worker owns.
pub(super) struct Slot {
    pub(super) id: String,
    matcher: Matcher,
    filter: SharingFilter,
    queue: DeliveryQueue,
    rule: Rule,
    /// Whether its owner asked that nothing be lost, and was not told yet that something was.
    expects_all: bool,
    matched: u64,
    delivered: u64,
    dropped: u64,
}

/// What to do at a full queue.
enum Rule {
    DropNewest,
    DropOldest,
    CircuitBreak(Breaker),
}

impl Slot {
    /// A subscription and its receiver.
    pub(super) fn new(
        wanted: &EventSubscription,
        matcher: Matcher,
        filter: SharingFilter,
    ) -> (Self, EventReceiver) {
        let (queue, receiver) = DeliveryQueue::bounded(wanted.capacity);
        let rule = match wanted.policy {
            OverflowPolicy::Block | OverflowPolicy::DropNewest => Rule::DropNewest,
            OverflowPolicy::DropOldest => Rule::DropOldest,
            OverflowPolicy::CircuitBreak(config) => Rule::CircuitBreak(Breaker::new(config)),
        };
        let slot = Self {
            id: wanted.subscriber_id.clone(),
            matcher,
            filter,
            queue,
            rule,
            expects_all: wanted.policy == OverflowPolicy::Block,
            matched: 0,
            delivered: 0,
            dropped: 0,
        };
        (slot, receiver)
    }

    pub(super) fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// Offers an event on a matching topic, once. Returns whether the receiver is still there.
    pub(super) fn offer(&mut self, event: &Arc<BusEvent>) -> bool {
        if !self.wants(event) {
            return true;
        }
        self.matched += 1;
        if self.is_cut_off() {
            self.lose();
            return true;
        }
        self.push(Delivery { event: Arc::clone(event), position: self.matched })
    }

    fn wants(&self, event: &BusEvent) -> bool {
        self.filter.passes(&event.event)
            && (self.matcher.is_topic_only() || self.matcher.matches_attributes(event))
    }

    /// Whether a circuit is open, and stays so.
    fn is_cut_off(&mut self) -> bool {
        match &mut self.rule {
            Rule::CircuitBreak(breaker) if breaker.state() != BreakerState::Closed => {
                !breaker.allows(monotonic_ns())
            }
            _ => false,
        }
    }

    fn push(&mut self, delivery: Delivery) -> bool {
        let pushed = match self.rule {
            Rule::DropOldest => self.queue.push_displacing_oldest(delivery),
            Rule::DropNewest | Rule::CircuitBreak(_) => self.queue.try_push(delivery),
        };
        match pushed {
            Ok(pushed) => {
                // What is displaced was counted as delivered, and is so no longer.
                let counter =
                    if pushed.displaced { &mut self.dropped } else { &mut self.delivered };
                *counter += 1;
                if let Rule::CircuitBreak(breaker) = &mut self.rule {
                    breaker.succeeded();
                }
                pushed.wake();
                true
            }
            Err(PushError::Full(_)) => {
                if let Rule::CircuitBreak(breaker) = &mut self.rule {
                    breaker.failed(monotonic_ns());
                }
                self.lose();
                true
            }
            Err(PushError::Closed(_)) => {
                self.dropped += 1;
                false
            }
        }
    }

    fn lose(&mut self) {
        self.dropped += 1;
        self.queue.add_lagged(1);
        if std::mem::take(&mut self.expects_all) {
            tracing::warn!(subscriber = %self.id, "a full queue loses: this bus waits for nobody");
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        self.queue.is_closed()
    }

    /// Nothing more will come: the receiver drains, then ends.
    pub(super) fn end(&self) {
        self.queue.end();
    }

    pub(super) fn statistics(&self) -> SubscriptionStatistics {
        let breaker = match &self.rule {
            Rule::CircuitBreak(breaker) => breaker.state(),
            Rule::DropNewest | Rule::DropOldest => BreakerState::Closed,
        };
        SubscriptionStatistics {
            subscriber_id: self.id.clone(),
            matched: self.matched,
            delivered: self.delivered,
            dropped: self.dropped,
            queued: 0,
            breaker,
        }
    }
}
