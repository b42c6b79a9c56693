//! Whether each fault of the plan hit its window: a process that was killed when all was over has
//! shown nothing. What missed makes the case inconclusive, never a pass.

use super::oracle::Match;
use super::trace::{Item, Trace};
use crate::plan::{Count, Deed, Fault, Operation, Trigger, Victim};
use crate::record::{Operated, Outcome};

/// The faults that missed, each as a sentence.
pub(crate) fn missed(trace: &Trace<'_>) -> Vec<String> {
    trace.case.faults().filter_map(|(phase, fault)| miss(trace, phase, fault)).collect()
}

fn miss(trace: &Trace<'_>, phase: u32, fault: Fault) -> Option<String> {
    let (deed, name) = (fault.deed.as_str(), fault.victim.name(trace.case));
    let Some(done) = done(trace, phase, fault) else {
        return Some(format!("{deed} of {name} was never done"));
    };
    let why = match (fault.deed, fault.victim) {
        (Deed::Kill, Victim::Publisher(index)) => {
            (!had_more_to_publish(trace, index, done)).then_some("it had nothing left to publish")
        }
        (Deed::Kill, victim) => {
            let after = Window { phase, from_ns: done.return_ns, until_ns: u64::MAX };
            (after.work_for(trace, victim) == 0).then_some("nothing for it was published after it")
        }
        (Deed::Freeze, victim) => {
            let thaw = Fault { deed: Deed::Thaw, victim };
            let until_ns = self::done(trace, phase, thaw).map_or(done.return_ns, |it| it.call_ns);
            let meanwhile = Window { phase, from_ns: done.return_ns, until_ns };
            match victim {
                Victim::Publisher(index) => (!goes_on(trace, index, phase, until_ns))
                    .then_some("it had nothing left to publish"),
                _ => (meanwhile.work_for(trace, victim) < least(trace, phase, victim))
                    .then_some("too little for it was published while it lasted"),
            }
        }
        (Deed::Thaw, _) => None,
    };
    why.map(|why| format!("{deed} of {name}: {why}"))
}

fn done<'a>(trace: &Trace<'a>, phase: u32, fault: Fault) -> Option<&'a Operated> {
    let mut operations = trace.history.operations.iter();
    operations.find(|one| one.phase == phase && one.operation == Operation::Fault(fault))
}

/// A stretch of a phase, both ends left out.
struct Window {
    phase: u32,
    from_ns: u64,
    until_ns: u64,
}

impl Window {
    /// How much was published in it that this process had a part in.
    fn work_for(&self, trace: &Trace<'_>, victim: Victim) -> u64 {
        let concerns = |number: usize| match victim {
            Victim::Subscriber(index) => trace.matches(index, number) == Match::Yes,
            Victim::Broker | Victim::Publisher(_) => true,
        };
        let within = |item: &Item| {
            let call_ns = item.published.call_ns;
            is_event_of(item, self.phase)
                && item.published.outcome == Outcome::Ok
                && (self.from_ns + 1..self.until_ns).contains(&call_ns)
        };
        let items = trace.items.iter().enumerate();
        items.filter(|(number, item)| within(item) && concerns(*number)).count() as u64
    }
}

/// How much must be published during a freeze: something, and half of what lies between its two
/// triggers where both count the same events.
fn least(trace: &Trace<'_>, phase: u32, victim: Victim) -> u64 {
    let actions = &trace.case.phases[phase as usize].actions;
    let trigger = |deed| {
        let wanted = Operation::Fault(Fault { deed, victim });
        actions.iter().find(|action| action.operation == wanted).map(|action| action.trigger)
    };
    match (trigger(Deed::Freeze), trigger(Deed::Thaw)) {
        (
            Some(Trigger::AfterPublished(_, first) | Trigger::AfterReceived(_, first)),
            Some(Trigger::AfterPublished(_, then) | Trigger::AfterReceived(_, then)),
        ) => (then.saturating_sub(first) / 2).max(1),
        _ => 1,
    }
}

/// Whether a publisher published more after this moment.
fn goes_on(trace: &Trace<'_>, publisher: usize, phase: u32, from_ns: u64) -> bool {
    let mut own = trace.items_of(publisher).map(|number| &trace.items[number]);
    own.any(|item| is_event_of(item, phase) && item.published.call_ns > from_ns)
}

/// Whether a publisher that was killed had not done all of its share.
fn had_more_to_publish(trace: &Trace<'_>, publisher: usize, kill: &Operated) -> bool {
    let phase = kill.phase;
    let own = || trace.items_of(publisher).map(|number| &trace.items[number].published);
    let called = own().filter(|one| one.phase == phase).count() as u64;
    let began_ns = own().find(|one| one.phase == phase).map_or(u64::MAX, |one| one.call_ns);
    let mut shares = trace.case.phases[phase as usize].publish.iter();
    shares.any(|share| {
        share.publisher == publisher
            && match share.count {
                Count::Events(events) => called < events,
                Count::ForMs(ms) => {
                    kill.return_ns < began_ns.saturating_add(ms.saturating_mul(1_000_000))
                }
                Count::UntilRefused => own()
                    .next_back()
                    .is_none_or(|last| matches!(last.outcome, Outcome::Ok | Outcome::Unknown)),
            }
    })
}

fn is_event_of(item: &Item, phase: u32) -> bool {
    !item.is_fence() && item.published.phase == phase
}
