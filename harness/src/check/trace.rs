//! Plan and history joined: every publish as an item with a number, every arrival pointing to its
//! item, every moment of settling known. Judges nothing.
//!
//! Sequences are dense from 1, so identities are looked up by index; only fences use a map.

use daemoneye_eventbus::contract::Confirmation;
use rustc_hash::FxHashMap;

use super::life::{self, Arrival, Life, Order};
use super::matches::Matches;
use super::oracle::Match;
use super::{Planned, PlannedAttributes};
use crate::plan::{Bus, Case};
use crate::record::{
    FENCE, FENCE_SUBSCRIBER, History, Outcome, Published, Received, SubscriberLog,
};

/// A moment that never came.
pub(crate) const NEVER_NS: u64 = u64::MAX;

/// One history, indexed.
pub(crate) struct Trace<'a> {
    pub(crate) case: &'a Case,
    pub(crate) bus: Bus,
    pub(crate) history: &'a History,
    /// Every publish, publisher by publisher, in order.
    pub(crate) items: Vec<Item>,
    /// Every subscription, in order of its beginning.
    pub(crate) lives: Vec<Life>,
    /// First item of each publisher, and the end of the last one.
    starts: Vec<usize>,
    matches: Matches<'a>,
    /// By subscriber: whether a companion subscription carries its fences.
    companions: Vec<bool>,
    /// By publisher: the phase from which on what it publishes may reach nobody.
    cut_off_in: Vec<Option<u32>>,
    /// By subscriber, publisher and lane: one past the last accepted fence for this subscriber.
    fenced: Vec<usize>,
}

/// One publish.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub(crate) publisher: u16,
    pub(crate) published: Published,
    /// `None` only for a fence the plan does not know.
    pub(crate) lane: Option<Lane>,
    /// What the plan says about its correlation.
    pub(crate) correlation: GivenCorrelation,
    /// When it first reached anyone, ns; [`NEVER_NS`] if it never did.
    pub(crate) reached_ns: u64,
    /// When it was settled (C7), ns; [`NEVER_NS`] if it never was.
    pub(crate) settled_ns: u64,
}

/// A lane of C4 and C5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// `events`.
    Events,
    /// `control` and `admin`.
    Control,
}

/// The correlation an event was published with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivenCorrelation {
    /// None: the bus makes a fresh root.
    Fresh,
    /// One that is its own root.
    Root,
    /// One with a parent or another root.
    Step,
}

impl Lane {
    pub(crate) const COUNT: usize = 2;

    pub(crate) fn index(self) -> usize {
        self as usize
    }

    fn of(topic: &str) -> Self {
        if topic.split('.').next() == Some("events") { Self::Events } else { Self::Control }
    }
}

impl Item {
    pub(crate) fn is_fence(&self) -> bool {
        self.published.sequence & FENCE != 0
    }

    /// Where per-publisher, per-lane state of this item is kept.
    pub(crate) fn slot(&self) -> Option<usize> {
        Some(usize::from(self.publisher) * Lane::COUNT + self.lane?.index())
    }
}

impl<'a> Trace<'a> {
    /// Indexes a linted history; errs with a sentence when the plan does not know an event.
    pub(crate) fn new(
        case: &'a Case,
        bus: Bus,
        history: &'a History,
        planned: &dyn Planned,
    ) -> Result<Self, String> {
        let publishes = history.publishers.iter().map(|log| log.published.len()).sum();
        let subscribers = case.topology.subscribers.len();
        let publishers = 0..history.publishers.len();
        let mut trace = Self {
            case,
            bus,
            history,
            items: Vec::with_capacity(publishes),
            lives: life::lives(case, history),
            starts: vec![0],
            matches: Matches::new(case, publishes),
            companions: (0..subscribers).map(|index| planned.has_companion(index)).collect(),
            cut_off_in: publishers.map(|index| history.cut_off_in(case, index)).collect(),
            fenced: vec![0; subscribers * history.publishers.len() * Lane::COUNT],
        };
        let identities = trace.add_items(planned)?;
        trace.add_arrivals(&identities);
        trace.settle();
        trace.note_fences();
        Ok(trace)
    }

    /// Items of one publisher, as a range of indices.
    pub(crate) fn items_of(&self, publisher: usize) -> std::ops::Range<usize> {
        self.starts[publisher]..self.starts[publisher + 1]
    }

