//! Judges a switch of an agent's bus and the way back: each of the three agents by itself, and then
//! what they told of the same things against each other.
//!
//! They were started by one command from one file, of which one line was changed, in one folder,
//! and the same happened before each. Whatever they told differently is the switch's doing, but for
//! what no two runs have in common. No number of the contract is about that; its violations carry
//! `switch`.
//!
//! - `told`: what was told of each thing, and which of it must be the same.

mod told;

use std::collections::BTreeSet;

use self::told::{Differing, Told, by_thing};
use super::check_sightings;
use super::numbers::message;
use crate::check::found::Found;
use crate::check::report::{Check, Judgement, Report};
use crate::plan::Case;
use crate::record::{AgentTurn, Step, Turn};

/// How the one line begins that may change between two agents.
const BUS: &str = "bus_type = ";

/// Judges what the agents of a switch saw: before it, after it, and after the way back.
pub fn check_switch(case: &Case, turns: &[AgentTurn]) -> Report {
    let [before, switched, rolled_back] = turns else {
        return Report::Broken(vec![format!("there were {} agents, not three", turns.len())]);
    };
    let neighbours = [(before, switched), (switched, rolled_back)];
    let defects: Vec<String> = neighbours.into_iter().filter_map(misconfigured).collect();
    if !defects.is_empty() {
        return Report::Broken(defects);
    }
    let mut whole = Judgement::default();
    for turn in turns {
        match alone(case, turn) {
            Ok(judgement) => add(&mut whole, judgement),
            Err(defects) => return Report::Broken(defects),
        }
    }
    for later in [switched, rolled_back] {
        let mut found = Found::new(case, later.turn.bus(), Check::rule);
        compare(before, later, &mut found);
        // Whether claims were exercised, each agent has told by itself.
        add(&mut whole, Judgement { unexercised: Vec::new(), ..found.into_judgement() });
    }
    Report::Judged(whole)
}

/// What is wrong with how the harness set the bus: a file in which another line changed, or none,
/// compares nothing that anybody asked for.
fn misconfigured((one, other): (&AgentTurn, &AgentTurn)) -> Option<String> {
    let first: Vec<&str> = one.configuration.lines().collect();
    let second: Vec<&str> = other.configuration.lines().collect();
    let lines = first.iter().zip(&second);
    let changed: Vec<&str> = lines.filter(|(was, is)| was != is).map(|(_, is)| *is).collect();
    let wanted = format!("{BUS}\"{}\"", other.turn.bus_type());
    if first.len() == second.len() && changed == [wanted.as_str()] {
        return None;
    }
    let (before, after) = (one.turn, other.turn);
    Some(format!(
        "the configuration file {before} and {after} differ in {changed:?}, of {} and {} lines, \
         not in `{wanted}` alone",
        first.len(),
        second.len()
    ))
}

/// One agent, judged as that of a host case on its bus; sentences say whose turn it was.
fn alone(case: &Case, turn: &AgentTurn) -> Result<Judgement, Vec<String>> {
    let when = turn.turn;
    let mut judgement = match check_sightings(case, when.bus(), &turn.sightings) {
        Report::Judged(judgement) => judgement,
        Report::Broken(defects) => {
            return Err(defects.into_iter().map(|defect| format!("{when}, {defect}")).collect());
        }
    };
    for violation in &mut judgement.violations {
        violation.sentence = format!("{when}, {}", violation.sentence);
    }
    for idle in &mut judgement.unexercised {
        idle.missing = format!("{} {when}", idle.missing);
    }
    let mut found = Found::new(case, when.bus(), Check::rule);
    deployed(turn, &mut found);
    add(&mut judgement, Judgement { unexercised: Vec::new(), ..found.into_judgement() });
    Ok(judgement)
}

/// The one value has taken effect: the agent is on the bus of its file, with collectors as threads
/// of its own on the one and as processes on the other.
fn deployed(turn: &AgentTurn, found: &mut Found<'_>) {
    let (when, ran) = (turn.turn, &turn.deployed);
    found.holds(Check::Switch, ran.bus_type == when.bus_type(), || {
        let (bus, wanted) = (&ran.bus_type, when.bus_type());
        format!("{when} the agent was on the bus `{bus}`, and its file said `{wanted}`")
    });
    let must_be_apart = when == Turn::Switched;
    for (name, is_apart) in &ran.collectors {
        found.holds(Check::Switch, *is_apart == must_be_apart, || {
            let place = if *is_apart { "a process of its own" } else { "the agent's process" };
            format!("{when} {name} was in {place}")
        });
    }
}

/// What two agents told of the same things.
fn compare(before: &AgentTurn, later: &AgentTurn, found: &mut Found<'_>) {
    let turns = (before.turn, later.turn);
    let (things, others) = (&before.sightings.things, &later.sightings.things);
    found.holds(Check::Switch, things.len() == others.len(), || {
        let (first, second) = turns;
        format!("{} things happened {first}, and {} {second}", things.len(), others.len())
    });
    let names = |turn: &AgentTurn| -> BTreeSet<String> {
        turn.deployed.collectors.iter().map(|(name, _)| name.clone()).collect()
    };
    let (collectors, other_collectors) = (names(before), names(later));
    found.holds(Check::Switch, collectors == other_collectors, || {
        let (first, second) = turns;
        format!("the agent ran {collectors:?} {first}, and {other_collectors:?} {second}")
    });
    let told = by_thing(&before.sightings).into_iter().zip(by_thing(&later.sightings));
    for (index, (first, second)) in told.enumerate() {
        let name = things[index].numbered(index);
        of_thing(&name, turns, (first.as_slice(), second.as_slice()), found);
    }
}

/// The same steps in the same order, and the same fields of each.
fn of_thing(
    thing: &str,
    (before, later): (Turn, Turn),
    (first, second): (&[Told<'_>], &[Told<'_>]),
    found: &mut Found<'_>,
) {
    let steps = |told: &[Told<'_>]| -> Vec<Step> { told.iter().map(|one| one.step).collect() };
    let (own, others) = (steps(first), steps(second));
    found.holds(Check::Switch, own == others, || {
        let (own, others) = (listed(&own), listed(&others));
        format!("{thing} was seen {own} {before}, and {others} {later}")
    });
    if own != others {
        return;
    }
    for (one, other) in first.iter().zip(second) {
        let (looked_at, differing) = one.against(other);
        found.judged(Check::Switch, looked_at);
        for Differing { field, first, second } in differing {
            found.violated_by(Check::Switch, &[message(other.received)], || {
                let step = one.step;
                format!(
                    "{thing} was seen {step} with {field} {first} {before}, and {second} {later}"
                )
            });
        }
    }
}

/// Steps in a row, for people.
fn listed(steps: &[Step]) -> String {
    if steps.is_empty() {
        return "in no way".to_owned();
    }
    let words: Vec<String> = steps.iter().map(ToString::to_string).collect();
    words.join(", then ")
}

/// Adds what was found elsewhere: witnesses, counts, and each claim that nothing exercised, once.
fn add(whole: &mut Judgement, part: Judgement) {
    whole.violations.extend(part.violations);
    for row in part.checked {
        match whole.checked.iter_mut().find(|known| known.check == row.check) {
            Some(known) => {
                known.items += row.items;
                known.violations += row.violations;
            }
            None => whole.checked.push(row),
        }
    }
    for idle in part.unexercised {
        if !whole.unexercised.iter().any(|known| known.claim == idle.claim) {
            whole.unexercised.push(idle);
        }
    }
}

#[cfg(test)]
mod tests;
