//! Faults within a phase, and after it: what lasts is undone before the fence, and who was cut off
//! does nothing more. Anything else would be waited for in vain.
//!
//! A wild scenario need not undo what lasts of subscribers, and may kill the broker: after that nothing
//! is waited for.

use std::ops::Range;

use super::super::{Action, Bus, Case, Deed, Fault, Operation, Publish, Target, Trigger, Victim};
use crate::scenario::Reader;

/// Something of a phase, and where it stands.
pub(super) type Placed<T> = (T, Range<usize>);

/// Who has no way to the broker any more, by the phases read so far.
pub(super) struct CutOff {
    wild: bool,
    /// What cut somebody off.
    faults: Vec<Fault>,
    /// Whether the broker's folder is gone: nothing brings it back.
    is_vanished: bool,
    /// Whether everybody comes back whose connection ends.
    returns: bool,
}

impl CutOff {
    /// Nobody yet.
    pub(super) fn new(wild: bool) -> Self {
        Self { wild, faults: Vec::new(), is_vanished: false, returns: false }
    }

    /// Whether somebody can do nothing more; nobody can without a broker.
    pub(super) fn has(&self, role: Victim) -> bool {
        let is_cut = |role: Victim| self.faults.iter().any(|fault| fault.victim == role);
        is_cut(role) || is_cut(Victim::Broker)
    }
}

/// Refuses what nobody could do, or what would never end.
pub(super) fn check_phase(
    reader: &Reader<'_>,
    publish: &[Placed<Publish>],
    actions: &[Placed<Action>],
    cut_off: &mut CutOff,
) {
    for (share, span) in publish {
        if cut_off.has(Victim::Publisher(share.publisher)) {
            let label = "name the publishers that are left";
            reader.problem(span, "a publisher that was cut off in an earlier phase", label);
        }
    }
    let faults = || actions.iter().filter_map(|(action, _)| action.operation.fault());
    cut_off.returns |= faults().any(|fault| fault.deed.returns());
    let mut all = cut_off.faults.iter().copied().chain(faults());
    let stays_and_comes_back = cut_off.returns && all.any(cuts_connection);
    for (action, span) in actions {
        if cut_off.has(concerns(&action.operation)) {
            reader.problem(span, "this role was cut off before", "nothing more can be done to it");
        }
        let Some(fault) = action.operation.fault() else { continue };
        check_broker(reader, fault, cut_off.wild, span);
        if fault.deed == Deed::Vanish && std::mem::replace(&mut cut_off.is_vanished, true) {
            reader.problem(span, "the broker's folder vanishes twice", "leave one of them out");
        }
        if stays_and_comes_back && (cuts_connection(fault) || fault.deed.returns()) {
            let title =
                "who is cut off here comes back, as everybody does with a `break` or `restart`";
            let label =
                "`break` the connection, or `kill` the process, or give it a scenario of its own";
            reader.problem(span, title, label);
        }
        if fault.deed.cuts_off() {
            check_cut(reader, actions, fault.victim, span);
        } else if fault.deed.undoes() {
            check_undoing(reader, actions, fault, span);
        } else if fault.deed.undone_by().is_some() {
            check_lasting(reader, actions, (action, fault), cut_off.wild, span);
        }
    }
    cut_off.faults.extend(faults().filter(|fault| fault.deed.cuts_off()));
}

/// Whether somebody loses a connection for good.
fn cuts_connection(fault: Fault) -> bool {
    fault.deed.cuts_off() && fault.deed.target() == Target::Connection
}

/// The buses on which a fault can befall nobody, with the reason; those that the scenario names
/// itself are left to it.
pub(super) fn not_applicable(case: &Case) -> Vec<(Bus, String)> {
    let named = |bus: &Bus| case.not_applicable.iter().any(|(one, _)| one == bus);
    let others = Bus::ALL.into_iter().filter(|bus| !named(bus));
    others.filter_map(|bus| Some((bus, case.shares_a_process(bus)?))).collect()
}

fn check_broker(reader: &Reader<'_>, fault: Fault, wild: bool, span: &Range<usize>) {
    if fault == (Fault { deed: Deed::Kill, victim: Victim::Broker }) && !wild {
        let label = "say `faults = \"wild\"`, and safety alone is judged";
        reader.problem(span, "after the broker's end nothing can be fenced", label);
    }
}