    /// Whether an item matches a subscriber's subscription.
    pub(crate) fn matches(&self, subscriber: usize, item: usize) -> Match {
        self.matches.answer(subscriber, item)
    }

    /// Whether a later accepted fence for this subscriber, in the same lane, follows an item.
    pub(crate) fn is_fenced(&self, subscriber: usize, item: usize) -> bool {
        let slot = self.items[item].slot();
        slot.is_some_and(|slot| item < self.fenced[self.fence_slot(subscriber, slot)])
    }

    /// Whether an item may never have reached the bus: its publisher was cut off in that phase or
    /// before.
    pub(crate) fn may_be_cut_off(&self, item: &Item) -> bool {
        let cut_off_in = self.cut_off_in[usize::from(item.publisher)];
        cut_off_in.is_some_and(|phase| item.published.phase >= phase)
    }

    /// Whether an item may be lost to a life, though both were there: its connection, its publisher's
    /// or the broker broke in its phase, and the publisher did not wait until it was delivered (W6).
    pub(crate) fn may_be_lost(&self, life: &Life, item: &Item) -> bool {
        let confirm = self.case.topology.publishers[usize::from(item.publisher)].confirm;
        let is_kept = confirm == Confirmation::Delivered && life.lossless;
        !is_kept && self.case.returns_in(item.published.phase)
    }

    /// Whether an item is a fence for this subscriber that its companion subscription carries.
    pub(crate) fn is_beside(&self, subscriber: usize, item: usize) -> bool {
        let sequence = self.items[item].published.sequence;
        self.companions[subscriber]
            && sequence & FENCE != 0
            && sequence & FENCE_SUBSCRIBER == subscriber as u64
    }

    /// Whether a fence comes through a subscriber's own subscription, hence in order.
    pub(crate) fn binds(&self, subscriber: usize, item: usize) -> bool {
        self.items[item].is_fence()
            && self.items[item].lane.is_some()
            && self.matches(subscriber, item) == Match::Yes
            && !self.is_beside(subscriber, item)
    }

