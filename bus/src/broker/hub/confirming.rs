//! Events their publishers wait for, until every `block` subscription has taken them (W6).
//!
//! A publisher is one life of a client, so that it is known again after its connection broke: what
//! it sends once more has its place already. Confirmations are cumulative, lane by lane.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxHashMap;

use super::super::publication::Publication;
use super::super::subscription::{Life, Owed, Sink};
use super::Hub;
use crate::contract::Confirmation;
use crate::topic::{Lane, PerLane};
use crate::wire::{self, proto, proto::frame::Body};

/// Publishers that are remembered after their connection broke, at most; the one that went first is
/// forgotten when one more goes. What it sends again is then routed again: subscribers in other
/// processes know it and drop it, those in the broker's own do not.
const MAX_GONE_PUBLISHERS: usize = 1024;

/// Events lost by somebody that are remembered for one publisher and lane.
const MAX_UNDELIVERED: usize = 4096;

/// Clients that have published something to be confirmed.
#[derive(Debug, Default)]
pub(super) struct Publishers {
    table: FxHashMap<u64, Publisher>,
    by_life: FxHashMap<Life, u64>,
    last_key: u64,
    last_gone: u64,
    /// Whether it is looked now and then for who acknowledges nothing.
    is_watched: bool,
    /// To be told what is confirmed, at the end of this round.
    touched: Vec<u64>,
}

#[derive(Debug)]
struct Publisher {
    /// Its connection; without one, when it is forgotten.
    place: Place,
    lanes: PerLane<Placed>,
    is_touched: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Connection(u32),
    /// What it has published and not everybody has taken is kept until then.
    Gone {
        until: Option<Instant>,
        /// Among all that went, from 1.
        number: u64,
    },
}

/// What one publisher has in the order of one lane.
#[derive(Debug, Default)]
struct Placed {
    /// Sequence number of the last that has its place.
    last: u64,
    /// Not yet taken by everybody who must, oldest first.
    open: VecDeque<Open>,
    open_bytes: usize,
    /// Settled, and lost by somebody: the last of them, as a confirmation may be lost as well.
    undelivered: VecDeque<u64>,
    /// What the last confirmation said.
    told: u64,
}

#[derive(Debug)]
struct Open {
    sequence: u64,
    /// Subscriptions that have not taken it.
    waiting: u32,
    was_lost: bool,
    /// Kept for subscriptions that come back.
    bytes: Arc<[u8]>,
}

/// An event that is being handed out.
#[derive(Debug)]
pub(super) struct Tracked {
    owed: Owed,
    confirmation: Confirmation,
    /// As its publisher says.
    pub(super) published_ns: u64,
    waiting: u32,
    was_lost: bool,
}

impl Tracked {
    /// A subscription has it on its way; what it owes for it, if somebody waits for that.
    pub(super) fn on_its_way(&mut self, position: u64) -> Option<Owed> {
        if self.confirmation != Confirmation::Delivered {
            return None;
        }
        self.waiting += 1;
        Some(Owed { position, since: Instant::now(), ..self.owed })
    }

    /// A subscription that should have had it lost it.
    pub(super) fn lost(&mut self) {
        self.was_lost |= self.confirmation == Confirmation::Delivered;
    }
}

impl Publishers {
    /// The publisher behind a connection, known from now on.
    fn of(&mut self, life: Life, connection: u32) -> u64 {
        if let Some(key) = self.by_life.get(&life) {
            return *key;
        }
        self.last_key += 1;
        self.by_life.insert(life, self.last_key);
        let publisher = Publisher {
            place: Place::Connection(connection),
            lanes: PerLane::default(),
            is_touched: false,
        };
        self.table.insert(self.last_key, publisher);
        self.last_key
    }

    fn touch(&mut self, key: u64) -> Option<&mut Publisher> {
        let publisher = self.table.get_mut(&key)?;
        if !std::mem::replace(&mut publisher.is_touched, true) {
            self.touched.push(key);
        }
        Some(publisher)
    }

    /// A client is connected again: it is told what it may have missed.
    fn returned(&mut self, life: &Life, connection: u32) {
        let Some(key) = self.by_life.get(life).copied() else { return };
        if let Some(publisher) = self.touch(key) {
            publisher.place = Place::Connection(connection);
            for lane in Lane::ALL {
                publisher.lanes[lane].told = 0;
            }
        }
    }

    /// The connection of a client broke. What everybody has not taken is given up in time; what it has
    /// published is known for longer.
    fn gone(&mut self, connection: u32, until: Instant) {
        for publisher in self.table.values_mut() {
            if publisher.place == Place::Connection(connection) {
                self.last_gone += 1;
                publisher.place = Place::Gone { until: Some(until), number: self.last_gone };
            }
        }
        let gone = self.table.values().filter_map(|publisher| publisher.place.number());
        let (many, first) = (gone.clone().count(), gone.min());
        if many > MAX_GONE_PUBLISHERS {
            self.table.retain(|_, publisher| publisher.place.number() != first);
            self.forget_lives();
        }
    }

