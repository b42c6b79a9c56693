//! C5 on every bus: an event that somebody had received before another of its lane was called comes
//! first at every subscriber. The one had its place in the order before it was received, the other
//! cannot have had one before it was called.
//!
//! Received is what arrived in order: what broke C3 or C4 is reported there, and proves nothing.

use super::findings::{Findings, at_life, message, subscriber_name};
use super::life::{Arrival, Life, Order};
use super::report::Check;
use super::trace::{Lane, NEVER_NS, Trace};

/// Keeps the latest call among the arrivals so far, and compares with it when each arrival was
/// first received by anybody.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    // The order of a broker ends with it: what is sent again gets its place anew.
    if trace.case.restarts() {
        return;
    }
    let first_ns = first_receptions(trace);
    for life in &trace.lives {
        for lane in [Lane::Events, Lane::Control] {
            findings.judged(Check::Causality, opportunities(trace, life, lane, &first_ns));
            check_lane(trace, life, lane, &first_ns, findings);
        }
    }
}

/// The arrivals of one lane that order can be told by.
fn ordered<'a>(
    trace: &'a Trace<'_>,
    life: &'a Life,
    lane: Lane,
) -> impl Iterator<Item = &'a Arrival> {
    life.arrivals.iter().filter(move |arrival| {
        let item = &trace.items[arrival.item as usize];
        arrival.order == Order::Kept && !item.is_fence() && item.lane == Some(lane)
    })
}

/// By item: when it first reached anybody, ns; [`NEVER_NS`] if it reached nobody.
fn first_receptions(trace: &Trace<'_>) -> Vec<u64> {
    let mut first_ns = vec![NEVER_NS; trace.items.len()];
    for life in &trace.lives {
        for lane in [Lane::Events, Lane::Control] {
            for arrival in ordered(trace, life, lane) {
                let first = &mut first_ns[arrival.item as usize];
                *first = trace.received(life, arrival.at).receive_ns.min(*first);
            }
        }
    }
    first_ns
}

fn check_lane(
    trace: &Trace<'_>,
    life: &Life,
    lane: Lane,
    first_ns: &[u64],
    findings: &mut Findings<'_, '_>,
) {
    let call_ns = |item: u32| trace.items[item as usize].published.call_ns;
    let mut latest = None::<u32>;
    for arrival in ordered(trace, life, lane) {
        let Some(before) = latest else {
            latest = Some(arrival.item);
            continue;
        };
        if first_ns[arrival.item as usize] < call_ns(before) {
            overtaken(trace, life, arrival.item, before, findings);
        }
        if call_ns(arrival.item) > call_ns(before) {
            latest = Some(arrival.item);
        }
    }
}

/// Arrivals that the rule decides: somebody else had them already, and before they came here too,
/// something of another publisher was called that came here as well.
fn opportunities(trace: &Trace<'_>, life: &Life, lane: Lane, first_ns: &[u64]) -> u64 {
    let calls = Calls::of(trace, life, lane);
    let decided = ordered(trace, life, lane).filter(|arrival| {
        let publisher = trace.items[arrival.item as usize].publisher;
        let received_ns = trace.received(life, arrival.at).receive_ns;
        let next_ns = calls.next_by_another(publisher, first_ns[arrival.item as usize]);
        next_ns.is_some_and(|next_ns| next_ns < received_ns)
    });
    decided.count() as u64
}

/// The calls of what one life received in one lane, in order.
struct Calls {
    /// When, ns, and of which publisher.
    calls: Vec<(u64, u16)>,
    /// For each, the first after it that is of another publisher.
    others: Vec<usize>,
}

impl Calls {
    fn of(trace: &Trace<'_>, life: &Life, lane: Lane) -> Self {
        let published = ordered(trace, life, lane).map(|arrival| {
            let item = &trace.items[arrival.item as usize];
            (item.published.call_ns, item.publisher)
        });
        let mut calls: Vec<(u64, u16)> = published.collect();
        // Almost sorted as it is, which a stable sort is quick with.
        calls.sort_by_key(|(call_ns, _)| *call_ns);
        let mut others = vec![calls.len(); calls.len()];
        for at in (1..calls.len()).rev() {
            let changes = calls[at - 1].1 != calls[at].1;
            others[at - 1] = if changes { at } else { others[at] };
        }
        Self { calls, others }
    }

    /// When another publisher next called after a moment, ns.
    fn next_by_another(&self, publisher: u16, after_ns: u64) -> Option<u64> {
        let at = self.calls.partition_point(|(call_ns, _)| *call_ns <= after_ns);
        let (call_ns, caller) = self.calls.get(at)?;
        if *caller != publisher {
            return Some(*call_ns);
        }
        self.calls.get(self.others[at]).map(|(call_ns, _)| *call_ns)
    }
}

fn overtaken(
    trace: &Trace<'_>,
    life: &Life,
    item: u32,
    before: u32,
    findings: &mut Findings<'_, '_>,
) {
    findings.violated(Check::Causality, || {
        let (first, second) = (message(trace, item), message(trace, before));
        let sentence = format!(
            "{} received {first} after {second}, though {} had received {first} before {second} \
             was published",
            subscriber_name(trace, life.subscriber),
            subscriber_name(trace, first_receiver(trace, item).unwrap_or(life.subscriber)),
        );
        at_life(trace, life, &[item, before], sentence)
    });
}

/// Who received an item first.
fn first_receiver(trace: &Trace<'_>, item: u32) -> Option<usize> {
    let receptions = trace.lives.iter().flat_map(|life| {
        let own = life.arrivals.iter();
        let own = own.filter(move |arrival| arrival.item == item && arrival.order == Order::Kept);
        own.map(|arrival| (trace.received(life, arrival.at).receive_ns, life.subscriber))
    });
    receptions.min().map(|(_, subscriber)| subscriber)
}