    /// The record of an arrival.
    pub(crate) fn received(&self, life: &Life, at: u32) -> &'a Received {
        &self.history.subscribers[life.subscriber].received[at as usize]
    }

    /// State per publisher and lane, one value each.
    pub(crate) fn slots<T: Clone>(&self, value: T) -> Vec<T> {
        vec![value; self.history.publishers.len() * Lane::COUNT]
    }

    /// The last phase that ended with fences.
    pub(crate) fn last_fenced_phase(&self) -> Option<u32> {
        self.items.iter().filter(|item| item.is_fence()).map(|item| item.published.phase).max()
    }

    /// Whether `publish` returns only when the bus has accepted the event (C5, V9).
    pub(crate) fn publishers_wait(&self) -> bool {
        !self.bus.crosses_processes()
    }

    fn fence_slot(&self, subscriber: usize, slot: usize) -> usize {
        subscriber * self.history.publishers.len() * Lane::COUNT + slot
    }

    fn add_items(&mut self, planned: &dyn Planned) -> Result<Vec<Identities>, String> {
        let mut all = Vec::new();
        let history = self.history;
        for (index, log) in history.publishers.iter().enumerate() {
            let mut identities = Identities::default();
            for published in &log.published {
                let number = u32::try_from(self.items.len())
                    .map_err(|_| "the history has more than 2^32 publishes".to_owned())?;
                let attributes = planned.attributes(index, published.sequence);
                if published.sequence & FENCE != 0 {
                    identities.fences.entry(published.sequence).or_insert(number);
                } else if attributes.is_none() {
                    return Err(format!(
                        "the plan has no event {}#{}",
                        log.name, published.sequence
                    ));
                } else {
                    identities.events.push(number);
                }
                self.add_item(index, published, attributes.as_ref());
            }
            self.starts.push(self.items.len());
            all.push(identities);
        }
        Ok(all)
    }

    fn add_item(
        &mut self,
        publisher: usize,
        published: &Published,
        attributes: Option<&PlannedAttributes>,
    ) {
        self.matches.ask(attributes);
        self.items.push(Item {
            publisher: u16::try_from(publisher).expect("linted: publishers fit 16 bits"),
            published: *published,
            lane: attributes.map(|attributes| Lane::of(&attributes.topic)),
            correlation: attributes.map_or(GivenCorrelation::Fresh, correlation_of),
            reached_ns: NEVER_NS,
            settled_ns: NEVER_NS,
        });
    }

    /// Sorts arrivals into lives.
    fn add_arrivals(&mut self, identities: &[Identities]) {
        for (subscriber, log) in self.history.subscribers.iter().enumerate() {
            let own: Vec<usize> = (0..self.lives.len())
                .filter(|&life| self.lives[life].subscriber == subscriber)
                .collect();
            self.make_room(&own, log);
            for (at, received) in (0_u32..).zip(&log.received) {
                let life = &mut self.lives[own[usize::from(received.subscription)]];
                let identity = identities.get(usize::from(received.publisher));
                match identity.and_then(|known| known.find(received.sequence)) {
                    None => life.strangers.push(at),
                    Some(item) => {
                        let reached_ns = &mut self.items[item as usize].reached_ns;
                        *reached_ns = received.receive_ns.min(*reached_ns);
                        life.arrivals.push(Arrival { item, at, order: Order::Kept });
                    }
                }
            }
        }
        self.order_arrivals();
    }

    /// Exactly enough for what came on each of a subscriber's subscriptions: a history is long.
    fn make_room(&mut self, own: &[usize], log: &SubscriberLog) {
        let mut counts = vec![0; own.len()];
        for received in &log.received {
            counts[usize::from(received.subscription)] += 1;
        }
        for (life, count) in own.iter().zip(counts) {
            self.lives[*life].arrivals.reserve_exact(count);
        }
    }

    fn order_arrivals(&mut self) {
        let mut seen_by = vec![0_u32; self.items.len()];
        let mut lives = std::mem::take(&mut self.lives);
        for (stamp, life) in (1_u32..).zip(&mut lives) {
            let slots = self.history.publishers.len() * Lane::COUNT;
            let (mut latest, mut latest_fence) = (vec![0_u32; slots], vec![0_u32; slots]);
            for arrival in &mut life.arrivals {
                let number = arrival.item as usize;
                let item = &self.items[number];
                let Some(slot) = item.slot() else { continue };
                if item.is_fence() {
                    if self.binds(life.subscriber, number) {
                        latest_fence[slot] = latest_fence[slot].max(arrival.item);
                    }
                } else if seen_by[number] == stamp {
                    arrival.order = Order::Repeated;
                } else if arrival.item < latest_fence[slot] {
                    arrival.order = Order::AfterFence;
                } else if arrival.item < latest[slot] {
                    arrival.order = Order::Overtaken;
                } else {
                    latest[slot] = arrival.item;
                }
                seen_by[number] = stamp;
            }
        }
        self.lives = lives;
    }

    /// C7: an item is settled once a later one of the same publisher and lane reached anyone.
    fn settle(&mut self) {
        for publisher in 0..self.history.publishers.len() {
            let mut settled = [NEVER_NS; Lane::COUNT];
            for number in self.items_of(publisher).rev() {
                let Some(lane) = self.items[number].lane else { continue };
                self.items[number].settled_ns = settled[lane.index()];
                settled[lane.index()] = settled[lane.index()].min(self.items[number].reached_ns);
            }
        }
    }

    fn note_fences(&mut self) {
        for number in 0..self.items.len() {
            let item = self.items[number];
            let target = usize::try_from(item.published.sequence & FENCE_SUBSCRIBER);
            if let (true, Outcome::Ok, Some(slot), Ok(target)) =
                (item.is_fence(), item.published.outcome, item.slot(), target)
            {
                let slot = self.fence_slot(target, slot);
                self.fenced[slot] = number + 1;
            }
        }
    }
}

fn correlation_of(attributes: &PlannedAttributes) -> GivenCorrelation {
    match &attributes.correlation {
        None => GivenCorrelation::Fresh,
        Some(given) if given.parent.is_none() && given.root == given.id => GivenCorrelation::Root,
        Some(_) => GivenCorrelation::Step,
    }
}

/// Items of one publisher by what identifies them.
#[derive(Default)]
struct Identities {
    /// By sequence − 1.
    events: Vec<u32>,
    /// By number, the first publish of each: what came before that one came before its arrival.
    fences: FxHashMap<u64, u32>,
}

impl Identities {
    fn find(&self, sequence: u64) -> Option<u32> {
        if sequence & FENCE != 0 {
            return self.fences.get(&sequence).copied();
        }
        let index = usize::try_from(sequence.checked_sub(1)?).ok()?;
        self.events.get(index).copied()
    }
}
