//! C4: events of one publisher and lane arrive in the order they were published in.

use super::findings::{Findings, at_life, message, publisher_name, subscriber_name};
use super::life::{Life, Order};
use super::report::Check;
use super::trace::Trace;

/// Looks at every arrival that follows another of the same publisher and lane.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    for life in &trace.lives {
        let mut latest = trace.slots(None::<u32>);
        for arrival in &life.arrivals {
            let item = &trace.items[arrival.item as usize];
            let (false, Some(slot)) = (item.is_fence(), item.slot()) else { continue };
            findings.judged(Check::Fifo, u64::from(latest[slot].is_some()));
            match (arrival.order, latest[slot]) {
                (Order::Kept, _) => latest[slot] = Some(arrival.item),
                (Order::Overtaken, Some(later)) => {
                    overtaken(trace, life, arrival.item, later, findings);
                }
                _ => {}
            }
        }
    }
}

fn overtaken(
    trace: &Trace<'_>,
    life: &Life,
    item: u32,
    later: u32,
    findings: &mut Findings<'_, '_>,
) {
    findings.violated(Check::Fifo, || {
        let published = &trace.items[item as usize];
        let sentence = format!(
            "{} received {} after {}, though {} published {} first",
            subscriber_name(trace, life.subscriber),
            message(trace, item),
            message(trace, later),
            publisher_name(trace, usize::from(published.publisher)),
            published.published.sequence,
        );
        at_life(trace, life, &[item, later], sentence)
    });
}
