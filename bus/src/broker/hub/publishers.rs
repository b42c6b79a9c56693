//! Who publishes events to be confirmed, and what of them not everybody has taken yet (W6).
//!
//! A publisher is one life of a client, so that it is known again after its connection broke: what
//! it sends once more has its place already. Confirmations are cumulative, lane by lane.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxHashMap;

use super::super::subscription::{Life, Owed};
use crate::topic::{Lane, PerLane};
use crate::wire::{self, proto};

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
    pub(super) is_watched: bool,
    /// To be told what is confirmed, at the end of this round.
    touched: Vec<u64>,
}

#[derive(Debug)]
struct Publisher {
    /// Its connection; without one, when it is forgotten.
    standing: Standing,
    lanes: PerLane<Placed>,
    is_touched: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Connected(u32),
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

impl Publishers {
    /// The publisher behind a connection, known from now on.
    pub(super) fn of(&mut self, life: Life, connection: u32) -> u64 {
        if let Some(key) = self.by_life.get(&life) {
            return *key;
        }
        self.last_key += 1;
        self.by_life.insert(life, self.last_key);
        let publisher = Publisher {
            standing: Standing::Connected(connection),
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
    pub(super) fn returned(&mut self, life: &Life, connection: u32) {
        let Some(key) = self.by_life.get(life).copied() else { return };
        if let Some(publisher) = self.touch(key) {
            publisher.standing = Standing::Connected(connection);
            for lane in Lane::ALL {
                publisher.lanes[lane].told = 0;
            }
        }
    }

    /// The connection of a client broke. What everybody has not taken is given up in time; what it has
    /// published is known for longer.
    pub(super) fn gone(&mut self, connection: u32, until: Instant) {
        for publisher in self.table.values_mut() {
            if publisher.standing == Standing::Connected(connection) {
                self.last_gone += 1;
                publisher.standing = Standing::Gone { until: Some(until), number: self.last_gone };
            }
        }
        let gone = self.table.values().filter_map(|publisher| publisher.standing.number());
        let (many, first) = (gone.clone().count(), gone.min());
        if many > MAX_GONE_PUBLISHERS {
            self.table.retain(|_, publisher| publisher.standing.number() != first);
            self.forget_lives();
        }
    }

    /// A client has left for good.
    pub(super) fn left(&mut self, connection: u32) {
        self.table.retain(|_, publisher| publisher.standing != Standing::Connected(connection));
        self.forget_lives();
    }

    /// Gives up what publishers that did not come back in time have left open: should they still come,
    /// they are told that not everybody took it.
    pub(super) fn give_up(&mut self, now: Instant) {
        for publisher in self.table.values_mut() {
            let Standing::Gone { until, .. } = &mut publisher.standing else { continue };
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

    /// When what one of them left open is given up next.
    pub(super) fn given_up_at(&self) -> Option<Instant> {
        self.table.values().filter_map(|publisher| publisher.standing.until()).min()
    }

    /// An event was handed out to everybody; `bytes` are kept while subscriptions are waited for.
    pub(super) fn place(&mut self, owed: Owed, waiting: u32, was_lost: bool, bytes: &[u8]) {
        let Some(publisher) = self.touch(owed.publisher) else { return };
        let placed = &mut publisher.lanes[owed.lane];
        placed.last = owed.sequence;
        let bytes: Arc<[u8]> = if waiting > 0 { bytes.into() } else { Arc::default() };
        placed.open_bytes += bytes.len();
        placed.open.push_back(Open { sequence: owed.sequence, waiting, was_lost, bytes });
        placed.settle_taken();
    }

    /// Whether an event had its place before. If so, its publisher is told what became of it.
    pub(super) fn was_placed(&mut self, owed: Owed) -> bool {
        let publisher = self.touch(owed.publisher);
        publisher.is_some_and(|publisher| owed.sequence <= publisher.lanes[owed.lane].last)
    }

    /// Events of one lane that not everybody has taken, and their bytes.
    pub(super) fn open(&self, life: &Life, lane: Lane) -> (usize, usize) {
        let key = self.by_life.get(life);
        let placed = key.and_then(|key| Some(&self.table.get(key)?.lanes[lane]));
        placed.map_or((0, 0), |placed| (placed.open.len(), placed.open_bytes))
    }

    pub(super) fn is_anything_open(&self) -> bool {
        let lanes = self.table.values().flat_map(|one| Lane::ALL.map(|lane| &one.lanes[lane]));
        lanes.into_iter().any(|placed| !placed.open.is_empty())
    }

    /// What is to be told through one of the connections about this round; `None` when all is told.
    pub(super) fn next_confirmed(&mut self) -> Option<(u32, [Option<proto::Confirmed>; 2])> {
        while let Some(key) = self.touched.pop() {
            let Some(publisher) = self.table.get_mut(&key) else { continue };
            publisher.is_touched = false;
            let Standing::Connected(connection) = publisher.standing else { continue };
            return Some((connection, Lane::ALL.map(|lane| publisher.lanes[lane].confirmed(lane))));
        }
        None
    }

    /// A subscription owes this no more: it took the event, or lost it.
    pub(super) fn settle(&mut self, owed: Owed, was_lost: bool) {
        let Some(publisher) = self.touch(owed.publisher) else { return };
        publisher.lanes[owed.lane].settle(owed.sequence, was_lost);
    }

    /// The bytes of an event a subscription owes.
    pub(super) fn bytes(&self, owed: Owed) -> Option<Arc<[u8]>> {
        let placed = &self.table.get(&owed.publisher)?.lanes[owed.lane];
        placed.find(owed.sequence).map(|at| Arc::clone(&placed.open[at].bytes))
    }
}

impl Standing {
    fn until(self) -> Option<Instant> {
        match self {
            Self::Connected(_) => None,
            Self::Gone { until, .. } => until,
        }
    }

    fn number(self) -> Option<u64> {
        match self {
            Self::Connected(_) => None,
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
        self.settle_taken();
    }

    /// Settles those at the front that everybody has taken.
    fn settle_taken(&mut self) {
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
