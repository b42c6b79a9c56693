//! One subscription in the routing thread: who gets what, by which rule, and its figures
//! (C11, C12).

use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender, TrySendError};
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::contract::{Breaker, BreakerState, Delivery, Matcher};
use daemoneye_eventbus::{
    BusEvent, EventReceiver, EventSubscription, OverflowPolicy, SubscriptionStatistics,
};

use super::line::{Bell, line};

/// A subscription the routing thread owns.
pub(super) struct Slot {
    pub(super) id: String,
    matcher: Matcher,
    /// Events with this ticket or a lower one were published before the subscription (C2).
    after_ticket: u64,
    rule: Rule,
    /// The way to the receiver; `None` once the subscription has ended.
    sender: Option<Sender<Delivery>>,
    bell: Arc<Bell>,
    matched: u64,
    delivered: u64,
    dropped: u64,
    lagged: u64,
}

/// What to do at a full queue, with what that needs.
enum Rule {
    Block,
    DropNewest,
    /// Crossbeam channels have many receivers: this one takes the oldest event out.
    DropOldest(Receiver<Delivery>),
    CircuitBreak(Breaker),
}

/// How an offer ended.
pub(super) enum Offer {
    Delivered,
    /// Lost by policy.
    Dropped,
    /// The receiver is gone; the delivery is lost and not yet counted.
    Gone,
    /// No room, and the policy is to wait for it.
    Wait(Delivery),
}

impl Slot {
    /// A subscription of events after a ticket, and its receiver.
    pub(super) fn new(
        subscription: &EventSubscription,
        matcher: Matcher,
        after_ticket: u64,
    ) -> (Self, EventReceiver) {
        let (sender, bell, inbox) = line(subscription.capacity);
        let rule = match subscription.policy {
            OverflowPolicy::Block => Rule::Block,
            OverflowPolicy::DropNewest => Rule::DropNewest,
            OverflowPolicy::DropOldest => Rule::DropOldest(inbox.queue()),
            OverflowPolicy::CircuitBreak(config) => Rule::CircuitBreak(Breaker::new(config)),
        };
        let slot = Self {
            id: subscription.subscriber_id.clone(),
            matcher,
            after_ticket,
            rule,
            sender: Some(sender),
            bell,
            matched: 0,
            delivered: 0,
            dropped: 0,
            lagged: 0,
        };
        (slot, EventReceiver::new(inbox))
    }

    pub(super) fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// Whether an event on a matching topic is for this subscription; counts and numbers it.
    pub(super) fn claim(&mut self, event: &BusEvent) -> Option<u64> {
        let is_wanted = event.id.sequence > self.after_ticket
            && self.sender.is_some()
            && (self.matcher.is_topic_only() || self.matcher.matches_attributes(event));
        is_wanted.then(|| {
            self.matched += 1;
            self.matched
        })
    }

    /// Tries to hand a claimed event over, without waiting.
    pub(super) fn offer(&mut self, delivery: Delivery) -> Offer {
        if let Rule::CircuitBreak(breaker) = &mut self.rule
            && breaker.state() != BreakerState::Closed
            && !breaker.allows(monotonic_ns())
        {
            self.count_lost();
            return Offer::Dropped;
        }
        match self.push(delivery) {
            Ok(()) => {
                if let Rule::CircuitBreak(breaker) = &mut self.rule {
                    breaker.succeeded();
                }
                Offer::Delivered
            }
            Err(TrySendError::Disconnected(_)) => Offer::Gone,
            Err(TrySendError::Full(delivery)) => self.overflow(delivery),
        }
    }

    /// Sends and rings; counts only what got through.
    fn push(&mut self, delivery: Delivery) -> Result<(), TrySendError<Delivery>> {
        let Some(sender) = &self.sender else {
            return Err(TrySendError::Disconnected(delivery));
        };
        // The routing thread's own receiver keeps this channel connected.
        if matches!(self.rule, Rule::DropOldest(_)) && self.bell.is_gone() {
            return Err(TrySendError::Disconnected(delivery));
        }
        sender.try_send(delivery)?;
        self.count_delivered();
        Ok(())
    }

    fn overflow(&mut self, delivery: Delivery) -> Offer {
        match &mut self.rule {
            Rule::Block => return Offer::Wait(delivery),
            Rule::DropNewest => {}
            Rule::CircuitBreak(breaker) => breaker.failed(monotonic_ns()),
            Rule::DropOldest(queue) => {
                let displaced = queue.try_recv().is_ok();
                if displaced {
                    self.delivered -= 1;
                    self.count_lost();
                }
                // Only this thread sends, so there is room now.
                return match self.push(delivery) {
                    Ok(()) if displaced => Offer::Dropped,
                    Ok(()) => Offer::Delivered,
                    Err(_) => Offer::Gone,
                };
            }
        }
        self.count_lost();
        Offer::Dropped
    }

    /// The event is in the subscriber's queue.
    pub(super) fn count_delivered(&mut self) {
        self.delivered += 1;
        self.bell.ring();
    }

    /// An event was lost by policy.
    fn count_lost(&mut self) {
        self.dropped += 1;
        self.lagged += 1;
        self.bell.set_lagged(self.lagged);
    }

    /// An event was lost at the subscription's end, `times` as the bus counts it (V1).
    pub(super) fn count_dropped(&mut self, times: u64) {
        self.dropped += times;
    }

    /// The way to the receiver, unless the subscription has ended.
    pub(super) fn sender(&self) -> Option<&Sender<Delivery>> {
        self.sender.as_ref()
    }

    pub(super) fn is_gone(&self) -> bool {
        self.bell.is_gone()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.sender.is_none()
    }

    /// Nothing more will come: the receiver drains, then ends.
    pub(super) fn end(&mut self) {
        self.sender = None;
        self.bell.ring();
    }

    pub(super) fn statistics(&self) -> SubscriptionStatistics {
        let breaker = match &self.rule {
            Rule::CircuitBreak(breaker) => breaker.state(),
            _ => BreakerState::Closed,
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

impl Drop for Slot {
    fn drop(&mut self) {
        self.end();
    }
}
