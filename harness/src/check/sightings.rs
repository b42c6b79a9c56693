//! Judges host cases: what the real agent recorded of processes the harness started itself.
//!
//! C1 (every child seen starting and exiting), M1 (nothing but what the recorder subscribed), C3
//! (once), C4 (numbers of a source grow, no start after its own exit), C6 (what the harness knows
//! of its children), C13 (the agent ended in order) and the case's own `received`. Nothing else can
//! be judged from outside: what a collector offered to its bus is known to itself alone.

mod content;
mod numbers;

use super::found::Found;
use super::oracle;
use super::report::{Check, Report};
use crate::plan::{Bus, Case};
use crate::record::{AgentEnd, Sightings, tells_exit, tells_start};

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

/// C1 and C3: every child is seen starting and exiting, once each.
fn delivery(sightings: &Sightings, found: &mut Found<'_>) {
    let mut times = vec![(0_u64, 0_u64); sightings.children.len()];
    for (seen, child) in sightings.processes() {
        let Some(child) = child else { continue };
        times[child].0 += u64::from(tells_start(seen));
        times[child].1 += u64::from(tells_exit(seen));
    }
    for (index, (starts, exits)) in times.into_iter().enumerate() {
        let pid = sightings.children[index].pid;
        for (what, times) in [("starting", starts), ("exiting", exits)] {
            found.judged(Check::Delivery, 1);
            found.judged(Check::Duplicates, u64::from(times > 0));
            match times {
                0 => found.violated(Check::Delivery, || {
                    format!("child {index} (process {pid}) was never seen {what}")
                }),
                1 => {}
                _ => found.violated(Check::Duplicates, || {
                    format!("child {index} (process {pid}) was seen {what} {times} times, not once")
                }),
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
        found.judged(Check::Expectation, 1);
        if !(least..=most).contains(&received) {
            found.violated(Check::Expectation, || {
                format!("{name}: {received} events received, expected {least} to {most}")
            });
        }
    }
}

#[cfg(test)]
mod tests;
