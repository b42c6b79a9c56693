//! Judges host cases: what the real agent recorded of things the harness made happen itself.
//!
//! C1 (every step of every thing is told), M1 (nothing but what the recorder subscribed), C3
//! (once), C4 (numbers of a source grow, no step before an earlier one), C6 (what the harness knows
//! of its things), C13 (the agent ended in order) and the case's own `received`. Nothing else can
//! be judged from outside: what a collector offered to its bus is known to itself alone.
//!
//! `switch` judges several agents so, and compares what they recorded.

mod children;
mod content;
mod numbers;
mod switch;

use std::collections::BTreeMap;

use super::found::Found;
use super::oracle;
use super::report::{Check, Report};
use crate::plan::{Bus, Case};
use crate::record::{AgentEnd, Sightings, Step};

pub use switch::check_switch;

/// Judges what a host case saw on a bus.
pub fn check_sightings(case: &Case, bus: Bus, sightings: &Sightings) -> Report {
    let mut found = Found::new(case, bus, rule_of);
    delivery(sightings, &mut found);
    if let Err(missing) = subscribed(case, sightings, &mut found) {
        return Report::Broken(vec![missing]);
    }
    numbers::check(sightings, &mut found);
    content::check(sightings, &mut found);
    ended(sightings, &mut found);
    expected(case, bus, sightings, &mut found);
    Report::Judged(found.into_judgement())
}

/// What is foreign to a recorder is what it did not subscribe; there is no unsubscribing here.
fn rule_of(check: Check) -> &'static str {
    if check == Check::Foreign { "M1" } else { check.rule() }
}

/// C1 and C3: every step of every thing is told, once.
fn delivery(sightings: &Sightings, found: &mut Found<'_>) {
    let mut told: Vec<BTreeMap<Step, u64>> = vec![BTreeMap::new(); sightings.things.len()];
    for (received, thing) in sightings.told() {
        let Some(index) = thing else { continue };
        if let Some(step) = sightings.things[index].step_told_by(&received.event) {
            *told[index].entry(step).or_default() += 1;
        }
    }
    for (index, (thing, told)) in sightings.things.iter().zip(told).enumerate() {
        for step in thing.steps() {
            let times = told.get(&step).copied().unwrap_or(0);
            found.holds(Check::Delivery, times > 0, || {
                format!("{} was never seen {step}", thing.called(index))
            });
            if times > 0 {
                found.holds(Check::Duplicates, times == 1, || {
                    format!("{} was seen {step} {times} times, not once", thing.called(index))
                });
            }
        }
    }
}

/// M1: the recorder receives what it subscribed and nothing else.
fn subscribed(case: &Case, sightings: &Sightings, found: &mut Found<'_>) -> Result<(), String> {
    let Some(recorder) = case.topology.subscribers.first() else {
        return Err("the case has no subscriber that could record".to_owned());
    };
    found.judged(Check::Foreign, sightings.record.len() as u64);
    for received in &sightings.record {
        let topic = received.topic.as_str();
        if !oracle::matches_topic(&recorder.subscription, topic) {
            found.violated_by(Check::Foreign, &[numbers::message(received)], || {
                format!(
                    "{} received an event on {topic}, which it did not subscribe",
                    recorder.name
                )
            });
        }
    }
    Ok(())
}

/// C13: the agent ends by itself and well.
fn ended(sightings: &Sightings, found: &mut Found<'_>) {
    found.judged(Check::Shutdown, 1);
    match &sightings.end {
        AgentEnd::InOrder => {}
        AgentEnd::Failed { how, last_words } => found.violated(Check::Shutdown, || {
            let words = if last_words.is_empty() { "nothing" } else { last_words };
            format!("the agent, asked to end, ended with {how}; its last words: {words}")
        }),
        AgentEnd::Killed { waited } => found.violated(Check::Shutdown, || {
            format!("the agent, asked to end, had not ended {waited:?} later and was killed")
        }),
    }
}

/// The case's own expectations; the plan refuses those that cannot be judged here.
fn expected(case: &Case, bus: Bus, sightings: &Sightings, found: &mut Found<'_>) {
    let received = sightings.record.len() as u64;
    for (name, (least, most)) in case.expect.on(bus).received {
        found.holds(Check::Expectation, (least..=most).contains(&received), || {
            format!("{name}: {received} events received, expected {least} to {most}")
        });
    }
}

#[cfg(test)]
mod tests;