    /// A client has left for good.
    fn left(&mut self, connection: u32) {
        self.table.retain(|_, publisher| publisher.place != Place::Connection(connection));
        self.forget_lives();
    }

    /// Gives up what publishers that did not come back in time have left open: should they still come,
    /// they are told that not everybody took it.
    fn give_up(&mut self, now: Instant) {
        for publisher in self.table.values_mut() {
            let Place::Gone { until, .. } = &mut publisher.place else { continue };
            if until.is_some_and(|until| until <= now) {
                *until = None;
                for lane in Lane::ALL {
                    publisher.lanes[lane].give_up();
                }
            }
        }
    }

    fn forget_lives(&mut self) {
        self.by_life.retain(|_, key| self.table.contains_key(key));
    }

    /// When what they left open is given up of those whose connection broke.
    fn given_up_at(&self) -> impl Iterator<Item = Instant> {
        self.table.values().filter_map(|publisher| publisher.place.until())
    }

    /// A subscription owes this no more: it took the event, or lost it.
    fn settle(&mut self, owed: Owed, was_lost: bool) {
        let Some(publisher) = self.touch(owed.publisher) else { return };
        publisher.lanes[owed.lane].settle(owed.sequence, was_lost);
    }

    fn bytes(&self, owed: Owed) -> Option<Arc<[u8]>> {
        let placed = &self.table.get(&owed.publisher)?.lanes[owed.lane];
        placed.find(owed.sequence).map(|at| Arc::clone(&placed.open[at].bytes))
    }
}

impl Place {
    fn until(self) -> Option<Instant> {
        match self {
            Self::Connection(_) => None,
            Self::Gone { until, .. } => until,
        }
    }

    fn number(self) -> Option<u64> {
        match self {
            Self::Connection(_) => None,
            Self::Gone { number, .. } => Some(number),
        }
    }
}

impl Placed {
    fn find(&self, sequence: u64) -> Option<usize> {
        self.open.binary_search_by_key(&sequence, |open| open.sequence).ok()
    }

    fn settle(&mut self, sequence: u64, was_lost: bool) {
        if let Some(at) = self.find(sequence) {
            let open = &mut self.open[at];
            open.waiting = open.waiting.saturating_sub(1);
            open.was_lost |= was_lost;
        }
        while self.open.front().is_some_and(|open| open.waiting == 0) {
            self.settle_first();
        }
    }

    fn settle_first(&mut self) {
        let Some(settled) = self.open.pop_front() else { return };
        self.open_bytes -= settled.bytes.len();
        if settled.was_lost {
            if self.undelivered.len() >= MAX_UNDELIVERED {
                self.undelivered.pop_front();
            }
            self.undelivered.push_back(settled.sequence);
        }
    }

    fn give_up(&mut self) {
        while let Some(open) = self.open.front_mut() {
            open.was_lost |= open.waiting > 0;
            self.settle_first();
        }
    }

    /// The last number below which nothing is open.
    fn through(&self) -> u64 {
        self.open.front().map_or(self.last, |open| open.sequence - 1)
    }

    /// What is to be told, if it was not.
    fn confirmed(&mut self, lane: Lane) -> Option<proto::Confirmed> {
        let through = self.through();
        if through == self.told {
            return None;
        }
        let untold = self.undelivered.iter().filter(|sequence| **sequence > self.told);
        let undelivered = untold.copied().collect();
        self.told = through;
        Some(proto::Confirmed { lane: wire::lane_to_wire(lane), through, undelivered })
    }
}

impl Hub {
    /// How an event is followed to everybody who must take it; `None` if nobody waits for that.
    pub(super) fn track(&mut self, publication: &Publication<'_>) -> Option<Tracked> {
        let (envelope, connection) = publication.to_be_confirmed()?;
        let life = self.connections.get(connection)?.life();
        let owed = Owed {
            position: 0,
            since: Instant::now(),
            publisher: self.publishers.of(life, connection),
            lane: envelope.lane(),
            sequence: envelope.sequence,
        };
        let confirmation = envelope.confirmation;
        let published_ns = envelope.published_monotonic_ns;
        Some(Tracked { owed, confirmation, published_ns, waiting: 0, was_lost: false })
    }

    /// An event was handed out to everybody.
    pub(super) fn placed(&mut self, tracked: &Tracked, bytes: &[u8]) {
        let Tracked { owed, waiting, was_lost, .. } = *tracked;
        let Some(publisher) = self.publishers.touch(owed.publisher) else { return };
        let placed = &mut publisher.lanes[owed.lane];
        placed.last = owed.sequence;
        let is_kept = waiting > 0;
        let bytes: Arc<[u8]> = if is_kept { bytes.into() } else { Arc::default() };
        placed.open_bytes += bytes.len();
        placed.open.push_back(Open { sequence: owed.sequence, waiting, was_lost, bytes });
        placed.settle(0, false);
        if is_kept && !std::mem::replace(&mut self.publishers.is_watched, true) {
            self.expiry_changed.notify_one();
        }
    }

