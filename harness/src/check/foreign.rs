//! C2: what must not arrive did not: no match, published after the end, settled before the
//! beginning, never published at all. C7: an event its publisher was refused reached nobody.
//!
//! What there was to judge is counted by `delivery`, which walks all events anyway.

use super::findings::{Findings, Witness, at_life, message, publisher_name, subscriber_name};
use super::life::Life;
use super::regions::{Region, WhyNot, region};
use super::report::{Check, Message};
use super::trace::Trace;
use crate::record::{FENCE, UNKNOWN_PUBLISHER};

/// Looks at every arrival.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    for life in &trace.lives {
        for arrival in &life.arrivals {
            if !trace.items[arrival.item as usize].is_fence()
                && let Region::MustNot(why) = region(trace, life, arrival.item as usize)
            {
                intruder(trace, life, arrival.item, why, findings);
            }
        }
        for at in &life.strangers {
            findings.judged(Check::Foreign, 1);
            findings.violated(Check::Foreign, || stranger(trace, life, *at));
        }
    }
}

fn intruder(
    trace: &Trace<'_>,
    life: &Life,
    item: u32,
    why: WhyNot,
    findings: &mut Findings<'_, '_>,
) {
    let check = if why == WhyNot::Refused { Check::Refused } else { Check::Foreign };
    findings.violated(check, || {
        let subscriber = subscriber_name(trace, life.subscriber);
        let reason = match why {
            WhyNot::NoMatch => "which does not match its subscription".to_owned(),
            WhyNot::Ended => "which was published after its subscription had ended".to_owned(),
            WhyNot::Earlier => "which was settled before it subscribed".to_owned(),
            WhyNot::Refused => format!(
                "although its publisher was told that it was not taken ({:?})",
                trace.items[item as usize].published.outcome
            ),
        };
        let sentence = format!("{subscriber} received {}, {reason}", message(trace, item));
        at_life(trace, life, &[item], sentence)
    });
}

fn stranger(trace: &Trace<'_>, life: &Life, at: u32) -> Witness {
    let received = trace.received(life, at);
    let subscriber = subscriber_name(trace, life.subscriber);
    let known = (received.publisher != UNKNOWN_PUBLISHER).then(|| usize::from(received.publisher));
    let publisher = known.map_or("somebody unknown", |index| publisher_name(trace, index));
    let sequence = received.sequence & !FENCE;
    Witness {
        sentence: format!(
            "{subscriber} received number {sequence} of {publisher}, which nobody published"
        ),
        publisher: known,
        subscriber: Some(life.subscriber),
        messages: vec![Message { publisher: publisher.to_owned(), sequence }],
    }
}
