//! C3: at most once per subscription, however many of its patterns match. Fences may be sent
//! again, hence are left out.

use super::findings::{Findings, at_life, message, subscriber_name};
use super::life::Order;
use super::report::Check;
use super::trace::Trace;

/// Looks at every arrival.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    for life in &trace.lives {
        findings.judged(Check::Duplicates, life.arrivals.len() as u64);
        for arrival in life.arrivals.iter().filter(|arrival| arrival.order == Order::Repeated) {
            findings.violated(Check::Duplicates, || {
                let sentence = format!(
                    "{} received {} more than once on one subscription",
                    subscriber_name(trace, life.subscriber),
                    message(trace, arrival.item)
                );
                at_life(trace, life, &[arrival.item], sentence)
            });
        }
    }
}
