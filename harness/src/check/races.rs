//! Whether what the plan does in the middle of publishing was done there: an unsubscribe when all was
//! over has shown nothing about its race with what is published. What missed makes the case
//! inconclusive, never a pass.
//!
//! A race hit its window when the one it concerns had something to receive both before and after
//! it, within its phase. Stamps of the same host decide, so a race is never taken on trust.

use super::oracle::Match;
use super::report::Reached;
use super::trace::Trace;
use crate::plan::{Case, Operation, Trigger};
use crate::record::Operated;

/// What each race of the plan met, one row for each side of it.
pub(crate) fn reached(trace: &Trace<'_>) -> Vec<Reached> {
    let done = trace.history.operations.iter().filter(|one| one.outcome == "ok");
    let races = done.filter_map(|one| Some((one, racing(trace.case, one)?)));
    races.flat_map(|(operated, subscriber)| sides(trace, operated, subscriber)).collect()
}

/// Whose subscription a race is about; `None` for what is done while nobody publishes.
fn racing(case: &Case, operated: &Operated) -> Option<usize> {
    let (Operation::Subscribe(subscriber)
    | Operation::Unsubscribe(subscriber)
    | Operation::DropReceiver(subscriber)) = operated.operation
    else {
        return None;
    };
    let phase = case.phases.get(operated.phase as usize)?;
    let meanwhile =
        |trigger| matches!(trigger, Trigger::AfterPublished(..) | Trigger::AfterReceived(..));
    let mut actions = phase.actions.iter();
    let is_it = |operation: &Operation| *operation == operated.operation;
    actions
        .any(|action| is_it(&action.operation) && meanwhile(action.trigger))
        .then_some(subscriber)
}

fn sides(trace: &Trace<'_>, operated: &Operated, subscriber: usize) -> [Reached; 2] {
    let (mut before, mut after) = (0, 0);
    for (number, item) in trace.items.iter().enumerate() {
        let published = item.published;
        let concerns = published.phase == operated.phase
            && !item.is_fence()
            && trace.matches(subscriber, number) == Match::Yes;
        before += u64::from(concerns && published.call_ns < operated.call_ns);
        after += u64::from(concerns && published.call_ns > operated.return_ns);
    }
    let name = &trace.case.topology.subscribers[subscriber].name;
    let row = |counted: &str, reached| Reached {
        what: format!("{} of {name}", verb(&operated.operation)),
        phase: operated.phase,
        counted: counted.to_owned(),
        reached,
        least: 1,
    };
    [row("events for it before it", before), row("events for it after it", after)]
}

fn verb(operation: &Operation) -> &'static str {
    match operation {
        Operation::Subscribe(_) => "subscribe",
        Operation::Unsubscribe(_) => "unsubscribe",
        _ => "drop-receiver",
    }
}
