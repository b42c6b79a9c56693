//! C13: after `shutdown` returned, publishes are refused; receivers drain and end, and none ends
//! before something ended it. A receiver that was cut off ends, too. What was accepted is
//! `delivery`'s to follow.

use super::findings::{Findings, Witness, message, publisher_name, subscriber_name};
use super::life::EndedBy;
use super::losses::is_only_life;
use super::report::Check;
use super::trace::Trace;
use crate::plan::{Operation, Victim};
use crate::record::Outcome;

/// Looks at publishes after a shutdown, and at the end of every receiver.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    let shutdowns = trace.history.operations.iter();
    let closed_ns = shutdowns
        .filter(|operated| matches!(operated.operation, Operation::Shutdown(_)))
        .map(|operated| operated.return_ns)
        .min();
    if let Some(closed_ns) = closed_ns {
        (0..trace.history.publishers.len())
            .for_each(|publisher| check_publisher(trace, publisher, closed_ns, findings));
    }
    check_ends(trace, findings);
}

/// A publisher in another process may be told later than the call returned: until its first
/// refusal it is not held to know.
fn check_publisher(
    trace: &Trace<'_>,
    publisher: usize,
    closed_ns: u64,
    findings: &mut Findings<'_, '_>,
) {
    let mut knows = trace.publishers_wait();
    for number in trace.items_of(publisher) {
        let published = trace.items[number].published;
        if published.call_ns <= closed_ns {
            continue;
        }
        let refused = published.outcome == Outcome::Closed
            || (!trace.publishers_wait() && published.outcome == Outcome::Unknown);
        findings.judged(Check::Shutdown, u64::from(knows || refused));
        if knows && !refused {
            findings.violated(Check::Shutdown, || {
                let number = u32::try_from(number).expect("items are numbered in 32 bits");
                Witness {
                    sentence: format!(
                        "{} published {} after the bus was shut down and got {:?} instead of \
                         Closed",
                        publisher_name(trace, publisher),
                        message(trace, number),
                        published.outcome
                    ),
                    publisher: Some(publisher),
                    subscriber: None,
                    messages: vec![message(trace, number)],
                }
            });
        }
        knows |= refused;
    }
}

fn check_ends(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    for (subscriber, log) in trace.history.subscribers.iter().enumerate() {
        let Some(last) = trace.lives.iter().rfind(|life| life.subscriber == subscriber) else {
            continue;
        };
        let must_end = match last.end.map(|end| end.by) {
            Some(EndedBy::Drop) => continue,
            // The dead see nothing end.
            Some(EndedBy::CutOff) if trace.case.kills(Victim::Subscriber(subscriber)) => continue,
            Some(EndedBy::Shutdown | EndedBy::Unsubscribe) if !last.reads_all => continue,
            Some(EndedBy::CutOff | EndedBy::Shutdown | EndedBy::Unsubscribe) => true,
            // The log does not tell which of several receivers ended.
            None if !is_only_life(trace, last) => continue,
            // Whoever was stopped for long may have been given up by the other end.
            None if trace.case.wild => continue,
            None => false,
        };
        findings.judged(Check::Shutdown, 1);
        if log.ended != must_end {
            let name = subscriber_name(trace, subscriber);
            let sentence = if must_end {
                format!("the receiver of {name} never ended, though its subscription did")
            } else {
                format!("the receiver of {name} ended, though nothing ended its subscription")
            };
            findings.violated(Check::Shutdown, || Witness {
                sentence,
                publisher: None,
                subscriber: Some(subscriber),
                messages: Vec::new(),
            });
        }
    }
}
