//! Triggers that are never reached by the plan alone: what they begin would be waited for in vain.

use super::super::{Action, Count, Operation, Publish, Trigger, Victim};
use super::faults::{CutOff, Placed};
use crate::scenario::Reader;

/// Refuses what waits for events of one that has no more of them. `cut_off` is who was cut off in an
/// earlier phase.
pub(super) fn check_phase(
    reader: &Reader<'_>,
    publish: &[Placed<Publish>],
    actions: &[Placed<Action>],
    cut_off: &CutOff,
) {
    for (action, span) in actions {
        if let Some(why) = why_never(publish, actions, cut_off, action.trigger) {
            reader.problem(span, "this is waited for in vain", why);
        }
    }
}

fn why_never(
    publish: &[Placed<Publish>],
    actions: &[Placed<Action>],
    cut_off: &CutOff,
    trigger: Trigger,
) -> Option<String> {
    match trigger {
        Trigger::Start | Trigger::End => None,
        Trigger::AfterPublished(publisher, events) => {
            let planned = planned(publish, actions, publisher).filter(|planned| *planned < events);
            let too_few = planned.map(|planned| format!("it publishes {planned} in this phase"));
            too_few.or_else(|| cut_before(actions, Victim::Publisher(publisher), events))
        }
        Trigger::AfterReceived(subscriber, events) => {
            let victim = Victim::Subscriber(subscriber);
            if cut_off.has(victim) {
                return Some("it was cut off in an earlier phase, and receives nothing".to_owned());
            }
            cut_before(actions, victim, events)
        }
    }
}

/// Events a publisher has in the phase; `None` where the plan does not say how many.
fn planned(
    publish: &[Placed<Publish>],
    actions: &[Placed<Action>],
    publisher: usize,
) -> Option<u64> {
    let one_more = Operation::PublishOne(publisher);
    if actions.iter().any(|(action, _)| action.operation == one_more) {
        return None;
    }
    let own = publish.iter().filter(|(share, _)| share.publisher == publisher);
    own.map(|(share, _)| match share.count {
        Count::Events(events) => Some(events),
        Count::ForMs(_) | Count::UntilRefused => None,
    })
    .sum()
}

/// Why one that is cut off in the same phase does not come so far.
fn cut_before(actions: &[Placed<Action>], victim: Victim, events: u64) -> Option<String> {
    let cuts = actions.iter().map(|(action, _)| action).filter(|action| {
        let fault = action.operation.fault();
        fault.is_some_and(|fault| fault.victim == victim && fault.deed.cuts_off())
    });
    let mut reached = cuts.filter_map(|action| match (action.trigger, victim) {
        (Trigger::Start, _) => Some(0),
        (Trigger::AfterPublished(one, first), Victim::Publisher(own))
        | (Trigger::AfterReceived(one, first), Victim::Subscriber(own))
            if one == own =>
        {
            Some(first)
        }
        _ => None,
    });
    let first = reached.find(|first| *first < events)?;
    Some(match first {
        0 => "it is cut off at the start of this phase".to_owned(),
        first => format!("it is cut off after {first} in this phase"),
    })
}
