//! One subscription as the reader keeps it, on one connection after the other.

use std::sync::Arc;

use super::link::Link;
use super::seen::Seen;
use super::standing::Standing;
use crate::contract::{BusEvent, Confirmation, Delivery, DeliveryQueue, EventSubscription, Lost};
use crate::wire::{self, proto};

/// A subscription whose receiver is in this process.
///
/// Positions are as its receiver counts: from 1, on and on. A broker that does not know the
/// subscription any more counts from 1 again; `offset` is what lies between.
pub(super) struct Subscribed {
    pub(super) subscription: EventSubscription,
    pub(super) queue: DeliveryQueue,
    pub(super) standing: Arc<Standing>,
    /// Gathered in this round; queued at its end, under one lock.
    gathered: Vec<Delivery>,
    /// Position of the last delivery.
    position: u64,
    offset: u64,
    /// Events received; what the position is ahead of it was lost.
    received: u64,
    /// Events known to be lost.
    lost: u64,
    /// Deliveries that came, whether or not somebody could use them: what the window counts.
    delivered: u64,
    /// Deliveries of this round that no consumer will take, so their credit is given back here.
    unusable: u64,
    /// Losses that were known when the broker began to count anew.
    lost_before: u64,
    /// Deliveries given back when a new connection said how things stand.
    given: u64,
    window: u64,
    seen: Seen,
}

impl Subscribed {
    pub(super) fn new(
        subscription: EventSubscription,
        queue: DeliveryQueue,
        standing: Arc<Standing>,
        window: u64,
    ) -> Self {
        Self {
            subscription,
            queue,
            standing,
            gathered: Vec::new(),
            position: 0,
            offset: 0,
            received: 0,
            lost: 0,
            delivered: 0,
            unusable: 0,
            lost_before: 0,
            given: 0,
            window,
            seen: Seen::default(),
        }
    }

    /// Takes in a delivery; `None` for an event nobody can read. Returns whether it is the first of
    /// this round.
    pub(super) fn gather(
        &mut self,
        event: Option<&(Arc<BusEvent>, Confirmation)>,
        as_counted: u64,
    ) -> bool {
        let is_first = self.gathered.is_empty() && self.unusable == 0;
        self.delivered += 1;
        let Some((event, confirmation)) = event else {
            self.position = as_counted.wrapping_add(self.offset);
            self.unusable += 1;
            return is_first;
        };
        let must_be_new = *confirmation != Confirmation::Fire;
        if must_be_new && !self.seen.is_new(&event.id, event.topic.lane()) {
            // It has no place among what the receiver counts; it is acknowledged after all before it.
            self.offset = self.offset.wrapping_sub(1);
            self.unusable += 1;
        } else {
            self.position = as_counted.wrapping_add(self.offset);
            self.received += 1;
            self.missing(self.position.saturating_sub(self.received));
            self.gathered.push(Delivery { event: Arc::clone(event), position: self.position });
        }
        if *confirmation == Confirmation::Delivered {
            self.standing.expect(self.position, as_counted);
        }
        is_first
    }

    /// So many of all events are missing; returns how many of them were not known to be.
    fn missing(&mut self, events: u64) -> u64 {
        let more = events.saturating_sub(self.lost);
        self.lost += more;
        if more > 0 {
            self.queue.raise_lagged(self.lost);
        }
        more
    }

    /// Hands over what was gathered in a round.
    pub(super) fn queue_gathered(&mut self, link: &Link) -> Result<(), String> {
        // A broker that keeps to its credit never sends more than the queue holds.
        if self.queue.len() + self.gathered.len() > self.subscription.capacity {
            return Err("the broker delivered more than it had credit for".to_owned());
        }
        self.queue.push_granted(&mut self.gathered);
        let unusable = std::mem::take(&mut self.unusable);
        if unusable == 0 {
            return Ok(());
        }
        link.give_credit(&self.standing, unusable);
        if self.queue.is_empty()
            && let Some((number, position)) = self.standing.taken(self.position)
        {
            link.acknowledge(&self.standing, number, position);
        }
        Ok(())
    }

    /// The broker says how many events were lost.
    pub(super) fn raise_lost(&self, lost: u64) {
        self.queue.raise_lagged(self.lost_before + lost);
    }

    /// The request that takes it up again on a new connection. From here on credit is not said but
    /// kept, until the reply is there.
    pub(super) fn resume(&mut self, request: u64) -> proto::SubscribeRequest {
        self.standing.broke();
        self.given = self.standing.given();
        let held = self.delivered - self.given;
        let resume = proto::Resume {
            position: self.position.wrapping_sub(self.offset),
            credit: self.window.saturating_sub(held),
        };
        let message = wire::subscription_to_wire(request, &self.subscription);
        // What came first the first time does not come again.
        proto::SubscribeRequest { resume: Some(resume), replay_last: 0, ..message }
    }

    /// It was taken up again under a new name.
    pub(super) fn resumed(&mut self, link: &Link, number: u32, resumed: Option<proto::Resumed>) {
        let resumed = resumed.unwrap_or_default();
        let lost = if resumed.known {
            let position = resumed.position.wrapping_add(self.offset);
            Lost::Exactly(self.missing(position.saturating_sub(self.received + resumed.again)))
        } else {
            self.offset = self.position;
            self.lost_before = self.queue.lagged();
            Lost::Unknown
        };
        let (acknowledged, given) = self.standing.resumed_as(number, resumed.known, lost);
        if given > self.given {
            link.give_kept_credit(number, given - self.given);
        }
        if acknowledged > 0 {
            link.acknowledge(&self.standing, number, acknowledged);
        }
        if self.queue.is_closed() {
            link.end_subscription(number);
        }
    }
}
