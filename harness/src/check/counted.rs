//! Performance trials keep no histories, but count what came of every publisher: judged here, after
//! the fence or the drain that ends them (C1, C3, C4).
//!
//! Counts name no event. They tell a loss all the same: what was accepted and matches, less what
//! arrived. Where counts leave it open whether an event is missing, nothing is said.

use daemoneye_eventbus::{EventSubscription, OverflowPolicy};

use super::oracle::{Match, matches};
use super::{Check, Planned, Violation};
use crate::plan::{Bus, Case, Reading};
use crate::record::Delivered;

/// What the counts of one trial say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// What was broken; one for each rule, publisher and subscriber.
    pub violations: Vec<Violation>,
    /// How many events had to arrive, over all subscribers that may lose none.
    pub owed: u64,
}

/// Judges the counts of one trial on a bus.
pub fn check_counts(
    case: &Case,
    bus: Bus,
    delivered: &[Delivered],
    planned: &dyn Planned,
) -> Counted {
    let mut counted = Counted::default();
    for one in delivered {
        let (subscriber, publisher) = (usize::from(one.subscriber), usize::from(one.publisher));
        let owed = must_have_all(case, subscriber)
            .then(|| owed(case, subscriber, (publisher, one.called), planned))
            .flatten()
            // Whether a refused event arrives is open.
            .map(|owed| owed.saturating_sub(one.called - one.accepted));
        counted.owed += owed.unwrap_or_default();
        let found = [lost(owed, one), repeated(owed, one)].into_iter().flatten();
        counted.violations.extend(found.map(|(rule, check, what)| {
            let name = |names: Option<&String>| names.cloned().unwrap_or_default();
            let topology = &case.topology;
            let from = name(topology.publishers.get(publisher).map(|spec| &spec.name));
            let to = name(topology.subscribers.get(subscriber).map(|spec| &spec.name));
            Violation {
                rule: rule.to_owned(),
                check,
                sentence: format!("{to} received of {from} {what} ({rule})"),
                case: case.id.clone(),
                bus,
                publisher: Some(from),
                subscriber: Some(to),
                messages: Vec::new(),
            }
        }));
    }
    counted
}

type Found = (&'static str, Check, String);

/// An event that came after a later one did arrive: it is no loss.
fn lost(owed: Option<u64>, one: &Delivered) -> Option<Found> {
    let (owed, unique) = (owed?, one.unique);
    let lost = owed.saturating_sub(unique + one.repeated);
    let what = || format!("{unique} of the {owed} events it is owed, {lost} are lost");
    (lost > 0).then(|| ("C1", Check::Delivery, what()))
}

/// With nothing missing, what came too much came twice; else it may have come late.
fn repeated(owed: Option<u64>, one: &Delivered) -> Option<Found> {
    let again = one.repeated;
    let found = if owed.is_some_and(|owed| one.unique >= owed) {
        ("C3", Check::Duplicates, format!("{again} events a second time"))
    } else {
        ("C4", Check::Fifo, format!("{again} events after a later one, or a second time"))
    };
    (again > 0).then_some(found)
}

/// Whether a subscriber has to receive whatever matches: it may lose nothing, is there from start to
/// end and reads, and nothing happens but publishing that ends with a fence.
fn must_have_all(case: &Case, subscriber: usize) -> bool {
    let Some(spec) = case.topology.subscribers.get(subscriber) else { return false };
    let is_fenced = case.phases.iter().all(|phase| phase.fence || phase.publish.is_empty());
    let is_undisturbed = case.phases.iter().all(|phase| phase.actions.is_empty());
    let is_lossless = spec.subscription.policy == OverflowPolicy::Block;
    is_lossless && spec.from_start && spec.reading == Reading::Prompt && is_fenced && is_undisturbed
}

/// How many of a publisher's first `called` events match; `None` where an id that the bus makes up
/// decides.
fn owed(
    case: &Case,
    subscriber: usize,
    (publisher, called): (usize, u64),
    planned: &dyn Planned,
) -> Option<u64> {
    let subscription = &case.topology.subscribers.get(subscriber)?.subscription;
    let until = |last: u64| -> Option<u64> {
        let one = |sequence| match matches(subscription, &planned.attributes(publisher, sequence)?)
        {
            Match::Yes => Some(1),
            Match::No => Some(0),
            Match::Undecided => None,
        };
        (1..=last).map(one).sum()
    };
    let cycle = cycle(case, publisher).filter(|_| asks_for_topics_alone(subscription));
    match cycle {
        Some(cycle) if cycle < called => {
            Some(called / cycle * until(cycle)? + until(called % cycle)?)
        }
        _ => until(called),
    }
}

/// Topics come back after some cycles of the mix; pids and correlations do not.
fn asks_for_topics_alone(subscription: &EventSubscription) -> bool {
    subscription.event_filter.is_none() && subscription.correlation_filter.is_none()
}

fn cycle(case: &Case, publisher: usize) -> Option<u64> {
    let mix = &case.topology.publishers.get(publisher)?.mix;
    let weights: u64 = mix.iter().map(|part| u64::from(part.weight)).sum();
    // Parts rotate over topics of their own: all are back at their first after this many rounds.
    let rounds = mix.iter().filter_map(|part| part.topics).map(u64::from).fold(1, common_multiple);
    (weights > 0).then(|| weights.saturating_mul(rounds))
}

/// The least number both divide; neither is zero.
fn common_multiple(one: u64, other: u64) -> u64 {
    let (mut divisor, mut rest) = (one, other);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (one / divisor).saturating_mul(other)
}

#[cfg(test)]
mod tests;
