//! The last events of each topic, for subscribers that come late and ask for them.
//!
//! Off unless the broker is told to: every event is then copied once more. What is kept has limits
//! in number, bytes and age; the oldest goes first.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::super::budget::Budget;
use super::super::config::Retention;
use super::super::publication::Publication;
use super::super::subscription::{Sink, Subscription};
use super::Hub;
use crate::clock::monotonic_ns;
use crate::contract::Delivery;
use crate::topic::Topic;
use crate::wire::{self, EventEnvelope};

/// Kept events, by the places of their topics.
#[derive(Debug, Default)]
pub(super) struct Retained {
    tails: Vec<VecDeque<Arc<Kept>>>,
    /// Place and number of all of them, oldest first; those that left their tail early are still here
    /// until they are many.
    all: VecDeque<(usize, u64)>,
    events: usize,
    bytes: usize,
    last_order: u64,
}

#[derive(Debug)]
struct Kept {
    /// Its number in the broker's order.
    order: u64,
    routed_ns: u64,
    /// The encoded envelope.
    bytes: Box<[u8]>,
}

/// Entries of events that left their tail, beyond as many as there are events, before they go.
const MAX_LEFT: usize = 1024;

impl Retained {
    /// Keeps an event on a topic of this place.
    fn keep(&mut self, limits: &Retention, place: usize, bytes: &[u8], now_ns: u64) {
        self.last_order += 1;
        let order = self.last_order;
        if self.tails.len() <= place {
            self.tails.resize_with(place + 1, VecDeque::new);
        }
        self.bytes += bytes.len();
        self.events += 1;
        self.tails[place].push_back(Arc::new(Kept {
            order,
            routed_ns: now_ns,
            bytes: bytes.into(),
        }));
        self.all.push_back((place, order));
        if self.tails[place].len() > limits.events_per_topic {
            self.drop_oldest(place);
        }
        self.forget(limits, now_ns);
    }

    fn drop_oldest(&mut self, place: usize) {
        if let Some(oldest) = self.tails[place].pop_front() {
            self.bytes -= oldest.bytes.len();
            self.events -= 1;
        }
    }

    /// Forgets what is too old or too much.
    fn forget(&mut self, limits: &Retention, now_ns: u64) {
        while let Some((place, order)) = self.all.front().copied() {
            if let Some(kept) = self.tails[place].front().filter(|kept| kept.order == order) {
                let age = Duration::from_nanos(now_ns.saturating_sub(kept.routed_ns));
                if age <= limits.age && self.bytes <= limits.bytes {
                    break;
                }
                self.drop_oldest(place);
            }
            self.all.pop_front();
        }
        if self.all.len() > 2 * self.events + MAX_LEFT {
            let tails = &self.tails;
            let is_there = |place: usize, order: u64| {
                tails[place].front().is_some_and(|oldest| oldest.order <= order)
            };
            self.all.retain(|(place, order)| is_there(*place, *order));
        }
    }

    /// The last so many events a subscription matches, oldest first.
    fn last(&self, wanted: &Subscription, events: usize) -> Vec<Arc<Kept>> {
        let matching = self.tails.iter().filter(|tail| is_for(wanted, tail));
        let newest = |tail: &VecDeque<Arc<Kept>>| {
            let passing = tail.iter().rev().filter(|kept| passes(wanted, &kept.bytes));
            passing.take(events).cloned().collect::<Vec<_>>()
        };
        let mut last: Vec<_> = matching.flat_map(newest).collect();
        last.sort_unstable_by_key(|kept| kept.order);
        last.drain(..last.len().saturating_sub(events));
        last
    }
}

/// What of these may be held back for a connection: the newest that there is room for.
fn within(mut last: Vec<Arc<Kept>>, budget: &Budget) -> Vec<Arc<Kept>> {
    let mut left = budget.left_bytes();
    let fits = |kept: &&Arc<Kept>| {
        let fits = kept.bytes.len() <= left;
        left = left.saturating_sub(kept.bytes.len());
        fits
    };
    let many = last.iter().rev().take_while(fits).count();
    last.split_off(last.len() - many)
}

