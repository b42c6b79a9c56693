//! The hub: subscriptions, routes, counters and outboxes; the one place where events get their
//! order (C5).
//!
//! It lives behind one mutex. A reader takes it once for a whole round (everything one read
//! brought), an embedded publisher once per publish; nobody holds it across an await. Nothing
//! here waits: where an event must wait for room, `route` says for which.

mod confirming;
mod connecting;
mod connections;
mod deliver;
mod inspection;
mod parking;
mod publishers;
mod refusals;
mod replies;
mod retained;
mod routes;
mod seen_topics;
mod subscribing;

use std::collections::HashMap;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use rustc_hash::FxHashMap;
use tokio::sync::Notify;
use uuid::Uuid;

pub(super) use connecting::{Arrival, NoPlace, Session};
use connections::Connections;
pub(super) use deliver::Leftovers;
use publishers::Publishers;
pub(super) use refusals::Refused;
use refusals::Tellings;
use retained::Retained;
use routes::Routes;
pub(super) use subscribing::{Asked, Resume};

use super::journal::Journal;
use super::publication::Publication;
use super::subscription::{Sink, Subscription};
use super::{BrokerConfig, Journaling};
use crate::contract::EventBusStatistics;
use crate::topic::{Lane, Topic};
use crate::wire::EventDecoder;

/// Index of a subscription; used again after its end.
pub(super) type Key = u32;

/// Everything the broker knows.
#[derive(Debug)]
pub(super) struct Hub {
    config: BrokerConfig,
    started: Instant,
    /// No further publishes from this process, no further subscriptions (C13).
    closed: bool,
    /// Every subscription was ended; nothing is taken in any more.
    ended: bool,
    /// Matches dropped since then: in outboxes that were not written to their end, or of events
    /// that came too late.
    undelivered: u64,
    /// Some client had not said goodbye by then.
    interrupted: bool,
    subscriptions: Vec<Option<Subscription>>,
    free: Vec<Key>,
    by_id: HashMap<String, Key>,
    /// Subscriptions whose connection broke, by the ids they had.
    parked: HashMap<String, Key>,
    /// How many nobody came back for so far.
    sessions_expired: u64,
    /// Told when something may expire sooner than before.
    expiry_changed: Arc<Notify>,
    journal: Journaling,
    /// Remote subscriptions by their names on the wire.
    numbers: FxHashMap<u32, Key>,
    last_number: u32,
    routes: Routes,
    connections: Connections,
    publishers: Publishers,
    retained: Retained,
    /// Reused by every `route`: the subscriptions an event goes to.
    matched: Vec<Key>,
    /// For receivers in this process.
    decoder: EventDecoder,
    /// Receivers in this process that got something while they slept; woken at the end of the round.
    sleepers: Vec<Waker>,
    /// Reused by every `deliver`: the connections it goes to, each once.
    staged: Vec<u32>,
    published: u64,
    /// To queues and outboxes; what is in outboxes still counts as queued.
    handed_over: u64,
    dropped: u64,
    /// Publishes, subscribes and hellos that were refused to somebody (A5).
    refused: u64,
    /// How often those are told.
    tellings: Tellings,
    /// Audits told so far, and the life of this broker that numbers them.
    audited: u64,
    incarnation: u64,
}

/// What became of an event.
#[derive(Debug)]
pub(super) enum Routed {
    /// It has its place in the order and was handed on.
    Done,
    /// A `block` subscriber is full; nothing happened yet. Wait for this, then route again.
    Full(Arc<Notify>),
    /// The broker is shut down.
    Closed,
    /// Its topic is invalid; only possible for bytes from a socket.
    InvalidTopic,
}

/// What to do about a full `block` subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtFull {
    /// Tell the caller to wait.
    Wait,
    /// The wait had its limit: drop for that subscriber, and count.
    Drop,
    /// Nobody waits for it: drop and count as well, and hold nothing against that subscriber.
    Pass,
}

