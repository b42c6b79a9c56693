//! R2: three heartbeats missed are unhealthy and fewer are not; whoever is unhealthy is given no
//! task; whoever returns is healthy, and is given tasks again.
//!
//! Members note every beat before they send it, and the desk hears them by a subscription beside the
//! monitor's. What the desk heard a whole heartbeat before a verdict, the monitor had heard too.

use std::collections::BTreeMap;

use super::seen::{Seen, Span, ms};
use crate::check::found::Found;
use crate::check::report::Check;
use crate::plan::control::{Health, Step};
use crate::record::{Fact, Noter};

/// Heartbeats that must be missing in a row.
const MISSED: u64 = 3;

pub(super) fn check(seen: &Seen<'_>, found: &mut Found<'_>) {
    for member in 0..seen.case.control.members.len() {
        too_early(seen, member, found);
        excluded(seen, member, found);
    }
    for (index, step, times) in seen.steps() {
        let has_come = times.ended_ns.is_some();
        match step {
            Step::AwaitHealth { member, health } => {
                found.holds(Check::Heartbeats, has_come, || not_known(seen, *member, *health));
            }
            Step::AwaitBegun { member, tasks } if was_lost_before(seen, *member, index) => {
                found.holds(Check::Heartbeats, has_come, || {
                    let name = seen.name(*member);
                    format!(
                        "{name} returned, and had not been given {tasks} tasks in all by the limit"
                    )
                });
            }
            _ => {}
        }
    }
}

/// Nobody is unhealthy who showed life less than three heartbeats before.
fn too_early(seen: &Seen<'_>, member: usize, found: &mut Found<'_>) {
    let name = seen.name(member);
    let heartbeat_ns = seen.heartbeat_ns();
    let lives = lives(seen, member);
    for lost in seen.unhealthy(name) {
        // One that says so itself is unhealthy at once.
        if says_unhealthy(seen, member, lost.from_ns) {
            continue;
        }
        let surely_heard_by = lost.from_ns.saturating_sub(heartbeat_ns);
        let heard = lives.iter().filter(|(_, heard_ns)| *heard_ns <= surely_heard_by);
        let last_ns = heard.map(|(made_ns, _)| *made_ns).max();
        let Some(last_ns) = last_ns else { continue };
        let silence_ns = lost.from_ns - last_ns;
        found.holds(Check::Heartbeats, silence_ns >= MISSED * heartbeat_ns, || {
            format!(
                "{name} was called unhealthy {} ms after it had shown life; three heartbeats are {} ms",
                ms(silence_ns),
                ms(MISSED * heartbeat_ns)
            )
        });
    }
}

/// Each heartbeat: when it was made and when it was heard. A heart is heard in order.
fn lives(seen: &Seen<'_>, member: usize) -> Vec<(u64, u64)> {
    let made =
        seen.by(Noter::Member(member)).filter(|noted| matches!(noted.fact, Fact::Beat { .. }));
    let is_own =
        |fact: &Fact| matches!(fact, Fact::Heard { member: own } if own == seen.name(member));
    let heard = seen.by(Noter::Desk).filter(|noted| is_own(&noted.fact));
    made.zip(heard).map(|(made, heard)| (made.at_ns, heard.at_ns)).collect()
}

fn says_unhealthy(seen: &Seen<'_>, member: usize, at_ns: u64) -> bool {
    let said = seen.by(Noter::Member(member)).filter_map(|noted| match noted.fact {
        Fact::Beat { health } if noted.at_ns <= at_ns => Some(health),
        _ => None,
    });
    said.last() == Some(Health::Unhealthy)
}

/// Whoever is unhealthy is given none of the tasks that are given out and done meanwhile.
fn excluded(seen: &Seen<'_>, member: usize, found: &mut Found<'_>) {
    let (mut given, mut done) = (BTreeMap::new(), BTreeMap::new());
    for noted in seen.by(Noter::Desk) {
        match &noted.fact {
            Fact::Assigned { task } => drop(given.insert(task.as_str(), noted.at_ns)),
            Fact::Ended { task, .. } => drop(done.insert(task.as_str(), noted.at_ns)),
            _ => {}
        }
    }
    let begun = seen.by(Noter::Member(member)).filter_map(|noted| match &noted.fact {
        Fact::Begun { task, .. } => Some((task.as_str(), noted.at_ns)),
        _ => None,
    });
    let begun: BTreeMap<&str, u64> = begun.collect();
    let name = seen.name(member);
    for lost in seen.unhealthy(name) {
        for (task, from_ns) in &given {
            let Some(until_ns) = done.get(task).copied() else { continue };
            if !lost.holds(Span { from_ns: *from_ns, until_ns }) {
                continue;
            }
            found.holds(Check::Heartbeats, !begun.contains_key(task), || {
                format!("{name} was unhealthy and was given {task}")
            });
        }
    }
}

/// Whether a member had been lost when a step began.
fn was_lost_before(seen: &Seen<'_>, member: usize, step: usize) -> bool {
    let began_ns = seen.history.steps[step].began_ns;
    seen.unhealthy(seen.name(member)).iter().any(|lost| lost.from_ns < began_ns)
}

fn not_known(seen: &Seen<'_>, member: usize, health: Health) -> String {
    let name = seen.name(member);
    let began_ns = seen.history.steps.last().map_or(0, |times| times.began_ns);
    let lives = lives(seen, member);
    let heard = lives.iter().filter(|(_, heard_ns)| *heard_ns >= began_ns).count();
    format!(
        "the desk heard {heard} heartbeats of {name} and did not call it {} within the limit",
        health.as_str()
    )
}
