//! W5: whoever came back after its connection broke was told how much that cost, and never too little.
//!
//! What was published to be `delivered` is never among it (W6): `delivery` misses it. How often
//! somebody came back is known of the plan: at least once where its own connection was cut, or
//! the broker was followed by another.

use super::findings::{Findings, Witness, publisher_name, subscriber_name};
use super::life::Life;
use super::oracle::Match;
use super::regions;
use super::report::Check;
use super::trace::Trace;
use crate::plan::{Deed, Fault, Operation, Victim};
use crate::record::{Loss, Outcome, Resumption};

/// Compares what was told with what is missing.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    if !trace.case.returns() {
        return;
    }
    for life in trace.lives.iter().filter(|life| life.end.is_none()) {
        check_return(trace, Victim::Subscriber(life.subscriber), findings);
        if life.reads_all && life.lossless {
            check_losses(trace, life, findings);
        }
    }
    for publisher in 0..trace.history.publishers.len() {
        check_return(trace, Victim::Publisher(publisher), findings);
    }
}

/// Events of a phase that a subscription that loses none by its policy is missing.
pub(crate) fn missing(trace: &Trace<'_>, life: &Life, phase: u32) -> u64 {
    let mut arrived = vec![false; trace.items.len()];
    for arrival in &life.arrivals {
        arrived[arrival.item as usize] = true;
    }
    let is_missing = |number: &usize| {
        let item = &trace.items[*number];
        !arrived[*number]
            && !item.is_fence()
            && item.published.phase == phase
            && item.published.outcome == Outcome::Ok
            && trace.matches(life.subscriber, *number) == Match::Yes
            && regions::is_inside(trace, life, *number)
            && trace.may_be_lost(life, item)
    };
    (0..trace.items.len()).filter(is_missing).count() as u64
}

/// Whether somebody's own connection, or everybody's broker, was cut.
fn was_cut(trace: &Trace<'_>, victim: Victim) -> bool {
    let mut done = trace.history.operations.iter();
    done.any(|operated| match operated.operation {
        Operation::Fault(Fault { deed: Deed::Restart(_), .. }) => true,
        Operation::Fault(Fault { deed: Deed::Break, victim: own }) => own == victim,
        _ => false,
    })
}

fn check_return(trace: &Trace<'_>, victim: Victim, findings: &mut Findings<'_, '_>) {
    let (resumed, name) = match victim {
        Victim::Subscriber(index) => {
            (trace.history.subscribers[index].resumed, subscriber_name(trace, index))
        }
        Victim::Publisher(index) => {
            (trace.history.publishers[index].resumed, publisher_name(trace, index))
        }
        Victim::Broker => return,
    };
    if !was_cut(trace, victim) {
        return;
    }
    findings.judged(Check::Gaps, 1);
    if resumed.times == 0 {
        let sentence = format!("{name} was never told that its connection had broken");
        findings.violated(Check::Gaps, || about(victim, sentence));
    }
    // A broker that lived has counted.
    let is_subscriber = matches!(victim, Victim::Subscriber(_));
    if is_subscriber && resumed.lost == Loss::Unknown && !trace.case.restarts() && !trace.case.wild
    {
        let sentence =
            format!("{name} was told that nobody knows how much its connection has cost");
        findings.violated(Check::Gaps, || about(victim, sentence));
    }
}

/// What is missing was told, to its subscriber or to its publishers; where nobody else can have lost
/// anything, exactly.
fn check_losses(trace: &Trace<'_>, life: &Life, findings: &mut Findings<'_, '_>) {
    let phases = 0_u32..u32::try_from(trace.case.phases.len()).unwrap_or(u32::MAX);
    let missing: u64 = phases.map(|phase| missing(trace, life, phase)).sum();
    let told = trace.history.subscribers[life.subscriber].resumed;
    let publishers = trace.history.publishers.iter().map(|log| log.resumed);
    let by_publishers: Option<u64> = publishers.map(|resumed| resumed.lost.at_most()).sum();
    findings.judged(Check::Gaps, 1);
    let name = subscriber_name(trace, life.subscriber);
    if let (Some(own), Some(by_publishers)) = (told.lost.at_most(), by_publishers)
        && missing > own + by_publishers
    {
        let sentence = format!(
            "{name} misses {missing} events, but was told of {own} at most, and their publishers \
             of {by_publishers}"
        );
        findings.violated(Check::Gaps, || about(Victim::Subscriber(life.subscriber), sentence));
    }
    if let Resumption { lost: Loss::Exactly(own), .. } = told
        && by_publishers == Some(0)
        && own > missing
    {
        let sentence = format!("{name} misses {missing} events, but was told of exactly {own}");
        findings.violated(Check::Gaps, || about(Victim::Subscriber(life.subscriber), sentence));
    }
}

fn about(victim: Victim, sentence: String) -> Witness {
    let (publisher, subscriber) = match victim {
        Victim::Publisher(index) => (Some(index), None),
        Victim::Subscriber(index) => (None, Some(index)),
        Victim::Broker => (None, None),
    };
    Witness { sentence, publisher, subscriber, messages: Vec::new() }
}
