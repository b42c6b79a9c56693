//! C11: which end of a full queue lost. Looks at stretches in which a subscriber did not read, so
//! that nothing but its policy took events out of its queue.
//!
//! Positions number every match, so they say what was offered when, whoever published it. With
//! `drop-oldest` something of the end of the stretch arrives; with `drop-newest` the event that was
//! offered first to an empty queue does. Both hold over a socket as well, where what was sent can
//! no longer be displaced; that something else may have gone there unseen, the account in `losses`
//! and a case's own counts have to tell. The circuit breaker has neither promise.

use daemoneye_eventbus::OverflowPolicy;

use super::findings::{Findings, Witness, subscriber_name};
use super::life::{EndedBy, Life};
use super::oracle::Match;
use super::regions;
use super::report::Check;
use super::trace::{Item, Trace};
use crate::plan::{Operation, Reading};
use crate::record::Outcome;

/// A smaller queue may hold nothing where a bus splits it between two processes.
const LEAST_CAPACITY_EVENTS: u64 = 2;

/// From the end of stopping to the start of resuming.
struct Stretch {
    begin_ns: u64,
    end_ns: u64,
}

/// Looks at every stretch without reading of every life that was read to its end later.
pub(crate) fn check(trace: &Trace<'_>, findings: &mut Findings<'_, '_>) {
    for life in &trace.lives {
        let subscription = &trace.case.topology.subscribers[life.subscriber].subscription;
        let capacity = subscription.capacity as u64;
        let judge = match subscription.policy {
            OverflowPolicy::DropNewest => check_first,
            OverflowPolicy::DropOldest => check_last,
            OverflowPolicy::Block | OverflowPolicy::CircuitBreak(_) => continue,
        };
        if capacity < LEAST_CAPACITY_EVENTS || !was_read_to_the_end(life) {
            continue;
        }
        let Some(positions) = positions(trace, life) else { continue };
        for stretch in stretches(trace, life) {
            let Some(lost) = judge(trace, life, &stretch, &positions) else { continue };
            findings.judged(Check::Overflow, 1);
            if let Lost::Sentence(sentence) = lost {
                let name = subscriber_name(trace, life.subscriber);
                findings.violated(Check::Overflow, || Witness {
                    sentence: format!("{name} {sentence}"),
                    publisher: None,
                    subscriber: Some(life.subscriber),
                    messages: Vec::new(),
                });
            }
        }
    }
}

/// What a stretch showed.
enum Lost {
    TheRightEnd,
    /// What is wrong, to follow the subscriber's name.
    Sentence(String),
}

/// `drop-newest`: the first event that found the queue empty is not lost. `None` where the queue
/// may not have been empty, or nothing was offered.
fn check_first(
    trace: &Trace<'_>,
    life: &Life,
    stretch: &Stretch,
    positions: &[u64],
) -> Option<Lost> {
    let before = most_offered_before(trace, life, stretch);
    let read = read_before(trace, life, stretch);
    let offered = least_offered_by_its_end(trace, life, stretch);
    if read < before || offered <= read {
        return None;
    }
    let first = read + 1;
    Some(match positions.binary_search(&first) {
        Ok(_) => Lost::TheRightEnd,
        Err(_) => Lost::Sentence(format!(
            "lost the match at position {first}, the first that waited while it did not read, \
             though its policy is to lose the newest"
        )),
    })
}

/// `drop-oldest`: of the last that were offered, at least one is not lost. `None` where later ones
/// may have displaced them all, or too few were offered.
fn check_last(
    trace: &Trace<'_>,
    life: &Life,
    stretch: &Stretch,
    positions: &[u64],
) -> Option<Lost> {
    let offered = least_offered_by_its_end(trace, life, stretch);
    let during = offered.saturating_sub(most_offered_before(trace, life, stretch));
    // A bus that splits the queue between two processes can displace in its own half alone.
    let kept = (capacity(trace, life) / 2).min(during);
    let later = most_offered(trace, life, |_| true).saturating_sub(offered);
    if later >= kept {
        return None;
    }
    let first = offered - kept + 1;
    let from = positions.partition_point(|position| *position < first);
    let arrived = positions.get(from).is_some_and(|position| *position <= offered);
    Some(if arrived {
        Lost::TheRightEnd
    } else {
        Lost::Sentence(format!(
            "lost all matches at positions {first} to {offered}, the last while it did not read, \
             though its policy is to lose the oldest"
        ))
    })
}

