//! What one subscriber writes down: every arrival, in the form its kind of trial needs.
//!
//! Behaviour keeps whole records in memory; open loops stream stamps to a file of their own;
//! closed loops count. Fences are told to the harness and counted apart.

use std::sync::Arc;

use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::contract::Resumed;
use daemoneye_eventbus::{BusEvent, ByteString, EventId};
use serde::{Deserialize, Serialize};

use super::assignment::Assignment;
use super::following::Following;
use super::link::Link;
use super::protocol::Notice;
use super::tally::Tally;
use crate::driver::fencing::fenced_by;
use crate::driver::records::{Arrival, Recorder, names, write_all};
use crate::plan::{Rate, TrialKind, Trigger, Victim, digest_correlation_id, digest_received};
use crate::record::{FENCE, FENCE_SUBSCRIBER, Received, Resumption, UNKNOWN_PUBLISHER};

/// Records reserved in advance: growing while receiving would show as a pause.
const RESERVED_RECORDS: usize = 16 * 1024;

/// What a subscriber says about itself at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// `lagged()` at the end, over all its subscriptions.
    pub lagged: u64,
    /// What broken connections have cost the last subscription.
    #[serde(default)]
    pub resumed: Resumption,
    /// Whether a receiver ended before tear-down.
    pub ended: bool,
    /// Per measured phase, in order.
    pub windows: Vec<Window>,
    /// Arrivals whose number was not above the last one of their publisher.
    pub repeated: u64,
    /// Arrivals of each publisher in a performance trial, over all phases, fences left out.
    pub seen: Vec<Seen>,
}

/// Arrivals of one publisher.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// With a number above all before.
    pub unique: u64,
    /// The others.
    pub repeated: u64,
}

/// Deliveries of one measured phase.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window {
    /// Unique arrivals in the whole phase.
    pub arrivals: u64,
    /// Unique arrivals up to the first credit mark, and its moment, ns.
    pub first: Option<(u64, u64)>,
    /// The same at the last one.
    pub last: Option<(u64, u64)>,
    /// Sum of `receive − start` over the arrivals, ns.
    pub latency_sum_ns: u64,
}

pub(super) struct Ledger {
    index: usize,
    assignment: Arc<Assignment>,
    link: Link,
    kind: TrialKind,
    publishers: Vec<ByteString>,
    /// Events so far, fences left out.
    total: u64,
    /// Totals the harness waits for.
    thresholds: Vec<u64>,
    /// The subscriber whose fences it answers for itself.
    fenced_by: u64,
    /// Progress is told every so many events of a phase.
    every: Option<u64>,
    /// Events of the current phase.
    in_phase: u64,
    measured: Option<Window>,
    /// Last number of each publisher.
    last: Vec<u64>,
    received: Vec<Received>,
    /// Behaviour, where the plan kills it: every arrival at once, instead of all at the end.
    at_once: Option<Recorder<Received>>,
    arrivals: Option<Recorder<Arrival>>,
    /// A traced trial: which events of the bus arrivals were.
    following: Option<Following>,
    /// Unique arrivals of all measured phases, or all of a behaviour trial but fences; told when the
    /// harness asks.
    tally: Tally,
    tallied: u64,
    summary: Summary,
}

impl Ledger {
    pub(super) fn new(
        index: usize,
        assignment: &Arc<Assignment>,
        link: Link,
        tally: Tally,
    ) -> std::io::Result<Self> {
        let case = &assignment.case;
        let publishers: Vec<ByteString> =
            case.topology.publishers.iter().map(|spec| spec.name.as_str().into()).collect();
        let path = names::arrivals(&assignment.directory, index);
        let arrivals = match case.kind {
            TrialKind::Paced => Some(Recorder::create(&path)?),
            _ => None,
        };
        let at_once = if case.kills(Victim::Subscriber(index)) {
            Some(Recorder::through(&names::received(&assignment.directory, index))?)
        } else {
            None
        };
        let reserved = if case.kind == TrialKind::Behaviour { RESERVED_RECORDS } else { 0 };
        let actions = case.phases.iter().flat_map(|phase| &phase.actions);
        let thresholds = actions.filter_map(|action| match action.trigger {
            Trigger::AfterReceived(subscriber, count) if subscriber == index => Some(count),
            _ => None,
        });
        Ok(Self {
            index,
            kind: case.kind,
            last: vec![0; publishers.len()],
            summary: Summary {
                seen: vec![Seen::default(); publishers.len()],
                ..Summary::default()
            },
            publishers,
            total: 0,
            thresholds: thresholds.collect(),
            fenced_by: fenced_by(case, index) as u64,
            every: None,
            in_phase: 0,
            measured: None,
            received: Vec::with_capacity(reserved),
            at_once,
            arrivals,
            following: Following::begin(assignment, index)?,
            tally,
            tallied: 0,
            assignment: Arc::clone(assignment),
            link,
        })
    }

    /// A phase begins, or with an index beyond the last none does; returns the total so far.
    pub(super) fn begin(&mut self, phase: u32) -> u64 {
        self.summary.windows.extend(self.measured.take());
        self.in_phase = 0;
        self.every = None;
        if let Some(plan) = self.assignment.case.phases.get(phase as usize) {
            let windows = plan.publish.iter().filter_map(|publish| match publish.rate {
                Rate::Window(window) => Some((window / 8).max(1)),
                _ => None,
            });
            self.every = windows.min();
            self.measured = plan.measured.then(Window::default);
        }
        self.total
    }

