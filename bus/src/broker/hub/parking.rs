//! Subscriptions whose connection broke: they wait for their client to come back (W5, W6).
//!
//! A parked subscription is nobody's: it has no id, no counters, and holds nobody up but those who
//! wait for `delivered`. It keeps its place in the routes, to count what it misses.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytestring::ByteString;

use super::super::subscription::{Life, Owner, Parked, Sink, Subscription};
use super::connections::Peer;
use super::deliver::Leftovers;
use super::replies::is_of_replies;
use super::{Hub, Key, live};
use crate::broker::Journaling;
use crate::clock::monotonic_ns;
use crate::contract::{EventSubscription, Matcher};

/// How often it is looked within a stall limit for who acknowledges nothing.
const LOOKS: u32 = 4;
/// But no more often than this.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);

/// What is taken up again.
#[derive(Debug)]
pub(super) struct Unparked {
    subscription: Subscription,
    since: Option<u64>,
}

/// What the time between has cost a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Missed {
    /// Whether it was still known.
    pub(in super::super) known: bool,
    /// Position of the last match before it was taken up again.
    pub(in super::super) position: u64,
    /// Events up to there that are delivered again.
    pub(in super::super) again: u64,
}

impl Missed {
    /// Of a subscription nobody knows.
    pub(super) const UNKNOWN: Self = Self { known: false, position: 0, again: 0 };
}

impl Hub {
    /// Parks the subscriptions of a connection that broke, in case its client returns.
    pub(in super::super) fn park_owner(&mut self, connection: u32) {
        let until = Instant::now() + self.config.recovery_window;
        let Some(life) = self.connections.get(connection).map(Peer::life) else {
            return;
        };
        for key in self.keys_of(Owner::Connection(connection)) {
            if self.parked.len() >= self.config.subscriber_limit {
                self.remove(key, Leftovers::Lose);
            } else {
                self.park(key, life.clone(), until);
            }
        }
        self.publishers.gone(connection, until);
        self.expiry_changed.notify_one();
    }

    fn park(&mut self, key: Key, life: Life, until: Instant) {
        let mut subscription = self.take(key);
        self.by_id.remove(&subscription.id);
        self.end_delivery(&mut subscription, Leftovers::Lose);
        subscription.owner = Owner::Nobody;
        subscription.sink = Sink::Parked(Parked {
            life,
            until,
            expired_ns: None,
            since: Some(subscription.position),
            room: Arc::default(),
        });
        self.parked.insert(subscription.id.clone(), key);
        self.subscriptions[key as usize] = Some(subscription);
    }

    /// Writes subscriptions down from now on, and parks those that an earlier broker had.
    pub(in super::super) fn remember(
        &mut self,
        journal: Journaling,
        known: Vec<(Life, EventSubscription)>,
        until: Instant,
    ) {
        for (life, wanted) in known {
            // What this version does not understand is not waited for.
            let Ok(matcher) = Matcher::compile(&wanted) else { continue };
            let parked =
                Parked { life, until, expired_ns: None, since: None, room: Arc::default() };
            let mut subscription =
                Subscription::new(&wanted, matcher, Owner::Nobody, Sink::Parked(parked));
            subscription.acknowledges = true;
            let key = self.place_in_routes(subscription);
            self.parked.insert(wanted.subscriber_id, key);
        }
        self.journal = journal;
        self.expiry_changed.notify_one();
    }

    /// Takes out what was parked under an id, for its client to go on with.
    pub(super) fn unpark(&mut self, id: &str, life: &Life) -> Option<Unparked> {
        let key = *self.parked.get(id)?;
        let parked = self.parked_at(key)?;
        if parked.life != *life {
            return None;
        }
        let (since, room) = (parked.since, Arc::clone(&parked.room));
        self.parked.remove(id);
        let subscription = self.take_out(key);
        room.notify_waiters();
        Some(Unparked { subscription, since })
    }

    /// Whether an id waits for a client of another name to come back.
    pub(super) fn is_kept_for_another(&self, id: &str, name: Option<&ByteString>) -> bool {
        let Some(key) = self.parked.get(id) else { return false };
        self.parked_at(*key)
            .is_some_and(|parked| parked.expired_ns.is_none() && name != Some(&parked.life.0))
    }

    /// Ends what is parked under an id: somebody else has the id now, or nobody wants it.
    pub(super) fn end_parked(&mut self, id: &str) {
        let Some(key) = self.parked.remove(id) else { return };
        let subscription = self.take_out(key);
        if let Sink::Parked(parked) = &subscription.sink {
            parked.room.notify_waiters();
        }
        self.journal.with(|journal| journal.ended(id));
        self.settle_all(subscription.owed, true);
    }

    /// Ends what is parked under an id if it belongs to this life of a client.
    pub(super) fn end_own_parked(&mut self, id: &str, life: &Life) -> bool {
        let own = self.unpark(id, life);
        if let Some(Unparked { subscription, .. }) = own {
            self.journal.with(|journal| journal.ended(id));
            self.settle_all(subscription.owed, false);
            return true;
        }
        false
    }

