//! The ring and who reads it. A publish is one short critical section, in which an event gets its
//! number, its readers and its place; so there is one order for everybody (C5), and no event that
//! is not accounted for (C12).
//!
//! The channel hands events over, and the ring keeps the same ones beside it: they are what is
//! pushed out, what an ended subscription may still read, and what a new one may ask for
//! (`replay_last`). The channel rounds its capacity up, so that it never is the first to forget.

use std::collections::VecDeque;
use std::sync::Arc;

use bytestring::ByteString;
use daemoneye_eventbus::contract::{BreakerState, Delivery, Matcher};
use daemoneye_eventbus::{
    BusEvent, EventBusStatistics, EventId, EventSubscription, OverflowPolicy, SubscribeError,
    SubscriptionStatistics, UnsubscribeError,
};
use parking_lot::Mutex;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, broadcast};

use super::published::{Address, Published};
use super::standing::Standing;
use crate::draft::Draft;
use crate::routes::Routes;

/// Name of the publisher of all events of this bus: the agent's own process.
const PUBLISHER: &str = "local";

/// Shared by all handles; ends with the last of them.
pub(super) struct Ring {
    /// Held for one event, or one batch, by whoever publishes; never across an await.
    state: Mutex<State>,
    /// Told whenever a publisher that waits should look again.
    room: Arc<Notify>,
    has_backpressure: bool,
    subscriber_limit: usize,
}

struct State {
    channel: broadcast::Sender<Arc<Published>>,
    capacity: usize,
    /// The last events, oldest first, at most `capacity`.
    window: VecDeque<Arc<Published>>,
    /// In order of their keys.
    slots: Vec<Slot>,
    routes: Routes,
    /// Slots the current event goes to; kept for its memory.
    targets: Vec<usize>,
    publisher: ByteString,
    /// This bus's life; a random number.
    incarnation: u64,
    published: u64,
    next_key: u64,
    /// Figures of subscriptions that have ended.
    past: Past,
    closed: bool,
}

/// One subscription.
struct Slot {
    key: u64,
    id: String,
    matcher: Matcher,
    matched: u64,
    standing: Arc<Standing>,
}

#[derive(Default)]
struct Past {
    delivered: u64,
    dropped: u64,
}

/// Why an event was not taken.
pub(super) enum Refused {
    Closed,
    /// A subscription holds the oldest event; this one comes back.
    Held(Box<Draft>),
}

/// What a new subscription's receiver is made of.
pub(super) struct Admitted {
    pub(super) key: u64,
    /// Events it begins with.
    pub(super) replayed: VecDeque<Delivery>,
    pub(super) channel: broadcast::Receiver<Arc<Published>>,
    pub(super) standing: Arc<Standing>,
}

impl Ring {
    /// An empty ring of at least one event.
    pub(super) fn new(capacity: usize, subscriber_limit: usize, has_backpressure: bool) -> Self {
        let state = State {
            channel: broadcast::Sender::new(capacity),
            capacity,
            window: VecDeque::with_capacity(capacity),
            slots: Vec::new(),
            routes: Routes::default(),
            targets: Vec::new(),
            publisher: ByteString::from_static(PUBLISHER),
            incarnation: uuid::Uuid::new_v4().as_u64_pair().0,
            published: 0,
            next_key: 0,
            past: Past::default(),
            closed: false,
        };
        Self { state: Mutex::new(state), room: Arc::default(), has_backpressure, subscriber_limit }
    }

    /// Publishes an event, unless a subscription holds the oldest one.
    pub(super) fn offer(&self, draft: Draft) -> Result<(), Refused> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Refused::Closed);
        }
        if state.is_held() {
            return Err(Refused::Held(Box::new(draft)));
        }
        let published = state.publish(draft);
        drop(state);
        published.wake();
        Ok(())
    }

    /// Publishes events with nothing between them, whoever holds what they push out. Returns whether
    /// the bus was open.
    pub(super) fn push(&self, drafts: Vec<Draft>) -> bool {
        let mut state = self.state.lock();
        if state.closed {
            return false;
        }
        let published: Vec<_> = drafts.into_iter().map(|draft| state.publish(draft)).collect();
        drop(state);
        for one in published {
            one.wake();
        }
        true
    }

    /// The next time a publisher that waits should look again.
    pub(super) fn room(&self) -> Notified<'_> {
        self.room.notified()
    }

    /// Adds a subscription.
    pub(super) fn subscribe(
        &self,
        wanted: &EventSubscription,
        matcher: Matcher,
    ) -> Result<Admitted, SubscribeError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(SubscribeError::Closed);
        }
        let id = wanted.subscriber_id.clone();
        if state.slots.iter().any(|slot| slot.id == id) {
            return Err(SubscribeError::DuplicateId { id });
        }
        if state.slots.len() >= self.subscriber_limit {
            return Err(SubscribeError::LimitReached { limit: self.subscriber_limit });
        }
        let holds = self.has_backpressure && wanted.policy == OverflowPolicy::Block;
        let room = holds.then(|| Arc::clone(&self.room));
        Ok(state.admit(id, matcher, wanted.replay_last, room))
    }

    /// Ends the subscription of this id.
    pub(super) fn unsubscribe(&self, id: &str) -> Result<(), UnsubscribeError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(UnsubscribeError::Closed);
        }
        let Some(place) = state.slots.iter().position(|slot| slot.id == id) else {
            return Err(UnsubscribeError::Unknown { id: id.to_owned() });
        };
        let ended = state.end(place);
        drop(state);
        self.room.notify_waiters();
        ended.wake();
        Ok(())
    }

    /// The receiver of a subscription is gone (C10).
    pub(super) fn leave(&self, key: u64) {
        let mut state = self.state.lock();
        // Its subscription may have ended before.
        let place = state.slots.iter().position(|slot| slot.key == key);
        let ended = place.map(|place| state.end(place));
        drop(state);
        drop(ended);
        self.room.notify_waiters();
    }

    /// Refuses everything new and ends all subscriptions. What is in the ring for them is theirs.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let last = state.slots.len();
        let ended: Vec<_> = (0..last).rev().map(|place| state.end(place)).collect();
        let window = std::mem::take(&mut state.window);
        drop(state);
        drop(window);
        self.room.notify_waiters();
        for standing in ended {
            standing.wake();
        }
    }

    /// The figures, but for the time.
    pub(super) fn statistics(&self) -> EventBusStatistics {
        let state = self.state.lock();
        let mut subscriptions: Vec<_> = state.slots.iter().map(Slot::statistics).collect();
        let delivered: u64 = subscriptions.iter().map(|own| own.delivered).sum();
        let dropped: u64 = subscriptions.iter().map(|own| own.dropped).sum();
        subscriptions.sort_by(|a, b| a.subscriber_id.cmp(&b.subscriber_id));
        EventBusStatistics {
            events_published: state.published,
            events_delivered: state.past.delivered + delivered,
            events_dropped: state.past.dropped + dropped,
            active_subscribers: subscriptions.len(),
            subscriptions,
            ..EventBusStatistics::default()
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.close();
    }
}