impl Hub {
    pub(super) fn new(config: BrokerConfig) -> Self {
        Self {
            connections: Connections::new(config.outbox_limit_bytes),
            config,
            started: Instant::now(),
            closed: false,
            ended: false,
            undelivered: 0,
            interrupted: false,
            subscriptions: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::new(),
            parked: HashMap::new(),
            sessions_expired: 0,
            expiry_changed: Arc::default(),
            journal: Journaling::default(),
            publishers: Publishers::default(),
            retained: Retained::default(),
            numbers: FxHashMap::default(),
            last_number: 0,
            routes: Routes::default(),
            matched: Vec::new(),
            decoder: EventDecoder::default(),
            sleepers: Vec::new(),
            staged: Vec::new(),
            published: 0,
            handed_over: 0,
            dropped: 0,
            refused: 0,
            tellings: Tellings::default(),
            audited: 0,
            incarnation: Uuid::new_v4().as_u64_pair().0,
        }
    }

    /// Gives an event its place in the order and hands it to everybody it matches, or says whose
    /// room it must wait for. Bytes are gathered; [`flush`](Self::flush) ends the round.
    pub(super) fn route(
        &mut self,
        publication: &Publication<'_>,
        at_full: AtFull,
        now_ns: u64,
    ) -> Routed {
        let _span = publication.span().entered();
        if self.closed && publication.is_local() {
            return Routed::Closed;
        }
        let routed = self.place(publication, at_full, now_ns);
        if matches!(routed, Routed::Done) {
            self.published += 1;
        }
        routed
    }

    /// The same for what nobody has published: it is not counted as such.
    fn place(&mut self, publication: &Publication<'_>, at_full: AtFull, now_ns: u64) -> Routed {
        let subscriptions = &self.subscriptions;
        let passes = |key, topic: &Topic| live(subscriptions, key).matcher.passes_filter(topic);
        let Some(route) = self.routes.lookup(publication.topic(), passes) else {
            return Routed::InvalidTopic;
        };
        let place = route.place;
        self.matched.clear();
        for key in &route.keys {
            let subscription = live(&self.subscriptions, *key);
            if publication.passes(&subscription.matcher) {
                self.matched.push(*key);
            }
        }
        if self.ended {
            // It was accepted and never had its turn: lost to everyone it would have gone to.
            let lost = self.matched.len() as u64;
            self.dropped += lost;
            self.undelivered += lost;
            return Routed::Closed;
        }
        match at_full {
            AtFull::Wait => {
                if let Some(room) = self.first_without_room(publication) {
                    return Routed::Full(room);
                }
            }
            AtFull::Drop => self.note_stalled(publication.lane()),
            AtFull::Pass => {}
        }
        self.routes.count(place);
        self.retain(publication, place, now_ns);
        self.note_request(publication);
        let mut tracked = self.track(publication);
        self.deliver(publication, now_ns, tracked.as_mut());
        if let Some(tracked) = tracked {
            self.placed(&tracked, publication.bytes());
        }
        Routed::Done
    }

    fn first_without_room(&mut self, publication: &Publication<'_>) -> Option<Arc<Notify>> {
        if publication.is_delivered_when_taken()
            && let Some(room) = self.first_to_return()
        {
            return Some(room);
        }
        let congested = |connection, lane| self.connections.is_congested(connection, lane);
        let lane = publication.lane();
        let mut matched = self.matched.iter().map(|key| live(&self.subscriptions, *key));
        let (subscription, room) = matched
            .find_map(|subscription| Some((subscription, subscription.blocks(lane, congested)?)))?;
        let room = Arc::clone(room);
        if let Sink::Remote(remote) = &subscription.sink {
            self.connections.must_hold_back(remote.connection, subscription.lane);
        }
        Some(room)
    }

