//! Handing an event to the subscriptions it matched, each by its policy (C11, C12).
//!
//! For every match exactly one of three counters moves: delivered, dropped, or queued. An event for
//! a receiver behind a connection is queued until the last byte of its frame is in the socket; what
//! is not there when the connection ends is dropped.

use std::sync::Arc;
use std::task::Waker;

use super::super::publication::Publication;
use super::super::subscription::{Remote, Sink, Subscription};
use super::confirming::Tracked;
use super::{Hub, Key, live_mut};
use crate::clock::monotonic_ns;
use crate::contract::{BusEvent, Delivery, DeliveryQueue, OverflowPolicy, PushError};
use crate::hops::{Hop, HopStamp};
use crate::topic::Lane;
use crate::wire::{proto, proto::frame::Body};

/// What became of one event for one subscription.
enum Outcome {
    HandedOver,
    Queued,
    Dropped,
    /// Taken, and so many older events were lost for it.
    Displaced(u64),
    /// The receiver is gone; the event is lost and the subscription ends.
    Gone,
    /// Nobody has the subscription now; it is counted if somebody comes back for it.
    Missed,
}

/// What happens to events held back for a subscription that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Leftovers {
    /// They are handed over: the receiver is still there.
    HandOver,
    /// They are lost and counted: the receiver is gone.
    Lose,
}

impl Hub {
    /// Hands an event to everything in `matched`.
    pub(super) fn deliver(
        &mut self,
        publication: &Publication<'_>,
        now_ns: u64,
        mut tracked: Option<&mut Tracked>,
    ) {
        self.note_routed(publication);
        let matched = std::mem::take(&mut self.matched);
        let mut gone: Vec<Key> = Vec::new();
        let lane = publication.lane();
        for key in &matched {
            let outcome = self.offer(*key, publication, lane, now_ns);
            if let Some(tracked) = tracked.as_deref_mut() {
                self.follow(*key, &outcome, tracked);
            }
            match outcome {
                Outcome::HandedOver => self.count(*key, 1, 0),
                Outcome::Queued | Outcome::Missed => {}
                Outcome::Dropped => self.count(*key, 0, 1),
                Outcome::Displaced(older) => self.count(*key, 0, older),
                Outcome::Gone => {
                    self.count(*key, 0, 1);
                    gone.push(*key);
                }
            }
        }
        for connection in self.staged.drain(..) {
            if let Some(peer) = self.connections.touch(connection) {
                for lane in Lane::ALL {
                    let targets = &mut peer.targets[lane];
                    if !targets.is_empty() {
                        peer.outbox.deliver(lane, targets, publication.bytes());
                        targets.clear();
                    }
                }
            }
        }
        for key in gone {
            self.remove(key, Leftovers::Lose);
        }
        self.matched = matched;
    }

    /// Before the first has it: a receiver of this process may take it at once.
    fn note_routed(&self, publication: &Publication<'_>) {
        if let Some(log) = &self.config.hops {
            let (incarnation, sequence) = publication.number();
            let (hop, receiver) = (Hop::Route, 0);
            log.note(HopStamp { hop, incarnation, sequence, receiver, at_ns: monotonic_ns() });
        }
    }

    /// Notes what a subscription owes for an event somebody waits for.
    fn follow(&mut self, key: Key, outcome: &Outcome, tracked: &mut Tracked) {
        let subscription = live_mut(&mut self.subscriptions, key);
        if !subscription.acknowledges {
            return;
        }
        match outcome {
            Outcome::HandedOver | Outcome::Queued => {
                let owed = tracked.on_its_way(subscription.position);
                subscription.owed.extend(owed);
            }
            _ if subscription.counts_as_lost(tracked.published_ns) => tracked.lost(),
            _ => {}
        }
    }

    fn count(&mut self, key: Key, handed_over: u64, dropped: u64) {
        let subscription = live_mut(&mut self.subscriptions, key);
        subscription.handed_over += handed_over;
        subscription.dropped += dropped;
        self.handed_over += handed_over;
        self.dropped += dropped;
    }

    fn offer(
        &mut self,
        key: Key,
        publication: &Publication<'_>,
        lane: Lane,
        now_ns: u64,
    ) -> Outcome {
        let subscription = live_mut(&mut self.subscriptions, key);
        subscription.position += 1;
        if let Sink::Parked(_) = &subscription.sink {
            return Outcome::Missed;
        }
        subscription.matched += 1;
        let place = Place {
            position: subscription.position,
            policy: subscription.policy,
            lane,
            reserve: subscription.reserve(lane),
            is_prompt: subscription.capacity < PROMPT_BELOW_EVENTS,
        };
        let is_refused =
            subscription.breaker.as_mut().is_some_and(|breaker| !breaker.allows(now_ns));
        let outcome = match &mut subscription.sink {
            Sink::Parked(_) => Outcome::Missed,
            Sink::Local(queue) if is_refused => {
                queue.add_lagged(1);
                return Outcome::Dropped;
            }
            Sink::Remote(_) if is_refused => return Outcome::Dropped,
            Sink::Local(queue) => {
                let event = publication.event(&mut self.decoder);
                offer_local(queue, place, event, &mut self.sleepers)
            }
            Sink::Remote(remote) => {
                let (connection, lane) = (remote.connection, subscription.lane);
                if remote.may_send(self.connections.must_hold_back(connection, lane)) {
                    remote.credit -= 1;
                    if let Some(peer) = self.connections.touch(connection) {
                        if peer.targets.events.is_empty() && peer.targets.control.is_empty() {
                            self.staged.push(connection);
                        }
                        remote.underway.add(peer.outbox.turn(), 1);
                        peer.targets[lane].push((remote.number, place.position));
                    }
                    Outcome::HandedOver
                } else {
                    hold_back(remote, place, publication)
                }
            }
        };
        if let Some(breaker) = &mut subscription.breaker {
            match outcome {
                Outcome::Dropped => breaker.failed(now_ns),
                _ => breaker.succeeded(),
            }
        }
        outcome
    }

