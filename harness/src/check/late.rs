//! C4 for fences: once a fence has come through a subscription, nothing its publisher published
//! before it in its lane is still to come.

use super::findings::{Findings, at_life, message, subscriber_name};
use super::life::Order;
use super::report::Check;
use super::trace::Trace;

/// Looks at every fence that came through the subscription itself, and at what came after it.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    for life in &trace.lives {
        for arrival in &life.arrivals {
            let binds = trace.binds(life.subscriber, arrival.item as usize);
            findings.judged(Check::Late, u64::from(binds));
            if arrival.order == Order::AfterFence {
                findings.violated(Check::Late, || {
                    let sentence = format!(
                        "{} received {} after a fence that its publisher sent later",
                        subscriber_name(trace, life.subscriber),
                        message(trace, arrival.item)
                    );
                    at_life(trace, life, &[arrival.item], sentence)
                });
            }
        }
    }
}