impl State {
    /// Whether the next event would push one out that a subscription holds.
    fn is_held(&self) -> bool {
        self.window.len() >= self.capacity
            && self.window.front().is_some_and(|oldest| oldest.is_held())
    }

    fn publish(&mut self, draft: Draft) -> Arc<Published> {
        self.published += 1;
        let event = Arc::new(draft.numbered(EventId {
            publisher: self.publisher.clone(),
            incarnation: self.incarnation,
            sequence: self.published,
        }));
        let addresses = self.addresses(&event);
        let published = Arc::new(Published { event, addresses });
        // Before the channel forgets it, so that a receiver finds settled what it cannot find.
        if self.window.len() >= self.capacity
            && let Some(oldest) = self.window.pop_front()
        {
            oldest.push_out();
        }
        self.window.push_back(Arc::clone(&published));
        // Refused when nobody listens, which is no failure (C7).
        let _ = self.channel.send(Arc::clone(&published));
        published
    }

    /// Numbers an event for each subscription it matches.
    fn addresses(&mut self, event: &BusEvent) -> Vec<Address> {
        let mut targets = std::mem::take(&mut self.targets);
        self.routes.find(&event.topic, self.slots.iter().map(|slot| &slot.matcher), &mut targets);
        let mut addresses = Vec::with_capacity(targets.len());
        for place in targets.drain(..) {
            addresses.extend(self.slots[place].claim(event));
        }
        self.targets = targets;
        addresses
    }

    fn admit(
        &mut self,
        id: String,
        matcher: Matcher,
        replay_last: usize,
        room: Option<Arc<Notify>>,
    ) -> Admitted {
        let replayed = self.last_of(&matcher, replay_last);
        let matched = replayed.len() as u64;
        let standing = Arc::new(Standing::after(matched, room));
        let key = self.next_key;
        self.next_key += 1;
        self.slots.push(Slot { key, id, matcher, matched, standing: Arc::clone(&standing) });
        self.routes.forget();
        Admitted { key, replayed, channel: self.channel.subscribe(), standing }
    }

    /// The last events in the ring that match, at most so many, numbered from 1.
    fn last_of(&self, matcher: &Matcher, most: usize) -> VecDeque<Delivery> {
        let events = self.window.iter().rev().map(|published| &published.event);
        let matching = events.filter(|event| {
            matcher.matches_topic(&event.topic) && matcher.matches_attributes(&***event)
        });
        let mut last: Vec<Arc<BusEvent>> = matching.take(most).cloned().collect();
        last.reverse();
        (1..).zip(last).map(|(position, event)| Delivery { event, position }).collect()
    }

    /// Ends the subscription in a place. What is in the ring for it was handed over.
    fn end(&mut self, place: usize) -> Arc<Standing> {
        let slot = self.slots.remove(place);
        self.routes.forget();
        let window = &self.window;
        slot.standing.end(slot.matched, |settled| {
            let own = window.iter().filter_map(|published| published.delivery_to(slot.key));
            own.filter(|delivery| delivery.position > settled).collect()
        });
        let lost = slot.standing.lost();
        self.past.delivered += slot.matched - lost;
        self.past.dropped += lost;
        slot.standing
    }
}

impl Slot {
    /// Numbers an event on a matching topic, if it is for this subscription.
    fn claim(&mut self, event: &BusEvent) -> Option<Address> {
        if !self.matcher.is_topic_only() && !self.matcher.matches_attributes(event) {
            return None;
        }
        self.matched += 1;
        let standing = Arc::clone(&self.standing);
        Some(Address { key: self.key, position: self.matched, standing })
    }

    fn statistics(&self) -> SubscriptionStatistics {
        let (delivered, dropped) = (self.standing.received(), self.standing.lost());
        SubscriptionStatistics {
            subscriber_id: self.id.clone(),
            matched: self.matched,
            delivered,
            dropped,
            queued: self.matched - delivered - dropped,
            breaker: BreakerState::Closed,
        }
    }
}
