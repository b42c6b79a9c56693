//! C11: positions count every match from 1, so that gaps are losses; a policy that loses nothing
//! shows neither gap nor lag; a dropping one has received + lagged = matched, and no position below
//! the number of matches that its publisher had by then.
//!
//! Fences that a companion subscription carries, or that the plan does not know, may have come by
//! either receiver: they are left out and widen the range they could fall into.

use super::findings::{Findings, Witness, at_life, message, subscriber_name};
use super::life::{EndedBy, Life, Order};
use super::oracle::Match;
use super::regions;
use super::report::Check;
use super::trace::{Lane, Trace};
use crate::record::Outcome;

/// Looks at positions of every life, and at the account of every subscriber over all its lives.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    for subscriber in 0..trace.history.subscribers.len() {
        let own = trace.lives.iter().filter(|life| life.subscriber == subscriber);
        let lives: Vec<&Life> = own.collect();
        if !lives.is_empty() {
            check_subscriber(trace, &lives, findings);
        }
    }
}

/// `lagged` is told once, over all lives of a subscriber, which have one policy.
fn check_subscriber(trace: &Trace<'_>, lives: &[&Life], findings: &mut Findings<'_, '_>) {
    let first = lives[0];
    let lagged = trace.history.subscribers[first.subscriber].lagged;
    let mut skipped = 0;
    for life in lives {
        let gaps = check_positions(trace, life, findings);
        // Who was cut off was told of no loss that came after.
        let is_untold = !life.lossless && life.end.is_some_and(|end| end.by == EndedBy::CutOff);
        skipped += if is_untold { 0 } else { gaps };
        if !life.lossless && !trace.case.returns() {
            check_ranks(trace, life, findings);
        }
    }
    let resumed = trace.history.subscribers[first.subscriber].resumed;
    let allowed = if first.lossless && resumed.times == 0 { 0 } else { lagged };
    if skipped > allowed {
        let sentence = format!(
            "positions of {} skip {skipped} events, but it counts {lagged} as lost and its \
             policy allows {allowed}",
            subscriber_name(trace, first.subscriber)
        );
        findings.violated(Check::Positions, || about(first, sentence));
    }
    check_account(trace, lives, lagged, findings);
}

/// Whether `lagged` of the subscriber is about this life alone.
pub(crate) fn is_only_life(trace: &Trace<'_>, life: &Life) -> bool {
    trace.lives.iter().filter(|other| other.subscriber == life.subscriber).count() == 1
}

/// Positions increase; returns how many matches were skipped.
fn check_positions(trace: &Trace<'_>, life: &Life, findings: &mut Findings<'_, '_>) -> u64 {
    let (mut last, mut counted) = (0, life.strangers.len() as u64);
    for arrival in &life.arrivals {
        let number = arrival.item as usize;
        match trace.matches(life.subscriber, number) {
            _ if trace.is_beside(life.subscriber, number) => {
                counted += 1;
                continue;
            }
            Match::No if trace.items[number].is_fence() => continue,
            Match::Undecided if trace.items[number].is_fence() => {
                counted += 1;
                continue;
            }
            _ => counted += 1,
        }
        let position = trace.received(life, arrival.at).position;
        findings.judged(Check::Positions, 1);
        if position <= last && arrival.order != Order::Repeated {
            findings.violated(Check::Positions, || {
                let sentence = format!(
                    "{} received {} at position {position}, after position {last}",
                    subscriber_name(trace, life.subscriber),
                    message(trace, arrival.item)
                );
                at_life(trace, life, &[arrival.item], sentence)
            });
        }
        last = last.max(position);
    }
    last.saturating_sub(counted)
}

/// What was lost before an arrival shows in its position.
fn check_ranks(trace: &Trace<'_>, life: &Life, findings: &mut Findings<'_, '_>) {
    let ranks = ranks(trace, life);
    for arrival in life.arrivals.iter().filter(|arrival| arrival.order == Order::Kept) {
        let rank = ranks[arrival.item as usize];
        if rank == 0 {
            continue;
        }
        let position = trace.received(life, arrival.at).position;
        findings.judged(Check::Positions, 1);
        if position < rank {
            findings.violated(Check::Positions, || {
                let sentence = format!(
                    "{} received {} at position {position}, though {rank} events of its publisher \
                     had matched by then",
                    subscriber_name(trace, life.subscriber),
                    message(trace, arrival.item)
                );
                at_life(trace, life, &[arrival.item], sentence)
            });
        }
    }
}

