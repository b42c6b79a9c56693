//! Which events a subscription must, may and must not receive, from call and return stamps
//! (C1, C2, C7).
//!
//! Stamps are compared strictly: two calls that share a nanosecond overlap.

use super::life::{EndedBy, Life, Recalled};
use super::oracle::Match;
use super::trace::{Item, Trace};
use crate::record::Outcome;

/// What is demanded of one event at one subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Region {
    /// It arrives.
    Must,
    /// It does not.
    MustNot(WhyNot),
    /// It overlaps subscribing or ending: a suffix or prefix arrives (C2).
    May {
        /// Overlaps `subscribe`.
        beginning: bool,
        /// Overlaps the end.
        ending: bool,
    },
    /// It may still be on its way or unread; but nothing later arrives without it.
    Unread,
    /// Its outcome is unknown: it may arrive or not, but not without those before it.
    Unsure,
    /// It may arrive or not: its policy may lose it, or nobody can tell whether it matches.
    Free,
}

/// Why an event must not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhyNot {
    /// The oracle says that it does not match.
    NoMatch,
    /// Its publisher was told that it was not taken.
    Refused,
    /// It was published after the end had returned.
    Ended,
    /// It was settled before `subscribe` was called.
    Earlier,
}

/// How the end of a life stands to one event.
enum Ending {
    Alive,
    Overlaps,
    Unread,
}

/// What is demanded of an ordinary event at a life.
pub(crate) fn region(trace: &Trace<'_>, life: &Life, number: usize) -> Region {
    let item = &trace.items[number];
    let matched = trace.matches(life.subscriber, number);
    if matched == Match::No {
        return Region::MustNot(WhyNot::NoMatch);
    }
    if let Some(why) = outside(trace, life, number) {
        return Region::MustNot(why);
    }
    match item.published.outcome {
        Outcome::Closed | Outcome::TooLarge | Outcome::Denied | Outcome::Timeout => {
            return Region::MustNot(WhyNot::Refused);
        }
        Outcome::Ok | Outcome::Unknown
            if matched == Match::Undecided || !life.lossless || may_be_recalled(life, item) =>
        {
            return Region::Free;
        }
        Outcome::Ok if trace.may_be_lost(life, item) => return Region::Free,
        Outcome::Ok => {}
        Outcome::Unknown => return Region::Unsure,
    }
    let beginning = overlaps_beginning(trace, life, number);
    match ending(trace, life, number) {
        Ending::Alive if beginning => Region::May { beginning, ending: false },
        Ending::Alive => Region::Must,
        Ending::Unread if !beginning => Region::Unread,
        Ending::Overlaps | Ending::Unread => Region::May { beginning, ending: true },
    }
}

/// Whether stamps alone put an event wholly outside a life.
pub(crate) fn outside(trace: &Trace<'_>, life: &Life, number: usize) -> Option<WhyNot> {
    let item = &trace.items[number];
    if life.end.is_some_and(|end| item.published.call_ns > end.return_ns) {
        Some(WhyNot::Ended)
    } else if item.settled_ns < life.call_ns
        && !is_recalled(life, number)
        && !may_be_recalled(life, item)
    {
        Some(WhyNot::Earlier)
    } else {
        None
    }
}

/// Whether an event that the bus has surely dealt with was dealt with during a life.
pub(crate) fn is_inside(trace: &Trace<'_>, life: &Life, number: usize) -> bool {
    let item = &trace.items[number];
    !overlaps_beginning(trace, life, number)
        && life.end.is_none_or(|end| {
            item.settled_ns < end.call_ns || (end.by == EndedBy::Shutdown && end.orderly)
        })
}

fn overlaps_beginning(trace: &Trace<'_>, life: &Life, number: usize) -> bool {
    trace.items[number].published.call_ns <= life.return_ns && !is_recalled(life, number)
}

/// Whether an event was before a life and is due all the same.
fn is_recalled(life: &Life, number: usize) -> bool {
    let number = u32::try_from(number).expect("items fit 32 bits");
    matches!(&life.recalled, Recalled::These(items) if items.contains(&number))
}

/// Whether nobody can tell if an event is due that was before a life.
fn may_be_recalled(life: &Life, item: &Item) -> bool {
    life.recalled == Recalled::Unclear && item.published.call_ns <= life.return_ns
}

fn ending(trace: &Trace<'_>, life: &Life, number: usize) -> Ending {
    let item = &trace.items[number];
    // In a wild case nothing has to arrive after the first fault.
    if !life.reads_all || (trace.case.wild && trace.may_be_cut_off(item)) {
        return Ending::Unread;
    }
    match life.end {
        // At its deadline a shutdown drops, and counts, what it has not handed over (C13).
        Some(end) if end.by == EndedBy::Shutdown && !end.orderly => Ending::Overlaps,
        None if trace.is_fenced(life.subscriber, number) => Ending::Alive,
        None => Ending::Unread,
        Some(end) if item.settled_ns < end.call_ns => Ending::Alive,
        // An accepted event is delivered when the bus says that nothing was left behind (C13).
        Some(end) if end.by == EndedBy::Shutdown && trace.publishers_wait() => Ending::Alive,
        Some(_) => Ending::Overlaps,
    }
}
