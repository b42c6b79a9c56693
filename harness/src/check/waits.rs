//! C14: a publish that found no room waited for its limit, and not for longer.
//!
//! Only a case that sets the limit can be held to it. The slack is far above any schedule's jitter:
//! this tells a wait without a limit from one with it, and measures nothing.

use super::findings::{Findings, Witness, message, publisher_name};
use super::report::Check;
use super::trace::Trace;
use crate::record::Outcome;

/// How much longer than its limit a call may take on a busy host, nanoseconds.
const SLACK_NS: u64 = 10_000_000_000;

/// Looks at every publish that gave up, and at how long each took.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    let Some(limit_ms) = trace.case.topology.bus.publish_limit_ms else { return };
    let most_ns = limit_ms.saturating_mul(1_000_000).saturating_add(SLACK_NS);
    for (number, item) in (0_u32..).zip(&trace.items) {
        let took_ns = item.published.return_ns.saturating_sub(item.published.call_ns);
        let gave_up = item.published.outcome == Outcome::Timeout;
        findings.judged(Check::Waits, u64::from(gave_up || took_ns > most_ns));
        if took_ns > most_ns {
            let publisher = usize::from(item.publisher);
            findings.violated(Check::Waits, || Witness {
                sentence: format!(
                    "{} waited {} ms to publish {}, though its limit is {limit_ms} ms",
                    publisher_name(trace, publisher),
                    took_ns / 1_000_000,
                    message(trace, number),
                ),
                publisher: Some(publisher),
                subscriber: None,
                messages: vec![message(trace, number)],
            });
        }
    }
}