    /// Whether an event that is to be confirmed had its place before: its publisher sends it again.
    /// If so, it is told what became of it.
    pub(in super::super) fn was_placed(&mut self, publication: &Publication<'_>) -> bool {
        let Some(tracked) = self.track(publication) else { return false };
        let Owed { publisher, lane, sequence, .. } = tracked.owed;
        let publisher = self.publishers.touch(publisher);
        publisher.is_some_and(|publisher| sequence <= publisher.lanes[lane].last)
    }

    /// An event that is to be confirmed was refused: nobody waits for it any more.
    pub(in super::super) fn settle_refused(&mut self, publication: &Publication<'_>) {
        if let Some(tracked) = self.track(publication) {
            self.placed(&tracked, &[]);
        }
    }

    /// Events of one lane that a client has published and not everybody has taken, and their bytes.
    pub(in super::super) fn unconfirmed(&self, connection: u32, lane: Lane) -> (usize, usize) {
        let placed = self.connections.get(connection).and_then(|peer| {
            let key = self.publishers.by_life.get(&peer.life())?;
            Some(&self.publishers.table.get(key)?.lanes[lane])
        });
        placed.map_or((0, 0), |placed| (placed.open.len(), placed.open_bytes))
    }

    /// A subscription has taken everything up to a position.
    pub(in super::super) fn acknowledge(&mut self, connection: u32, number: u32, position: u64) {
        let Some(&key) = self.numbers.get(&number) else { return };
        let Some(subscription) = self.subscriptions[key as usize].as_mut() else { return };
        if !subscription.is_behind(connection) {
            return;
        }
        subscription.acknowledged_at = Some(Instant::now());
        while subscription.owed.front().is_some_and(|owed| owed.position <= position) {
            let Some(owed) = subscription.owed.pop_front() else { break };
            self.publishers.settle(owed, false);
        }
    }

    /// Whether it is looked now and then for who acknowledges nothing.
    pub(super) fn is_watched(&self) -> bool {
        self.publishers.is_watched
    }

    fn is_anything_open(&self) -> bool {
        let lanes =
            self.publishers.table.values().flat_map(|one| Lane::ALL.map(|lane| &one.lanes[lane]));
        lanes.into_iter().any(|placed| !placed.open.is_empty())
    }

    /// Gives up what subscriptions that acknowledge nothing have owed for longer than the stall limit:
    /// they may have it, and nobody waits for them to say so (C14).
    pub(super) fn give_up_silent(&mut self, now: Instant) {
        let limit = self.config.stall_limit;
        for subscription in self.subscriptions.iter_mut().flatten() {
            if matches!(subscription.sink, Sink::Parked(_)) {
                continue;
            }
            let said = subscription.acknowledged_at;
            let is_over = |owed: &Owed| {
                let since = said.map_or(owed.since, |said| said.max(owed.since));
                now.saturating_duration_since(since) >= limit
            };
            while let Some(owed) = subscription.owed.front().copied().filter(is_over) {
                subscription.owed.pop_front();
                self.publishers.settle(owed, true);
            }
        }
        self.publishers.is_watched = self.is_anything_open();
    }

    /// A subscription ends: it owes nothing any more.
    pub(super) fn settle_all(&mut self, owed: impl IntoIterator<Item = Owed>, was_lost: bool) {
        for owed in owed {
            self.publishers.settle(owed, was_lost);
        }
    }

    /// The bytes of an event a subscription owes.
    pub(super) fn owed_bytes(&self, owed: Owed) -> Option<Arc<[u8]>> {
        self.publishers.bytes(owed)
    }

    /// Tells publishers what was confirmed in this round.
    pub(super) fn tell_confirmed(&mut self) {
        while let Some(key) = self.publishers.touched.pop() {
            let Some(publisher) = self.publishers.table.get_mut(&key) else { continue };
            publisher.is_touched = false;
            let Place::Connection(connection) = publisher.place else { continue };
            let confirmed = Lane::ALL.map(|lane| publisher.lanes[lane].confirmed(lane));
            for confirmed in confirmed.into_iter().flatten() {
                self.send(connection, Body::Confirmed(confirmed));
            }
        }
    }

    /// A client is connected, perhaps again.
    pub(super) fn publisher_returned(&mut self, life: &Life, connection: u32) {
        self.publishers.returned(life, connection);
    }

    /// The connection of a client broke, or it left for good.
    pub(super) fn publisher_gone(&mut self, connection: u32, until: Option<Instant>) {
        match until {
            Some(until) => self.publishers.gone(connection, until),
            None => self.publishers.left(connection),
        }
    }

    /// Gives up what publishers have left open whose time is over.
    pub(super) fn give_up_open(&mut self, now: Instant) {
        self.publishers.give_up(now);
    }

    /// When that happens next.
    pub(super) fn open_given_up_at(&self) -> Option<Instant> {
        self.publishers.given_up_at().min()
    }
}
