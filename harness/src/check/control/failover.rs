//! R3: every task has one result, whoever of its members is lost over it.

use std::collections::BTreeMap;

use super::seen::Seen;
use crate::check::found::Found;
use crate::check::report::Check;
use crate::plan::control::{DESK, Step};
use crate::record::{Fact, Noter};

type Outcome = Result<String, String>;

pub(super) fn check(seen: &Seen<'_>, found: &mut Found<'_>) {
    let tasks = Tasks::of(seen);
    for task in &tasks.given {
        let ends = tasks.ends.get(task).map(Vec::as_slice).unwrap_or_default();
        let wrong = wrong(seen, task, ends);
        found.holds(Check::Failover, wrong.is_none(), || wrong.unwrap_or_default());
    }
    for (index, step, times) in seen.steps() {
        match *step {
            Step::Kill { member } => unfinished(seen, &tasks, index, member, found),
            Step::AwaitBegun { member, tasks } if times.ended_ns.is_none() => {
                found.violated(Check::Failover, || {
                    let name = seen.name(member);
                    format!("{name} had not been given {tasks} tasks by the limit")
                });
            }
            _ => {}
        }
    }
}

/// What became of the tasks the desk gave out.
struct Tasks<'a> {
    given: Vec<&'a str>,
    ends: BTreeMap<&'a str, Vec<(u64, &'a Outcome)>>,
}

impl<'a> Tasks<'a> {
    fn of(seen: &Seen<'a>) -> Self {
        let mut tasks = Self { given: Vec::new(), ends: BTreeMap::new() };
        for noted in seen.by(Noter::Desk) {
            match &noted.fact {
                Fact::Assigned { task } => tasks.given.push(task),
                Fact::Ended { task, outcome } => {
                    tasks.ends.entry(task).or_default().push((noted.at_ns, outcome));
                }
                _ => {}
            }
        }
        tasks
    }
}

/// What is wrong with how a task ended; `None` when a member did it, once.
fn wrong(seen: &Seen<'_>, task: &str, ends: &[(u64, &Outcome)]) -> Option<String> {
    match ends {
        [] => Some(format!("{task} was given out and has no result")),
        [(_, Err(why))] => Some(format!("{task} was given out and not done: {why}")),
        [(_, Ok(by))] if !has_begun(seen, by, task) => {
            Some(format!("{task} has a result of {by}, who was never given it"))
        }
        [_] => None,
        more => Some(format!("{task} has {} results, not one", more.len())),
    }
}

fn has_begun(seen: &Seen<'_>, name: &str, task: &str) -> bool {
    let members = &seen.case.control.members;
    let Some(member) = members.iter().position(|member| member.name == name) else { return false };
    seen.by(Noter::Member(member))
        .any(|noted| matches!(&noted.fact, Fact::Begun { task: own, .. } if own == task))
}

/// How many tasks a member had begun and not finished when it was killed.
fn unfinished(
    seen: &Seen<'_>,
    tasks: &Tasks<'_>,
    step: usize,
    member: usize,
    found: &mut Found<'_>,
) {
    let Some(killed_ns) = seen.killed_ns(member) else { return };
    let is_done = |task: &str| {
        let ends = tasks.ends.get(task).map(Vec::as_slice).unwrap_or_default();
        ends.iter().any(|(at_ns, _)| *at_ns < killed_ns)
    };
    let begun = seen.by(Noter::Member(member)).filter(|noted| {
        matches!(&noted.fact, Fact::Begun { task, asker } if asker == DESK && !is_done(task))
    });
    let (what, begun) = (format!("kill of {}", seen.name(member)), begun.count() as u64);
    found.reached(what, step, "tasks it had begun and not finished", begun);
}
