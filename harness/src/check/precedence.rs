//! C5 where `publish` waits for the bus to accept: a publish that returned before another was
//! called, by whomever, comes first at every subscriber. Not for `fire` publishers (V9).

use super::findings::{Findings, at_life, message, subscriber_name};
use super::life::{Life, Order};
use super::report::Check;
use super::trace::{Lane, Trace};
use crate::record::Outcome;

/// Keeps the latest call among the arrivals so far and compares every return with it.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    if trace.publishers_wait() {
        trace.lives.iter().for_each(|life| check_life(trace, life, findings));
    }
}

fn check_life(trace: &Trace<'_>, life: &Life, findings: &mut Findings<'_, '_>) {
    let mut latest = [None::<u32>; Lane::COUNT];
    for arrival in life.arrivals.iter().filter(|arrival| arrival.order == Order::Kept) {
        let item = &trace.items[arrival.item as usize];
        let (false, Some(lane)) = (item.is_fence(), item.lane) else { continue };
        if item.published.outcome != Outcome::Ok {
            continue;
        }
        let Some(before) = latest[lane.index()] else {
            latest[lane.index()] = Some(arrival.item);
            continue;
        };
        let earlier = &trace.items[before as usize];
        findings.judged(Check::Precedence, u64::from(earlier.publisher != item.publisher));
        if item.published.return_ns < earlier.published.call_ns {
            overtaken(trace, life, arrival.item, before, findings);
        }
        if item.published.call_ns > earlier.published.call_ns {
            latest[lane.index()] = Some(arrival.item);
        }
    }
}

fn overtaken(
    trace: &Trace<'_>,
    life: &Life,
    item: u32,
    before: u32,
    findings: &mut Findings<'_, '_>,
) {
    findings.violated(Check::Precedence, || {
        let (first, second) = (message(trace, item), message(trace, before));
        let sentence = format!(
            "{} received {first} after {second}, though {first} had been accepted before {second} \
             was published",
            subscriber_name(trace, life.subscriber),
        );
        at_life(trace, life, &[item, before], sentence)
    });
}