/// By item: how many events of its publisher and lane, itself included, have surely matched a life
/// by then; 0 for what has not surely matched.
fn ranks(trace: &Trace<'_>, life: &Life) -> Vec<u64> {
    let mut counts = vec![0; trace.history.publishers.len() * Lane::COUNT];
    let items = trace.items.iter().enumerate();
    items
        .map(|(number, item)| match item.slot() {
            Some(slot) if has_surely_matched(trace, life, number) => {
                counts[slot] += 1;
                counts[slot]
            }
            _ => 0,
        })
        .collect()
}

fn has_surely_matched(trace: &Trace<'_>, life: &Life, number: usize) -> bool {
    let item = &trace.items[number];
    item.published.outcome == Outcome::Ok
        && trace.matches(life.subscriber, number) == Match::Yes
        && !trace.is_beside(life.subscriber, number)
        && regions::is_inside(trace, life, number)
}

/// Only where every life was read to its end: what a dropped receiver held is in no account.
fn check_account(trace: &Trace<'_>, lives: &[&Life], lagged: u64, findings: &mut Findings<'_, '_>) {
    let first = lives[0];
    if !lives.iter().all(|life| was_read_to_its_end(life)) {
        return;
    }
    // What was lost with a connection is for `gaps`.
    if trace.case.returns() {
        return;
    }
    findings.judged(Check::Losses, 1);
    let name = subscriber_name(trace, first.subscriber);
    if first.lossless {
        if lagged > 0 {
            let sentence =
                format!("{name} counts {lagged} events as lost, though its policy loses none");
            findings.violated(Check::Losses, || about(first, sentence));
        }
        return;
    }
    let (mut least, mut most, mut received) = (0, 0, 0);
    for life in lives {
        let range = matched(trace, life, |number| is_certain(trace, life, number));
        (least, most) = (least + range.0, most + range.1);
        received += received_by(trace, life);
    }
    if !(least..=most).contains(&(received + lagged)) {
        let range = if least == most { least.to_string() } else { format!("{least} to {most}") };
        let sentence = format!(
            "{name} received {received} events and lost {lagged} by its own count, but {range} \
             matched"
        );
        findings.violated(Check::Losses, || about(first, sentence));
    }
}

fn was_read_to_its_end(life: &Life) -> bool {
    let ended_early = life.end.is_some_and(|end| matches!(end.by, EndedBy::Drop | EndedBy::CutOff));
    life.reads_all && !ended_early
}

/// Whether a match was surely handed over or counted by the end.
fn is_certain(trace: &Trace<'_>, life: &Life, number: usize) -> bool {
    // An orderly shutdown hands over or counts whatever was accepted (C13).
    let drained = trace.publishers_wait() && life.end.is_some_and(|end| end.orderly);
    !trace.is_beside(life.subscriber, number)
        && (drained || trace.is_fenced(life.subscriber, number))
}

/// How many publishes, fences included, matched a life: at least and at most. Only those that are
/// `certain` to have been dealt with count for the least.
pub(crate) fn matched(
    trace: &Trace<'_>,
    life: &Life,
    certain: impl Fn(usize) -> bool,
) -> (u64, u64) {
    let (mut least, mut most) = (0, 0);
    for (number, item) in trace.items.iter().enumerate() {
        let matched = trace.matches(life.subscriber, number);
        let may_be_taken = matches!(item.published.outcome, Outcome::Ok | Outcome::Unknown);
        if matched == Match::No || !may_be_taken || regions::outside(trace, life, number).is_some()
        {
            continue;
        }
        most += 1;
        let surely = item.published.outcome == Outcome::Ok
            && matched == Match::Yes
            && regions::is_inside(trace, life, number)
            && certain(number);
        least += u64::from(surely);
    }
    (least, most)
}

fn received_by(trace: &Trace<'_>, life: &Life) -> u64 {
    let counts = |item: u32| {
        let number = item as usize;
        !trace.items[number].is_fence()
            || (trace.matches(life.subscriber, number) != Match::No
                && !trace.is_beside(life.subscriber, number))
    };
    life.arrivals.iter().filter(|arrival| counts(arrival.item)).count() as u64
}

fn about(life: &Life, sentence: String) -> Witness {
    Witness { sentence, publisher: None, subscriber: Some(life.subscriber), messages: Vec::new() }
}
