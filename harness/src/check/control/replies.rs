//! W9: every request has one reply, its own, from whom it asked; nobody gets one of another's.

use std::collections::BTreeMap;

use super::seen::Seen;
use crate::check::found::Found;
use crate::check::report::Check;
use crate::plan::control::{Step, call_id};
use crate::record::{Answered, Fact, Noter, StepTimes};

pub(super) fn check(seen: &Seen<'_>, found: &mut Found<'_>) {
    for (index, step, times) in seen.steps() {
        if let Step::Call { member, rounds, together } = *step {
            let calls = Calls { seen: *seen, index, times, member };
            calls.answered(rounds, found);
            calls.reckoned(found);
            calls.together(together, found);
        }
    }
}

/// The requests of one step.
struct Calls<'a> {
    seen: Seen<'a>,
    index: usize,
    times: StepTimes,
    member: usize,
}

impl Calls<'_> {
    /// Each request, the one that reckons included, has its own answer, and was begun once.
    fn answered(&self, rounds: u64, found: &mut Found<'_>) {
        let begun = self.begun();
        for (noter, caller) in self.seen.callers() {
            let mut answers: BTreeMap<&str, Vec<&Result<Answered, String>>> = BTreeMap::new();
            for noted in self.seen.during(self.times, noter) {
                if let Fact::Answered { task, answer } = &noted.fact {
                    answers.entry(task).or_default().push(answer);
                }
            }
            for round in 0..=rounds {
                let id = call_id(&caller, self.index, round);
                let answers = answers.get(&*id).map(Vec::as_slice).unwrap_or_default();
                let wrong = self.wrong(&caller, &id, answers);
                found.holds(Check::Replies, wrong.is_none(), || wrong.unwrap_or_default());
                let times = begun.get(&(id.clone(), caller.clone())).copied().unwrap_or_default();
                if times != 1 && self.seen.killed_ns(self.member).is_none() {
                    let name = self.seen.name(self.member);
                    found.violated(Check::Replies, || {
                        format!("{caller} asked {name} for {id} once, and {name} was asked {times} times")
                    });
                }
            }
        }
    }

    /// How often the member was asked, by request and asker.
    fn begun(&self) -> BTreeMap<(String, String), u64> {
        let mut begun = BTreeMap::new();
        for noted in self.seen.by(Noter::Member(self.member)) {
            if let Fact::Begun { task, asker } = &noted.fact {
                *begun.entry((task.clone(), asker.clone())).or_default() += 1;
            }
        }
        begun
    }

    /// What is wrong with what came of a request; `None` when it is its own reply.
    fn wrong(
        &self,
        caller: &str,
        id: &str,
        answers: &[&Result<Answered, String>],
    ) -> Option<String> {
        let name = self.seen.name(self.member);
        let told = match answers {
            [] => return Some(format!("{caller} asked {name} for {id} and nothing came of it")),
            [Err(why)] => return Some(format!("{caller} asked {name} for {id}: {why}")),
            [Ok(told)] => told,
            more => return Some(format!("{caller} had {} answers to {id}", more.len())),
        };
        let is_own =
            told.task == id && told.asker == caller && told.from == name && told.member == name;
        (!is_own).then(|| {
            let Answered { from, task, asker, .. } = told;
            format!(
                "{caller} asked {name} for {id} and was given {from}'s reply to {asker}'s {task}"
            )
        })
    }

    /// Nothing waits, and nothing came that was not asked for.
    fn reckoned(&self, found: &mut Found<'_>) {
        for (noter, caller) in self.seen.callers() {
            let told = self.seen.during(self.times, noter).find_map(|noted| match noted.fact {
                Fact::Reckoned { pending, unexpected } => Some((pending, unexpected)),
                _ => None,
            });
            let holds = told == Some((0, 0));
            found.holds(Check::Replies, holds, || match told {
                Some((0, unexpected)) => {
                    format!("{caller} received {unexpected} replies to requests of others")
                }
                Some((pending, _)) => format!("{pending} requests of {caller} were left behind"),
                None => format!("{caller} had not ended its calls within the limit"),
            });
        }
    }

    /// Whether as many asked at once as the case wants.
    fn together(&self, wanted: usize, found: &mut Found<'_>) {
        if wanted <= 1 {
            return;
        }
        let seen = self.seen.during(self.times, Noter::Member(self.member));
        let met = seen
            .filter(|noted| matches!(noted.fact, Fact::Together { askers } if askers >= wanted));
        let what = format!("{wanted} requests at once to {}", self.seen.name(self.member));
        let met = met.count() as u64;
        found.reached(what, self.index, "times so many waited together", met);
    }
}