    /// Whoever is full now has been waited for long enough.
    fn note_stalled(&mut self, lane: Lane) {
        let congested = |connection, lane| self.connections.is_congested(connection, lane);
        for key in &self.matched {
            let subscription = live_mut(&mut self.subscriptions, *key);
            if subscription.blocks(lane, congested).is_some() {
                subscription.note_stalled();
            }
        }
    }

    fn first_to_return(&self) -> Option<Arc<Notify>> {
        if self.parked.is_empty() {
            return None;
        }
        let mut matched = self.matched.iter().map(|key| live(&self.subscriptions, *key));
        matched.find_map(Subscription::waits_for_return).cloned()
    }

    /// Whoever is to be woken at the end of this round, for somebody else to do it.
    pub(super) fn sleepers(&mut self) -> &mut Vec<Waker> {
        &mut self.sleepers
    }

    /// Ends a round: wakes who got something, and writes what was gathered, one write per connection.
    pub(super) fn flush(&mut self) {
        // Most rounds wake nobody: a look is cheaper than an empty drain.
        if !self.sleepers.is_empty() {
            self.sleepers.drain(..).for_each(Waker::wake);
        }
        self.tell_confirmed();
        while let Some(connection) = self.connections.flush_touched() {
            self.resume(connection);
        }
    }

    /// Refuses what is new from now on; what clients have accepted is still taken in, and
    /// subscriptions live on, until [`end_all`](Self::end_all).
    pub(super) fn close(&mut self) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        self.connections.say_goodbye_to_all(false);
        self.flush();
    }

    /// Ends everything if no client may still have accepted events on their way; whether it did.
    pub(super) fn end_if_quiet(&mut self) -> bool {
        let is_quiet = !self.is_anybody_talking();
        if is_quiet {
            self.end_all();
        }
        is_quiet
    }

    /// Ends every subscription: receivers drain, then end (C13). From here on they only tell who
    /// would have got what comes too late.
    pub(super) fn end_all(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.interrupted = self.is_anybody_talking();
        self.end_all_parked();
        self.journal.with(Journal::clear);
        self.by_id.clear();
        for key in 0..self.subscriptions.len() {
            if let Some(mut subscription) = self.subscriptions[key].take() {
                self.end_delivery(&mut subscription, Leftovers::HandOver);
                self.say_ended(&subscription);
                self.subscriptions[key] = Some(subscription);
            }
        }
        self.connections.say_goodbye_to_all(true);
        self.flush();
    }

    /// Told when something may expire sooner than before.
    pub(super) fn expiry_changed(&self) -> Arc<Notify> {
        Arc::clone(&self.expiry_changed)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Matches that were dropped because the end came first; `None` if it came in good order.
    pub(super) fn undelivered(&self) -> Option<u64> {
        (self.undelivered > 0 || self.interrupted).then_some(self.undelivered)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// The counters, with subscriptions in order of their ids (C12).
    pub(super) fn statistics(&mut self) -> EventBusStatistics {
        self.remove_abandoned();
        let turn = |connection| self.connections.turn(connection);
        let mut subscriptions: Vec<_> = self
            .by_id
            .values()
            .map(|key| live(&self.subscriptions, *key).statistics(turn))
            .collect();
        subscriptions.sort_by(|a, b| a.subscriber_id.cmp(&b.subscriber_id));
        EventBusStatistics {
            events_published: self.published,
            events_delivered: self.handed_over - self.connections.deliveries(),
            events_dropped: self.dropped,
            refused: self.refused,
            active_subscribers: subscriptions.len(),
            uptime: self.started.elapsed(),
            subscriptions,
        }
    }
}

/// What routes and ids name is live.
const LIVE: &str = "routes and ids name live subscriptions only";

fn live(subscriptions: &[Option<Subscription>], key: Key) -> &Subscription {
    subscriptions[key as usize].as_ref().expect(LIVE)
}

fn live_mut(subscriptions: &mut [Option<Subscription>], key: Key) -> &mut Subscription {
    subscriptions[key as usize].as_mut().expect(LIVE)
}
