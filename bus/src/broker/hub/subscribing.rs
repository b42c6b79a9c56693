//! Subscriptions that begin and end.

use std::sync::Arc;

use bytestring::ByteString;

use super::super::budget::Budget;
use super::super::subscription::{Owner, Remote, Sink, Subscription};
use super::connecting::share_of_observers;
use super::connections::Peer;
use super::deliver::Leftovers;
use super::parking::Missed;
use super::replies::is_of_replies;
use super::{Hub, Key, live};
use crate::acl::{Access, Role};
use crate::contract::{
    DeliveryQueue, EventReceiver, EventSubscription, Matcher, OverflowPolicy, SubscribeError,
    UnsubscribeError,
};
use crate::topic::Lane;

/// What a client asks for.
#[derive(Debug)]
pub(in super::super) struct Asked {
    pub(in super::super) subscription: EventSubscription,
    /// Whether it says what its consumer has taken.
    pub(in super::super) acknowledges: bool,
    /// To go on with a subscription of an earlier connection.
    pub(in super::super) resume: Option<Resume>,
}

/// How things stand at a client that comes back.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Resume {
    /// The last position it has received.
    pub(in super::super) position: u64,
    /// Deliveries it has room for.
    pub(in super::super) credit: u64,
}

/// A subscription that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Begun {
    /// Its name on the wire.
    pub(in super::super) number: u32,
    /// The lane its reply belongs to, so that nothing is delivered before it.
    pub(in super::super) lane: Lane,
    /// What the time between has cost one that goes on.
    pub(in super::super) missed: Option<Missed>,
}

impl Hub {
    /// Subscribes a receiver in this process.
    pub(in super::super) fn subscribe_local(
        &mut self,
        subscription: &EventSubscription,
        handle: u64,
    ) -> Result<EventReceiver, SubscribeError> {
        let matcher = self.admit(subscription, None, None)?;
        self.end_parked(&subscription.subscriber_id);
        let (queue, receiver) = DeliveryQueue::bounded(subscription.capacity);
        let (owner, sink) = (Owner::Handle(handle), Sink::Local(queue));
        let mut begun = Subscription::new(subscription, matcher, owner, sink);
        self.replay(&mut begun, subscription.replay_last);
        self.insert(begun);
        Ok(receiver)
    }

    /// Subscribes a receiver behind a connection. What comes before all else follows with
    /// [`begin_delivery`](Self::begin_delivery).
    pub(in super::super) fn subscribe_remote(
        &mut self,
        asked: &Asked,
        connection: u32,
        access: &Access,
    ) -> Result<Begun, SubscribeError> {
        let Asked { subscription: wanted, acknowledges, resume } = asked;
        let name = self.connections.get(connection).map(|peer| peer.name.clone());
        let matcher = self.admit(wanted, Some(access), name.as_ref())?;
        let budget = self.share_of(connection)?;
        self.last_number = self.last_number.wrapping_add(1);
        let number = self.last_number;
        let mut remote = Remote::new(connection, number, wanted.capacity, budget);
        if let Some(resume) = resume {
            remote.credit = resume.credit.min(remote.credit);
        }
        let owner = Owner::Connection(connection);
        // Publishers wait for an agent alone: not for whoever is told what to do, and who answers not
        // for who asked (W9), nor anybody for an observer (W6).
        let may_hold_up_nobody =
            access.role() != Role::Agent || matcher.patterns().iter().all(is_of_replies);
        let mut subscription = Subscription::new(wanted, matcher, owner, Sink::Remote(remote));
        subscription.is_observers = access.role() == Role::Observer;
        let lane = subscription.lane;
        if may_hold_up_nobody && subscription.policy == OverflowPolicy::Block {
            subscription.policy = OverflowPolicy::DropNewest;
        }
        subscription.acknowledges = *acknowledges && subscription.policy == OverflowPolicy::Block;
        let missed =
            resume.as_ref().map(|resume| self.take_up(&mut subscription, connection, resume));
        self.end_parked(&wanted.subscriber_id);
        self.replay(&mut subscription, wanted.replay_last);
        if subscription.acknowledges
            && let Some(peer) = self.connections.get(connection).filter(|peer| peer.returns)
        {
            let life = peer.life();
            self.journal.with(|journal| journal.subscribed(&life, wanted));
        }
        let key = self.insert(subscription);
        self.numbers.insert(number, key);
        Ok(Begun { number, lane, missed })
    }