fn capacity(trace: &Trace<'_>, life: &Life) -> u64 {
    trace.case.topology.subscribers[life.subscriber].subscription.capacity as u64
}

fn was_read_to_the_end(life: &Life) -> bool {
    life.reads_all
        && life.end.is_none_or(|end| match end.by {
            EndedBy::Unsubscribe => true,
            EndedBy::Shutdown => end.orderly,
            EndedBy::Drop | EndedBy::CutOff => false,
        })
}

/// Stretches within a life at whose beginning and end it was subscribed.
fn stretches(trace: &Trace<'_>, life: &Life) -> Vec<Stretch> {
    let spec = &trace.case.topology.subscribers[life.subscriber];
    let mut stopped = (spec.reading == Reading::Stopped).then_some(0);
    let mut stretches = Vec::new();
    for operated in trace.history.operations.iter().filter(|operated| operated.outcome == "ok") {
        match operated.operation {
            Operation::StopReading(subscriber) if subscriber == life.subscriber => {
                stopped = stopped.or(Some(operated.return_ns));
            }
            Operation::ResumeReading(subscriber) if subscriber == life.subscriber => {
                let stretch = |begin_ns| Stretch { begin_ns, end_ns: operated.call_ns };
                stretches.extend(stopped.take().map(stretch));
            }
            _ => {}
        }
    }
    stretches.retain(|stretch| {
        stretch.end_ns > life.return_ns && life.end.is_none_or(|end| end.call_ns > stretch.end_ns)
    });
    stretches
}

/// Positions of what arrived, ascending; `None` if an arrival may have come by another
/// subscription, with a position of that one.
fn positions(trace: &Trace<'_>, life: &Life) -> Option<Vec<u64>> {
    let mut positions = Vec::with_capacity(life.arrivals.len());
    for arrival in &life.arrivals {
        let number = arrival.item as usize;
        let matched = trace.matches(life.subscriber, number);
        let is_fence = trace.items[number].is_fence();
        if trace.is_beside(life.subscriber, number) || (is_fence && matched != Match::Yes) {
            return None;
        }
        positions.push(trace.received(life, arrival.at).position);
    }
    positions.sort_unstable();
    life.strangers.is_empty().then_some(positions)
}

/// The last position that was read before a stretch; 0 if none was.
fn read_before(trace: &Trace<'_>, life: &Life, stretch: &Stretch) -> u64 {
    let received = life.arrivals.iter().map(|arrival| trace.received(life, arrival.at));
    let before = received.filter(|received| received.receive_ns < stretch.begin_ns);
    before.map(|received| received.position).max().unwrap_or(0)
}

/// How many matches may have been offered before a stretch began.
fn most_offered_before(trace: &Trace<'_>, life: &Life, stretch: &Stretch) -> u64 {
    most_offered(trace, life, |item| item.published.call_ns <= stretch.begin_ns)
}

fn most_offered(trace: &Trace<'_>, life: &Life, may_count: impl Fn(&Item) -> bool) -> u64 {
    let items = trace.items.iter().enumerate();
    let may_match = items.filter(|(number, item)| {
        may_count(item)
            && matches!(item.published.outcome, Outcome::Ok | Outcome::Unknown)
            && trace.matches(life.subscriber, *number) != Match::No
            && regions::outside(trace, life, *number).is_none()
    });
    may_match.count() as u64
}

/// How many matches were surely offered when a stretch ended.
fn least_offered_by_its_end(trace: &Trace<'_>, life: &Life, stretch: &Stretch) -> u64 {
    let items = trace.items.iter().enumerate();
    let surely = items.filter(|(number, item)| {
        item.settled_ns < stretch.end_ns
            && item.published.outcome == Outcome::Ok
            && trace.matches(life.subscriber, *number) == Match::Yes
            && !trace.is_beside(life.subscriber, *number)
            && trace.is_fenced(life.subscriber, *number)
            && regions::is_inside(trace, life, *number)
    });
    surely.count() as u64
}