/// Whether the topic of a tail matches.
fn is_for(wanted: &Subscription, tail: &VecDeque<Arc<Kept>>) -> bool {
    let envelope = tail.front().and_then(|kept| EventEnvelope::parse(&kept.bytes).ok());
    let topic = envelope.and_then(|envelope| std::str::from_utf8(envelope.topic).ok());
    let topic = topic.and_then(|topic| Topic::new(topic).ok());
    topic.is_some_and(|topic| wanted.matcher.matches_topic(&topic))
}

fn passes(wanted: &Subscription, bytes: &[u8]) -> bool {
    wanted.matcher.is_topic_only()
        || EventEnvelope::parse(bytes)
            .is_ok_and(|envelope| wanted.matcher.matches_attributes(&envelope))
}

impl Hub {
    /// Keeps an event for late subscribers, if that is asked for.
    pub(super) fn retain(&mut self, publication: &Publication<'_>, place: usize, now_ns: u64) {
        if let Some(limits) = &self.config.retention
            && super::seen_topics::is_counted_alone(place)
        {
            self.retained.keep(limits, place, publication.bytes(), now_ns);
        }
    }

    /// Puts the last events that were for a subscription before everything it will get.
    pub(super) fn replay(&mut self, subscription: &mut Subscription, events: usize) {
        let Some(limits) = self.config.retention.as_ref().filter(|_| events > 0) else { return };
        self.retained.forget(limits, monotonic_ns());
        let mut last = self.retained.last(subscription, events);
        if let Sink::Remote(remote) = &subscription.sink {
            last = within(last, &remote.budget);
        }
        for kept in last {
            subscription.position += 1;
            subscription.matched += 1;
            let position = subscription.position;
            match &mut subscription.sink {
                Sink::Remote(remote) => remote.hold_back(position, &kept.bytes),
                Sink::Local(queue) => {
                    let Ok((event, _)) = wire::decode_event(&kept.bytes.to_vec().into()) else {
                        queue.add_lagged(1);
                        subscription.dropped += 1;
                        self.dropped += 1;
                        continue;
                    };
                    // It is new: it has room for as many as may be asked for, and nobody waits yet.
                    let _ = queue.try_push(Delivery { event: Arc::new(event), position });
                    subscription.handed_over += 1;
                    self.handed_over += 1;
                }
                Sink::Parked(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Retention =
        Retention { events_per_topic: 3, bytes: 100, age: Duration::from_micros(1) };

    fn orders(retained: &Retained, place: usize) -> Vec<u64> {
        retained.tails[place].iter().map(|kept| kept.order).collect()
    }

    #[test]
    fn a_topic_keeps_its_last_events() {
        let mut retained = Retained::default();
        for _ in 0..5 {
            retained.keep(&LIMITS, 1, &[0; 10], 0);
        }
        retained.keep(&LIMITS, 2, &[0; 10], 0);
        assert_eq!((orders(&retained, 1), orders(&retained, 2)), (vec![3, 4, 5], vec![6]));
        assert_eq!(retained.bytes, 40, "what left its tail is forgotten");
    }

    #[test]
    fn the_oldest_goes_when_bytes_or_age_are_too_much() {
        let mut retained = Retained::default();
        retained.keep(&LIMITS, 1, &[0; 40], 0);
        retained.keep(&LIMITS, 2, &[0; 40], 500);
        retained.keep(&LIMITS, 1, &[0; 40], 500);
        assert_eq!((orders(&retained, 1), orders(&retained, 2)), (vec![3], vec![2]));
        assert_eq!(retained.bytes, 80);
        retained.forget(&LIMITS, 1_501);
        assert_eq!((retained.bytes, retained.events, retained.all.len()), (0, 0, 0));
    }

    #[test]
    fn a_busy_topic_costs_others_nothing() {
        let mut retained = Retained::default();
        retained.keep(&LIMITS, 1, &[0; 10], 0);
        for _ in 0..3 * MAX_LEFT {
            retained.keep(&LIMITS, 2, &[0; 10], 0);
        }
        assert_eq!((orders(&retained, 1), retained.bytes), (vec![1], 40));
        assert!(retained.all.len() <= 2 * retained.events + MAX_LEFT, "{}", retained.all.len());
    }
}