    /// A share of what a connection may have held back, for one more subscription.
    fn share_of(&self, connection: u32) -> Result<Arc<Budget>, SubscribeError> {
        let limit = self.config.connection_subscriber_limit;
        let budget = self.connections.get(connection).map(|peer| &peer.budget);
        let budget = budget.ok_or(SubscribeError::Closed)?;
        if budget.sharers() >= limit {
            return Err(SubscribeError::LimitReached { limit });
        }
        Ok(Arc::clone(budget))
    }

    fn take_up(
        &mut self,
        subscription: &mut Subscription,
        connection: u32,
        resume: &Resume,
    ) -> Missed {
        let life = self.connections.get(connection).map(Peer::life);
        let unparked = life.and_then(|life| self.unpark(&subscription.id, &life));
        match unparked {
            Some(unparked) => self.go_on(unparked, subscription, resume.position),
            None => Missed::UNKNOWN,
        }
    }

    /// Delivers what comes before all else: the last events, where they were asked for, and what a
    /// subscription that goes on has not received and still owes.
    pub(in super::super) fn begin_delivery(&mut self, number: u32) {
        if let Some(&key) = self.numbers.get(&number) {
            self.send_backlog(key);
        }
    }

    /// A subscription that may be: asked for rightly, by somebody who may, under a free id, within
    /// the limit. Who is in this process need not ask.
    fn admit(
        &mut self,
        subscription: &EventSubscription,
        access: Option<&Access>,
        name: Option<&ByteString>,
    ) -> Result<Matcher, SubscribeError> {
        if self.closed {
            return Err(SubscribeError::Closed);
        }
        let matcher = Matcher::compile(subscription)?;
        if let Some(denial) = access.and_then(|access| access.refuses(matcher.patterns())) {
            return Err(SubscribeError::Denied(denial));
        }
        let is_observer = access.is_some_and(|access| access.role() == Role::Observer);
        if self.by_id.contains_key(&subscription.subscriber_id) {
            self.remove_abandoned();
        }
        if !is_observer {
            self.take_from_observer(&subscription.subscriber_id);
        }
        let is_taken = self.by_id.contains_key(&subscription.subscriber_id)
            || self.is_kept_for_another(&subscription.subscriber_id, name);
        if is_taken {
            return Err(SubscribeError::DuplicateId { id: subscription.subscriber_id.clone() });
        }
        if self.by_id.len() >= self.config.subscriber_limit {
            self.remove_abandoned();
        }
        if self.by_id.len() >= self.config.subscriber_limit {
            return Err(SubscribeError::LimitReached { limit: self.config.subscriber_limit });
        }
        let share = share_of_observers(self.config.subscriber_limit);
        if is_observer && self.by_id.len() >= share && self.of_observers() >= share {
            return Err(SubscribeError::LimitReached { limit: share });
        }
        Ok(matcher)
    }

    /// An observer gives up an id that somebody wants who works here: nobody is kept from working by
    /// whoever was there first (C9).
    fn take_from_observer(&mut self, id: &str) {
        if let Some(&key) = self.by_id.get(id)
            && live(&self.subscriptions, key).is_observers
        {
            self.remove(key, Leftovers::HandOver);
        }
        if let Some(&key) = self.parked.get(id)
            && live(&self.subscriptions, key).is_observers
        {
            self.end_parked(id);
        }
    }

    fn of_observers(&self) -> usize {
        self.subscriptions.iter().flatten().filter(|own| own.is_observers).count()
    }

    fn insert(&mut self, subscription: Subscription) -> Key {
        let id = subscription.id.clone();
        let key = self.place_in_routes(subscription);
        self.by_id.insert(id, key);
        key
    }