    /// One arrival.
    #[inline]
    pub(super) fn received(&mut self, event: &BusEvent, subscription: u16, position: u64) {
        let receive_ns = monotonic_ns();
        let header = event.event.header();
        let sequence = header.source_sequence;
        let publisher = self.publishers.iter().position(|name| *name == header.source);
        if self.kind == TrialKind::Behaviour {
            self.keep(event, publisher, subscription, position, receive_ns);
        }
        if sequence & FENCE != 0 {
            self.fence(sequence, publisher);
            return;
        }
        self.total += 1;
        self.in_phase += 1;
        if let Some(publisher) = publisher.filter(|_| self.kind != TrialKind::Behaviour) {
            let start_ns = header.observed_monotonic_ns;
            if self.measure(publisher, sequence, start_ns, receive_ns) {
                self.follow(publisher, sequence, &event.id, receive_ns);
            }
        }
        if self.every.is_some_and(|every| self.in_phase.is_multiple_of(every)) {
            self.mark(receive_ns);
        } else if self.thresholds.contains(&self.total) {
            self.link.tell(&Notice::Progress { subscriber: self.index, total: self.total });
        }
    }

    /// One arrival on a companion: a fence, told to the harness and kept out of the records.
    pub(super) fn companion(&self, event: &BusEvent) {
        let header = event.event.header();
        let publisher = self.publishers.iter().position(|name| *name == header.source);
        self.fence(header.source_sequence, publisher);
    }

    fn keep(
        &mut self,
        event: &BusEvent,
        publisher: Option<usize>,
        subscription: u16,
        position: u64,
        receive_ns: u64,
    ) {
        let correlation = &event.correlation;
        if event.event.header().source_sequence & FENCE == 0 {
            self.count();
        }
        let received = Received {
            publisher: publisher.map_or(UNKNOWN_PUBLISHER, short),
            subscription,
            sequence: event.event.header().source_sequence,
            receive_ns,
            position,
            digest: digest_received(event),
            correlation: digest_correlation_id(correlation),
            is_root: correlation.parent.is_none() && correlation.root == correlation.id,
        };
        match &mut self.at_once {
            // A full disk shows as an arrival that nobody recorded.
            Some(recorder) => drop(recorder.record(&received)),
            None => self.received.push(received),
        }
    }

    fn fence(&self, sequence: u64, publisher: Option<usize>) {
        if sequence & FENCE_SUBSCRIBER == self.fenced_by {
            let publisher = publisher.map_or(UNKNOWN_PUBLISHER, short);
            self.link.tell(&Notice::Fenced { subscriber: self.index, sequence, publisher });
        }
    }

    /// Whether it was new, in a measured phase.
    fn measure(&mut self, publisher: usize, sequence: u64, start_ns: u64, receive_ns: u64) -> bool {
        let seen = &mut self.summary.seen[publisher];
        if sequence <= self.last[publisher] {
            seen.repeated += 1;
            self.summary.repeated += 1;
            return false;
        }
        seen.unique += 1;
        self.last[publisher] = sequence;
        let Some(window) = &mut self.measured else { return false };
        window.arrivals += 1;
        window.latency_sum_ns += receive_ns.saturating_sub(start_ns);
        self.count();
        if let Some(arrivals) = &mut self.arrivals {
            let publisher = publisher as u64;
            // A full disk shows as a torn file when the driver reads it.
            let _ = arrivals.record(&Arrival { publisher, sequence, start_ns, receive_ns });
        }
        true
    }

    fn follow(&mut self, publisher: usize, sequence: u64, id: &EventId, receive_ns: u64) {
        if let Some(following) = &mut self.following {
            following.sighted(publisher, sequence, id, receive_ns);
        }
    }

    fn count(&mut self) {
        self.tallied += 1;
        self.tally.set(self.tallied);
    }

    fn mark(&mut self, now_ns: u64) {
        if let Some(window) = &mut self.measured {
            let mark = (window.arrivals, now_ns);
            window.first.get_or_insert(mark);
            window.last = Some(mark);
        }
        self.link.tell(&Notice::Progress { subscriber: self.index, total: self.total });
    }

    /// A subscription is over.
    pub(super) fn ended(&mut self, lagged: u64, resumed: Resumed, before_tear_down: bool) {
        self.summary.lagged += lagged;
        self.summary.resumed = resumed.into();
        self.summary.ended |= before_tear_down;
    }

    /// Writes everything down; returns what could not be written.
    pub(super) fn finish(mut self) -> Vec<String> {
        self.begin(u32::MAX);
        let directory = &self.assignment.directory;
        let mut complaints = Vec::new();
        let mut complain = |what: &str, result: std::io::Result<()>| {
            if let Err(cause) = result {
                complaints.push(format!("{what} of subscriber {}: {cause}", self.index));
            }
        };
        if self.kind == TrialKind::Behaviour && self.at_once.is_none() {
            let path = names::received(directory, self.index);
            complain("records", write_all(&path, &self.received));
        }
        if let Some(arrivals) = self.arrivals {
            complain("stamps", arrivals.finish());
        }
        if let Some(following) = self.following {
            complain("sightings", following.finish());
        }
        let summary = serde_json::to_vec(&self.summary).map_err(std::io::Error::other);
        let path = names::summary(directory, self.index);
        complain("summary", summary.and_then(|bytes| std::fs::write(path, bytes)));
        complaints
    }
}

fn short(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(UNKNOWN_PUBLISHER)
}
