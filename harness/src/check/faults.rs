//! Whether each fault of the plan hit its window: a process that was killed when all was over, or a
//! connection nothing passed, has shown nothing. What missed makes the case inconclusive, never a
//! pass.

use super::gaps;
use super::oracle::Match;
use super::report::Reached;
use super::trace::{Item, Trace};
use crate::plan::{Count, Deed, Fault, Operation, Target, Trigger, Victim};
use crate::record::{Operated, Outcome};

/// What each fault of the plan met.
pub(crate) fn reached(trace: &Trace<'_>) -> Vec<Reached> {
    trace.case.faults().flat_map(|(phase, fault)| meetings(trace, phase, fault)).collect()
}

/// What is counted of a fault, how many there were, and how many there must be.
type Met = (&'static str, u64, u64);

fn meetings(trace: &Trace<'_>, phase: u32, fault: Fault) -> Vec<Reached> {
    let met = match done(trace, phase, fault) {
        None => vec![("times it was done", 0, 1)],
        Some(done) => match fault.deed.undone_by() {
            Some(undo) => met_lasting(trace, fault, Fault { deed: undo, ..fault }, done),
            None if fault.deed.undoes() => Vec::new(),
            None if fault.deed.returns() => vec![met_once(trace, fault, done), cost(trace, phase)],
            None => vec![met_once(trace, fault, done)],
        },
    };
    let what = format!("{} of {}", fault.deed.as_str(), fault.victim.name(trace.case));
    let row = |(counted, reached, least): Met| Reached {
        what: what.clone(),
        phase,
        counted: counted.to_owned(),
        reached,
        least,
    };
    met.into_iter().map(row).collect()
}

/// What a fault met that is done once and for all. Publishers may learn of the end while it is still being
/// done: for them it is enough that they called once more after it had begun.
fn met_once(trace: &Trace<'_>, fault: Fault, done: &Operated) -> Met {
    let phase = done.phase;
    let calls_after = |publisher| calls_after(trace, publisher, phase, done.call_ns);
    match (fault.deed, fault.victim) {
        (Deed::Kill, Victim::Publisher(index)) => {
            ("shares it had not done", u64::from(had_more_to_publish(trace, index, done)), 1)
        }
        (_, Victim::Publisher(index)) => ("events it published after it", calls_after(index), 1),
        (_, Victim::Broker) => {
            let publishers = 0..trace.history.publishers.len();
            ("events published after it", publishers.map(calls_after).sum(), 1)
        }
        (_, victim @ Victim::Subscriber(_)) => {
            // Who comes back misses what is published until it is back.
            let from_ns = if fault.deed.returns() { done.call_ns } else { done.return_ns };
            let after = Window { phase, from_ns, until_ns: u64::MAX };
            ("events for it after it", after.work_for(trace, victim), 1)
        }
    }
}

/// How many events of its phase are missing, at all subscriptions that lose none by their policy: of those
/// whose publishers do not wait until they are delivered.
fn cost(trace: &Trace<'_>, phase: u32) -> Met {
    let lives = trace.lives.iter().filter(|life| life.lossless && life.reads_all);
    ("events it cost", lives.map(|life| gaps::missing(trace, life, phase)).sum(), 0)
}

/// What a fault met that lasted for a while.
fn met_lasting(trace: &Trace<'_>, fault: Fault, undo: Fault, begun: &Operated) -> Vec<Met> {
    let phase = begun.phase;
    let until_ns = done(trace, phase, undo).map_or(u64::MAX, |it| it.call_ns);
    let meanwhile = Window { phase, from_ns: begun.return_ns, until_ns };
    let worked = match (fault.deed, fault.victim) {
        // In a wild case nobody may have thawed it, and then it publishes nothing any more.
        (Deed::Freeze, Victim::Publisher(_)) if until_ns == u64::MAX => None,
        (Deed::Freeze, Victim::Publisher(index)) => {
            Some(("events it published after it", calls_after(trace, index, phase, until_ns), 1))
        }
        (_, victim) => {
            let least = least(trace, phase, fault, undo);
            Some(("events for it while it lasted", meanwhile.work_for(trace, victim), least))
        }
    };
    let on_connection = fault.deed.target() == Target::Connection;
    let passed =
        on_connection.then(|| ("bytes it had in its hands", touched(trace, phase, fault), 1));
    worked.into_iter().chain(passed).collect()
}

fn done<'a>(trace: &Trace<'a>, phase: u32, fault: Fault) -> Option<&'a Operated> {
    let mut operations = trace.history.operations.iter();
    operations.find(|one| one.phase == phase && one.operation == Operation::Fault(fault))
}

/// Bytes a fault had in its hands.
fn touched(trace: &Trace<'_>, phase: u32, fault: Fault) -> u64 {
    let touched = trace.history.touched.iter();
    touched.filter(|one| one.phase == phase && one.fault == fault).map(|one| one.bytes).sum()
}

/// A stretch of a phase, both ends left out.
struct Window {
    phase: u32,
    from_ns: u64,
    until_ns: u64,
}

impl Window {
    /// How much was published in it that this role had a part in.
    fn work_for(&self, trace: &Trace<'_>, victim: Victim) -> u64 {
        let concerns = |number: usize| match victim {
            Victim::Subscriber(index) => trace.matches(index, number) == Match::Yes,
            Victim::Publisher(index) => usize::from(trace.items[number].publisher) == index,
            Victim::Broker => true,
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

/// How much must be published while a fault lasts: something, and half of what lies between its two
/// triggers where both count the same events. A publisher whose own connection is stalled gets no
/// further than its buffers, so of it nothing more is asked.
fn least(trace: &Trace<'_>, phase: u32, fault: Fault, undo: Fault) -> u64 {
    if fault.deed == Deed::Stall && matches!(fault.victim, Victim::Publisher(_)) {
        return 1;
    }
    let actions = &trace.case.phases[phase as usize].actions;
    let trigger = |fault| {
        let wanted = Operation::Fault(fault);
        actions.iter().find(|action| action.operation == wanted).map(|action| action.trigger)
    };
    match (trigger(fault), trigger(undo)) {
        (
            Some(Trigger::AfterPublished(_, first) | Trigger::AfterReceived(_, first)),
            Some(Trigger::AfterPublished(_, then) | Trigger::AfterReceived(_, then)),
        ) => (then.saturating_sub(first) / 2).max(1),
        _ => 1,
    }
}

/// How often a publisher published after this moment, with whatever outcome.
fn calls_after(trace: &Trace<'_>, publisher: usize, phase: u32, from_ns: u64) -> u64 {
    let own = trace.items_of(publisher).map(|number| &trace.items[number]);
    let later = |item: &&Item| is_event_of(item, phase) && item.published.call_ns > from_ns;
    own.filter(later).count() as u64
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