    /// Ends all that is parked.
    pub(super) fn end_all_parked(&mut self) {
        let ids: Vec<_> = self.parked.keys().cloned().collect();
        for id in ids {
            self.end_parked(&id);
        }
    }

    /// Gives up what nobody came back for in time.
    pub(in super::super) fn expire(&mut self, now: Instant) {
        let is_over = |key: &Key| self.parked_at(*key).is_some_and(|parked| parked.until <= now);
        let over = self.parked.iter().filter(|(_, key)| is_over(key));
        let over: Vec<_> = over.map(|(id, key)| (id.clone(), *key)).collect();
        for (id, key) in over {
            if self.has_expired(key) {
                self.end_parked(&id);
            } else {
                self.give_up(key, now);
            }
        }
        self.publishers.give_up(now);
        self.give_up_silent(now);
        self.flush();
    }

    /// Subscriptions that wait for their client to come back.
    pub(super) fn waiting_for_return(&self) -> u64 {
        self.parked.values().filter(|key| !self.has_expired(**key)).count() as u64
    }

    fn has_expired(&self, key: Key) -> bool {
        self.parked_at(key).is_some_and(|parked| parked.expired_ns.is_some())
    }

    fn parked_at(&self, key: Key) -> Option<&Parked> {
        match &live(&self.subscriptions, key).sink {
            Sink::Parked(parked) => Some(parked),
            Sink::Local(_) | Sink::Remote(_) => None,
        }
    }

    /// Nobody need wait for a subscription any more. It is remembered for a while: what had waited
    /// for it is lost to it, and its publishers are told so.
    fn give_up(&mut self, key: Key, now: Instant) {
        let window = self.config.recovery_window;
        let Some(subscription) = self.subscriptions[key as usize].as_mut() else { return };
        let Sink::Parked(parked) = &mut subscription.sink else { return };
        let (id, patterns) = (&subscription.id, subscription.matcher.patterns());
        // Who asks has an address for each of its lives: with the life it is of no use to anybody.
        if patterns.iter().all(is_of_replies) {
            tracing::debug!(id, "nobody came back for replies");
        } else {
            tracing::warn!(id, "nobody came back for a subscription; it has expired");
        }
        parked.expired_ns = Some(monotonic_ns());
        parked.until = now + window;
        parked.room.notify_waiters();
        self.sessions_expired += 1;
        self.journal.with(|journal| journal.ended(&subscription.id));
        let owed = std::mem::take(&mut subscription.owed);
        self.settle_all(owed, true);
    }

    /// When something expires next.
    pub(in super::super) fn next_expiry(&self) -> Option<Instant> {
        let parked = self.parked.values().filter_map(|key| self.parked_at(*key));
        let parked = parked.map(|parked| parked.until);
        let pause = (self.config.stall_limit / LOOKS).max(SHORTEST_PAUSE);
        let look = self.publishers.is_watched.then(|| Instant::now() + pause);
        parked.chain(self.publishers.given_up_at()).chain(look).min()
    }

    /// Goes on with what was parked, as a subscription that is about to begin: its counters, its
    /// position, and what it owes. Events it owes that its client has not received are delivered
    /// again.
    pub(super) fn go_on(
        &mut self,
        unparked: Unparked,
        subscription: &mut Subscription,
        received: u64,
    ) -> Missed {
        let Unparked { subscription: before, since } = unparked;
        let Some(since) = since else {
            return Missed::UNKNOWN;
        };
        let missed = before.position - since;
        subscription.position = before.position;
        subscription.matched = before.matched + missed;
        subscription.handed_over = before.handed_over;
        subscription.dropped = before.dropped + missed;
        subscription.recovered = before.recovered;
        self.dropped += missed;
        let again = self.hold_back_again(&before, subscription, received);
        subscription.owed = before.owed;
        Missed { known: true, position: before.position, again }
    }

    /// Holds back what a client has not received and still owes; how many events that are.
    fn hold_back_again(
        &self,
        before: &Subscription,
        subscription: &mut Subscription,
        received: u64,
    ) -> u64 {
        let Sink::Remote(remote) = &mut subscription.sink else { return 0 };
        let mut again = 0;
        for owed in before.owed.iter().filter(|owed| owed.position > received) {
            if let Some(bytes) = self.publishers.bytes(*owed) {
                remote.hold_back(owed.position, &bytes);
                again += 1;
            }
        }
        // They match once more: what became of them the first time was counted.
        subscription.matched += again;
        subscription.recovered += again;
        again
    }

    /// Ends the connections that this life of a client still has. What was read of them and waits for
    /// its turn is sent again, or counted as lost by the client; here it is forgotten. Returns whether
    /// there is one.
    pub(in super::super) fn supersede(&mut self, life: &Life) -> bool {
        let same = self.connections.peers().filter(|(_, peer)| peer.life() == *life);
        let same: Vec<u32> = same.map(|(key, _)| key).collect();
        for connection in &same {
            if let Some(peer) = self.connections.get_mut(*connection) {
                peer.supersede();
            }
        }
        !same.is_empty()
    }

    /// Whether the client of a connection has come back on another one.
    pub(in super::super) fn is_superseded(&self, connection: u32) -> bool {
        self.connections.get(connection).is_some_and(Peer::is_superseded)
    }
}
