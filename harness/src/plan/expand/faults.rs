//! Faults within a phase, and after it: what is frozen is thawed before the fence, and what was
//! killed does nothing more. Anything else would be waited for in vain.

use std::ops::Range;

use super::super::{Action, Bus, Case, Deed, Fault, Operation, Publish, Trigger, Victim};
use crate::scenario::Reader;

/// Something of a phase, and where it stands.
pub(super) type Placed<T> = (T, Range<usize>);

/// Who was killed in the phases read so far.
#[derive(Default)]
pub(super) struct Killed(Vec<Victim>);

/// Refuses what nobody could do, or what would never end.
pub(super) fn check_phase(
    reader: &Reader<'_>,
    publish: &[Placed<Publish>],
    actions: &[Placed<Action>],
    killed: &mut Killed,
) {
    for (share, span) in publish {
        if killed.0.contains(&Victim::Publisher(share.publisher)) {
            let label = "name the publishers that are left";
            reader.problem(span, "a publisher that was killed in an earlier phase", label);
        }
    }
    for (action, span) in actions {
        if concerns(&action.operation).is_some_and(|role| killed.0.contains(&role)) {
            reader.problem(span, "this role was killed before", "nothing more can be done to it");
        }
        match action.operation.fault() {
            Some(Fault { deed: Deed::Kill, victim }) => check_kill(reader, actions, victim, span),
            Some(Fault { deed: Deed::Freeze, victim }) => {
                check_freeze(reader, actions, action, victim, span);
            }
            Some(Fault { deed: Deed::Thaw, victim })
                if of(actions, Deed::Freeze, victim).count() == 0 =>
            {
                let label = "freeze it in the same phase";
                reader.problem(span, "this thaws what was never frozen", label);
            }
            Some(Fault { deed: Deed::Thaw, .. }) | None => {}
        }
    }
    let faults = actions.iter().filter_map(|(action, _)| action.operation.fault());
    killed.0.extend(faults.filter(|fault| fault.deed == Deed::Kill).map(|fault| fault.victim));
}

/// The buses on which somebody has no process of its own, with the reason; those that the
/// scenario names itself are left to it.
pub(super) fn not_applicable(case: &Case) -> Vec<(Bus, String)> {
    let named = |bus: &Bus| case.not_applicable.iter().any(|(one, _)| one == bus);
    let others = Bus::ALL.into_iter().filter(|bus| !named(bus));
    others.filter_map(|bus| Some((bus, case.shares_a_process(bus)?))).collect()
}

fn check_kill(
    reader: &Reader<'_>,
    actions: &[Placed<Action>],
    victim: Victim,
    span: &Range<usize>,
) {
    let own = actions.iter().filter(|(action, _)| concerns(&action.operation) == Some(victim));
    if victim == Victim::Broker {
        let label = "kill a subscriber or a publisher, or freeze the broker";
        reader.problem(span, "a killed broker ends the case", label);
    } else if own.count() > 1 {
        let label = "do it in an earlier phase, or leave it out";
        reader.problem(span, "something else is done to this role in the phase it dies in", label);
    }
}

fn check_freeze(
    reader: &Reader<'_>,
    actions: &[Placed<Action>],
    freeze: &Action,
    victim: Victim,
    span: &Range<usize>,
) {
    let thaws: Vec<&Action> = of(actions, Deed::Thaw, victim).collect();
    let once = of(actions, Deed::Freeze, victim).count() == 1;
    let [thaw] = thaws[..] else {
        let label = "a `thaw` of the same role belongs into the same phase, before its fence";
        reader.problem(span, "this is never thawed, or more than once", label);
        return;
    };
    let why = match (freeze.trigger, thaw.trigger) {
        _ if !once => Some("it is frozen twice in one phase"),
        (Trigger::End, _) | (_, Trigger::Start) => Some("it is thawed before it is frozen"),
        (_, Trigger::End) if matches!(victim, Victim::Publisher(_)) => {
            Some("the phase ends when this publisher is done, and frozen it never is")
        }
        (_, Trigger::AfterPublished(by, _)) if victim == Victim::Publisher(by) => {
            Some("the thaw waits for events of whom it thaws")
        }
        (_, Trigger::AfterReceived(by, _))
            if victim == Victim::Subscriber(by) || victim == Victim::Broker =>
        {
            Some("the thaw waits for arrivals that a frozen process holds up")
        }
        (Trigger::Start, _) | (_, Trigger::End) => None,
        (Trigger::AfterPublished(one, first), Trigger::AfterPublished(other, then))
        | (Trigger::AfterReceived(one, first), Trigger::AfterReceived(other, then))
            if one == other && first < then =>
        {
            None
        }
        _ => Some("freeze and thaw count different events, or the thaw comes first"),
    };
    if let Some(why) = why {
        reader.problem(span, why, "thaw it later, by the events of one that keeps running");
    }
}

fn of(actions: &[Placed<Action>], deed: Deed, victim: Victim) -> impl Iterator<Item = &Action> {
    let wanted = Operation::Fault(Fault { deed, victim });
    actions.iter().map(|(action, _)| action).filter(move |action| action.operation == wanted)
}

/// Whose doing or suffering an action is.
fn concerns(operation: &Operation) -> Option<Victim> {
    match *operation {
        Operation::Subscribe(subscriber)
        | Operation::Unsubscribe(subscriber)
        | Operation::DropReceiver(subscriber)
        | Operation::StopReading(subscriber)
        | Operation::ResumeReading(subscriber) => Some(Victim::Subscriber(subscriber)),
        Operation::PublishOne(publisher) => Some(Victim::Publisher(publisher)),
        Operation::Fault(Fault { victim, .. }) => Some(victim),
        Operation::UnsubscribeUnknown | Operation::Shutdown(_) => None,
    }
}