fn check_cut(reader: &Reader<'_>, actions: &[Placed<Action>], victim: Victim, span: &Range<usize>) {
    let own = actions.iter().filter(|(action, _)| concerns(&action.operation) == victim);
    if own.count() > 1 {
        let label = "do it in an earlier phase, or leave it out";
        let title = "something else is done to this role in the phase it is cut off in";
        reader.problem(span, title, label);
    }
}

fn check_undoing(
    reader: &Reader<'_>,
    actions: &[Placed<Action>],
    undoing: Fault,
    span: &Range<usize>,
) {
    let mut faults = actions.iter().filter_map(|(action, _)| action.operation.fault());
    let undone = |fault: &Fault| fault.deed.undone_by() == Some(undoing.deed);
    if !faults.any(|fault| fault.victim == undoing.victim && undone(&fault)) {
        let (title, label) = match undoing.deed.target() {
            Target::Process => ("this thaws what was never frozen", "freeze it in the same phase"),
            Target::Connection | Target::Folder => {
                ("this heals what nothing was done to", "do something to it in the same phase")
            }
        };
        reader.problem(span, title, label);
    }
}

fn check_lasting(
    reader: &Reader<'_>,
    actions: &[Placed<Action>],
    (action, fault): (&Action, Fault),
    wild: bool,
    span: &Range<usize>,
) {
    let Some(undo) = fault.deed.undone_by() else { return };
    let of_victim = |wanted: &dyn Fn(Deed) -> bool| -> Vec<&Action> {
        let is_wanted = |action: &&Action| {
            let found = action.operation.fault();
            found.is_some_and(|found| found.victim == fault.victim && wanted(found.deed))
        };
        actions.iter().map(|(action, _)| action).filter(is_wanted).collect()
    };
    let once = of_victim(&|deed| deed.undone_by() == Some(undo)).len() == 1;
    let undoings = of_victim(&|deed| deed == undo);
    let undone = match undoings[..] {
        [undone] => undone,
        // Publishers would never be done with their shares, but for those of others.
        [] if wild && (!fault.deed.holds_up() || matches!(fault.victim, Victim::Subscriber(_))) => {
            return;
        }
        _ => {
            let title = format!("this is not undone by one `{}`", undo.as_str());
            let label = format!("a `{}` of the same role belongs into its phase", undo.as_str());
            reader.problem(span, title, label);
            return;
        }
    };
    if let Some(why) = why_never(fault, action.trigger, undone.trigger, once) {
        let label = "undo it later, by the events of one that keeps running";
        reader.problem(span, why, label);
    }
}

/// Why what lasts from one trigger to the other would not be undone, or never begun.
fn why_never(fault: Fault, from: Trigger, to: Trigger, once: bool) -> Option<&'static str> {
    let freezes = fault.deed == Deed::Freeze;
    match (from, to) {
        _ if !once => Some("two such things are done to it in one phase"),
        (Trigger::End, _) | (_, Trigger::Start) => Some("it is undone before it is done"),
        (_, Trigger::End) if freezes && matches!(fault.victim, Victim::Publisher(_)) => {
            Some("the phase ends when this publisher is done, and frozen it never is")
        }
        (_, Trigger::AfterPublished(by, _)) if freezes && fault.victim == Victim::Publisher(by) => {
            Some("the thaw waits for events of whom it thaws")
        }
        (_, Trigger::AfterReceived(by, _))
            if fault.deed.holds_up()
                && [Victim::Subscriber(by), Victim::Broker].contains(&fault.victim) =>
        {
            Some("what undoes it waits for arrivals that it holds up")
        }
        (Trigger::Start, _) | (_, Trigger::End) => None,
        (Trigger::AfterPublished(one, first), Trigger::AfterPublished(other, then))
        | (Trigger::AfterReceived(one, first), Trigger::AfterReceived(other, then))
            if one == other && first < then =>
        {
            None
        }
        _ => Some("the two count different events, or it is undone before it is done"),
    }
}

/// Whose doing or suffering an action is.
fn concerns(operation: &Operation) -> Victim {
    match *operation {
        Operation::Subscribe(subscriber)
        | Operation::Unsubscribe(subscriber)
        | Operation::DropReceiver(subscriber)
        | Operation::StopReading(subscriber)
        | Operation::ResumeReading(subscriber) => Victim::Subscriber(subscriber),
        Operation::PublishOne(publisher) => Victim::Publisher(publisher),
        Operation::Fault(Fault { victim, .. }) => victim,
        Operation::UnsubscribeUnknown | Operation::Shutdown(_) => Victim::Broker,
    }
}
