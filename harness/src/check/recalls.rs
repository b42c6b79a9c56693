//! What a subscription that asked for the past begins with (C2): the last events that match it, in
//! their order, of each topic no more than the bus keeps.
//!
//! Only what can be told is judged: whose past was written by one publisher in one lane, and was over
//! before it subscribed. Fences are events to the bus and count like any.

use std::collections::BTreeMap;

use super::Planned;
use super::life::{Life, Recalled};
use super::oracle::Match;
use super::trace::Trace;
use crate::plan::{Bus, Case};
use crate::record::{History, Outcome};

/// A history indexed, with what every life must begin with.
pub(super) fn trace<'a>(
    case: &'a Case,
    bus: Bus,
    history: &'a History,
    planned: &dyn Planned,
) -> Result<Trace<'a>, String> {
    let mut trace = Trace::new(case, bus, history, planned)?;
    for index in 0..trace.lives.len() {
        let recalled = recalled(&trace, &trace.lives[index], planned);
        trace.lives[index].recalled = recalled;
    }
    Ok(trace)
}

fn recalled(trace: &Trace<'_>, life: &Life, planned: &dyn Planned) -> Recalled {
    let topology = &trace.case.topology;
    let wanted = topology.subscribers[life.subscriber].subscription.replay_last;
    let kept = topology.bus.retained_events.unwrap_or_default();
    if wanted == 0 || kept == 0 {
        return Recalled::Nothing;
    }
    // With a broker its tails end.
    if trace.case.returns() {
        return Recalled::Unclear;
    }
    let mut slot = None;
    let mut tails: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (number, item) in (0_u32..).zip(&trace.items) {
        let index = number as usize;
        match (item.published.outcome, trace.matches(life.subscriber, index)) {
            (Outcome::Ok, Match::Yes) => {}
            (Outcome::Unknown, Match::Yes) | (_, Match::Undecided) => return Recalled::Unclear,
            _ => continue,
        }
        let is_before = item.settled_ns.min(item.reached_ns) < life.call_ns;
        if item.published.call_ns > life.return_ns {
            continue;
        }
        let topic = planned.attributes(usize::from(item.publisher), item.published.sequence);
        let (true, Some(topic), Some(own)) = (is_before, topic, item.slot()) else {
            return Recalled::Unclear;
        };
        if *slot.get_or_insert(own) != own {
            return Recalled::Unclear;
        }
        tails.entry(topic.topic.to_string()).or_default().push(number);
    }
    let last = |tail: &Vec<u32>, most: usize| tail[tail.len().saturating_sub(most)..].to_vec();
    let mut all: Vec<u32> = tails.values().flat_map(|tail| last(tail, kept)).collect();
    all.sort_unstable();
    Recalled::These(last(&all, wanted).into_iter().collect())
}