    /// Gives a subscription a key and its routes.
    pub(super) fn place_in_routes(&mut self, subscription: Subscription) -> Key {
        let key = self.free.pop().unwrap_or_else(|| {
            self.subscriptions.push(None);
            Key::try_from(self.subscriptions.len() - 1).expect("subscriptions have a limit")
        });
        self.routes.insert(&subscription.matcher, key);
        self.subscriptions[key as usize] = Some(subscription);
        key
    }

    /// Ends one subscription of this owner, by its id. What was queued can still be received.
    pub(in super::super) fn unsubscribe(
        &mut self,
        id: &str,
        owner: Owner,
    ) -> Result<(), UnsubscribeError> {
        let own = |key: &Key| live(&self.subscriptions, *key).owner == owner;
        let key = self.by_id.get(id).copied().filter(own);
        if let Some(key) = key {
            self.remove(key, Leftovers::HandOver);
            return Ok(());
        }
        if self.end_parked_of(id, owner) {
            return Ok(());
        }
        Err(UnsubscribeError::Unknown { id: id.to_owned() })
    }

    /// A client that came back does not want one of its subscriptions any more.
    fn end_parked_of(&mut self, id: &str, owner: Owner) -> bool {
        let Owner::Connection(connection) = owner else { return false };
        let life = self.connections.get(connection).map(Peer::life);
        life.is_some_and(|life| self.end_own_parked(id, &life))
    }

    /// The same by its number, which no later subscription has, whatever its id. Returns whether
    /// it was there.
    pub(in super::super) fn unsubscribe_number(&mut self, number: u32, owner: Owner) -> bool {
        let own = |key: &Key| live(&self.subscriptions, *key).owner == owner;
        let key = self.numbers.get(&number).copied().filter(own);
        if let Some(key) = key {
            self.remove(key, Leftovers::HandOver);
        }
        key.is_some()
    }

    /// Ends all subscriptions of an owner.
    pub(in super::super) fn end_owner(&mut self, owner: Owner, leftovers: Leftovers) {
        for key in self.keys_of(owner) {
            self.remove(key, leftovers);
        }
    }

    pub(super) fn keys_of(&self, owner: Owner) -> Vec<Key> {
        self.keys_where(|subscription| subscription.owner == owner)
    }

    fn keys_where(&self, which: impl Fn(&Subscription) -> bool) -> Vec<Key> {
        let keys = self.by_id.values().copied();
        keys.filter(|key| which(live(&self.subscriptions, *key))).collect()
    }

    /// Receivers that were dropped without a word no longer count (C10).
    pub(super) fn remove_abandoned(&mut self) {
        let is_abandoned = |subscription: &Subscription| match &subscription.sink {
            Sink::Local(queue) => queue.is_closed(),
            Sink::Remote(_) | Sink::Parked(_) => false,
        };
        for key in self.keys_where(is_abandoned) {
            self.remove(key, Leftovers::Lose);
        }
    }

    /// Ends a subscription. Whoever waits for it to take something need not any more: where its
    /// receiver is gone without having taken it, they are told.
    pub(super) fn remove(&mut self, key: Key, leftovers: Leftovers) {
        let mut subscription = self.take_out(key);
        self.by_id.remove(&subscription.id);
        self.end_delivery(&mut subscription, leftovers);
        self.say_ended(&subscription);
        if subscription.acknowledges {
            self.journal.with(|journal| journal.ended(&subscription.id));
        }
        self.settle_all(subscription.owed, leftovers == Leftovers::Lose);
    }

    /// Takes a subscription; its id and its routes must be dealt with.
    pub(super) fn take(&mut self, key: Key) -> Subscription {
        self.subscriptions[key as usize].take().expect("a known key has a subscription")
    }

    /// Takes a subscription and its routes; its id must be dealt with.
    pub(super) fn take_out(&mut self, key: Key) -> Subscription {
        let subscription = self.take(key);
        self.routes.remove(&subscription.matcher, key);
        self.free.push(key);
        subscription
    }
}