    /// Sends what was held back for a subscription, as far as credit and outbox allow.
    pub(super) fn send_backlog(&mut self, key: Key) {
        let Some(subscription) = &mut self.subscriptions[key as usize] else { return };
        let lane = subscription.lane;
        let Sink::Remote(remote) = &mut subscription.sink else { return };
        let mut sent = 0;
        while remote.credit > 0 {
            if self.connections.must_hold_back(remote.connection, lane) {
                break;
            }
            let Some((position, bytes)) = remote.take_oldest() else { break };
            remote.credit -= 1;
            sent += 1;
            if let Some(peer) = self.connections.touch(remote.connection) {
                peer.outbox.deliver(lane, &[(remote.number, position)], &bytes);
                remote.underway.add(peer.outbox.turn(), 1);
            }
        }
        remote.room.notify_waiters();
        self.count(key, sent, 0);
    }

    /// Tells a client of losses it cannot see as gaps yet.
    pub(super) fn report_losses(&mut self, key: Key) {
        let Some(subscription) = &mut self.subscriptions[key as usize] else { return };
        let lost = subscription.lost();
        let Sink::Remote(remote) = &mut subscription.sink else { return };
        if remote.reported_lost != lost {
            remote.reported_lost = lost;
            let lagged = proto::Lagged { subscription: remote.number, lost };
            let connection = remote.connection;
            self.send(connection, Body::Lagged(lagged));
        }
    }

    /// Ends the delivery to a subscription that was just taken out.
    pub(super) fn end_delivery(&mut self, subscription: &mut Subscription, leftovers: Leftovers) {
        let remote = match &mut subscription.sink {
            Sink::Local(queue) => return queue.end(),
            Sink::Parked(parked) => return parked.room.notify_waiters(),
            Sink::Remote(remote) => remote,
        };
        let mut handed_over = 0;
        let mut lost = 0;
        while let Some((position, bytes)) = remote.take_oldest() {
            match self.connections.touch(remote.connection) {
                Some(peer) if leftovers == Leftovers::HandOver => {
                    peer.outbox.deliver(subscription.lane, &[(remote.number, position)], &bytes);
                    handed_over += 1;
                }
                _ => lost += 1,
            }
        }
        self.handed_over += handed_over;
        self.dropped += lost;
        remote.room.notify_waiters();
        self.numbers.remove(&remote.number);
        let connection = remote.connection;
        subscription.handed_over += handed_over;
        subscription.dropped += lost;
        let (handed_over, dropped) = (subscription.handed_over, subscription.dropped);
        self.connections.keep_counters(connection, handed_over, dropped);
    }

    /// Tells the client of a subscription that has ended.
    pub(super) fn say_ended(&mut self, subscription: &Subscription) {
        if let Sink::Remote(remote) = &subscription.sink {
            let ended = proto::Ended { subscription: remote.number, lost: subscription.lost() };
            self.send_in(remote.connection, subscription.lane, Body::Ended(ended));
        }
    }
}

/// Below so many events of capacity a receiver in this process is woken for each: what one round
/// brings would fill its queue while it sleeps.
const PROMPT_BELOW_EVENTS: usize = 512;

/// Where in a subscription an event comes.
#[derive(Clone, Copy)]
struct Place {
    position: u64,
    policy: OverflowPolicy,
    /// The event's own.
    lane: Lane,
    /// Events that are held beyond the capacity for it.
    reserve: usize,
    /// Whether its receiver is woken before the round ends.
    is_prompt: bool,
}

fn offer_local(
    queue: &DeliveryQueue,
    place: Place,
    event: Option<Arc<BusEvent>>,
    sleepers: &mut Vec<Waker>,
) -> Outcome {
    let Some(event) = event else {
        // Bytes from a socket whose payload nobody can read: lost, and visible as such.
        queue.add_lagged(1);
        return Outcome::Dropped;
    };
    let delivery = Delivery { event, position: place.position };
    let pushed = match place.policy {
        OverflowPolicy::DropOldest => queue.push_displacing_oldest(delivery),
        _ => queue.try_push_beyond(delivery, place.reserve),
    };
    match pushed {
        Ok(pushed) => {
            let displaced = pushed.displaced;
            if place.is_prompt {
                pushed.wake();
            } else {
                sleepers.extend(pushed.sleeper);
            }
            if displaced { Outcome::Displaced(1) } else { Outcome::HandedOver }
        }
        Err(PushError::Closed(_)) => Outcome::Gone,
        Err(PushError::Full(_)) => {
            queue.add_lagged(1);
            Outcome::Dropped
        }
    }
}

fn hold_back(remote: &mut Remote, place: Place, publication: &Publication<'_>) -> Outcome {
    let is_full = |remote: &Remote| remote.lacks_room(place.lane, place.reserve).is_some();
    if !is_full(remote) {
        remote.hold_back(place.position, publication.bytes());
        return Outcome::Queued;
    }
    if place.policy != OverflowPolicy::DropOldest || remote.backlog.is_empty() {
        return Outcome::Dropped;
    }
    // One large event may need the room of many small ones.
    let mut older = 0;
    while is_full(remote) && remote.take_oldest().is_some() {
        older += 1;
    }
    if is_full(remote) {
        // Others of its connection have the rest: it is lost with those before it.
        return Outcome::Displaced(older + 1);
    }
    remote.hold_back(place.position, publication.bytes());
    Outcome::Displaced(older)
}
