//! C10: whoever dropped its receiver, died or was cut off is gone at its next match: the bus counts
//! for it no more.
//!
//! That nobody else was disturbed is for the checks of the others' deliveries.

use super::conservation::{counted_phase, is_counted};
use super::findings::{Findings, Witness, subscriber_name};
use super::life::{End, EndedBy, Life};
use super::oracle::Match;
use super::report::Check;
use super::trace::Trace;
use crate::record::Outcome;

/// Looks for subscriptions whose receiver was dropped in the counters of the last fence.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    let Some(statistics) = &trace.history.statistics else { return };
    for life in trace.lives.iter().filter(|life| must_be_gone(trace, life)) {
        let id = &trace.case.topology.subscribers[life.subscriber].subscription.subscriber_id;
        findings.judged(Check::Departures, 1);
        if statistics.subscriptions.iter().any(|row| row.subscriber_id == *id) {
            findings.violated(Check::Departures, || Witness {
                sentence: format!(
                    "the bus still counts for {}, which had left before its last match",
                    subscriber_name(trace, life.subscriber)
                ),
                publisher: None,
                subscriber: Some(life.subscriber),
                messages: Vec::new(),
            });
        }
    }
}

/// Whether something that matches was accepted after it had left, before the counters were taken, and
/// nobody took the id again.
fn must_be_gone(trace: &Trace<'_>, life: &Life) -> bool {
    let left = |end: &End| matches!(end.by, EndedBy::Drop | EndedBy::CutOff);
    let Some(end) = life.end.filter(left) else { return false };
    let id =
        |life: &Life| &trace.case.topology.subscribers[life.subscriber].subscription.subscriber_id;
    let phase = counted_phase(trace);
    let again =
        trace.lives.iter().any(|other| other.call_ns > life.call_ns && id(other) == id(life));
    let next_match = |number: usize| {
        let published = trace.items[number].published;
        published.call_ns > end.return_ns
            && published.outcome == Outcome::Ok
            && trace.matches(life.subscriber, number) == Match::Yes
            && is_counted(trace, number, phase)
    };
    !again && (0..trace.items.len()).any(next_match)
}
