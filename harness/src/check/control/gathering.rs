//! R4: a gathering ends when all have answered or its time is over, whichever is first. It holds
//! each answer once, its own, and names who is missing.

use std::collections::BTreeSet;

use super::seen::{Seen, Span, ms};
use crate::check::found::Found;
use crate::check::report::Check;
use crate::plan::control::{DESK, Step};
use crate::record::{Answered, Fact, Noter, StepTimes};

/// A gathering is over this much after its time at most, nanoseconds: a busy host, a debug build.
const LATE_NS: u64 = 5_000_000_000;

pub(super) fn check(seen: &Seen<'_>, found: &mut Found<'_>) {
    for (index, step, times) in seen.steps() {
        let Step::Gather { within_ms } = *step else { continue };
        found.judged(Check::Gathering, 1);
        let Some(gathered) = Gathered::of(seen, times, within_ms) else {
            found.violated(Check::Gathering, || {
                format!("gathering for {within_ms} ms came to nothing within the limit")
            });
            continue;
        };
        gathered.whole(seen, found);
        gathered.own(found);
        gathered.in_time(found);
        gathered.truly_missing(seen, found);
        if seen
            .case
            .control
            .members
            .iter()
            .enumerate()
            .any(|(member, _)| gathered.is_silent(seen, member))
        {
            let is_partial = !gathered.missing.is_empty() && !gathered.results.is_empty();
            let counted = "answers in part, with who is missing";
            found.reached("gather".to_owned(), index, counted, u64::from(is_partial));
        }
    }
}

/// One gathering.
struct Gathered<'a> {
    id: &'a str,
    within_ns: u64,
    span: Span,
    results: &'a [(String, Result<Answered, String>)],
    missing: &'a [String],
}

impl<'a> Gathered<'a> {
    fn of(seen: &Seen<'a>, times: StepTimes, within_ms: u64) -> Option<Self> {
        seen.during(times, Noter::Desk).find_map(|noted| match &noted.fact {
            Fact::Gathered { asked_ns, id, results, missing, .. } => Some(Self {
                id,
                within_ns: within_ms * 1_000_000,
                span: Span { from_ns: *asked_ns, until_ns: noted.at_ns },
                results,
                missing,
            }),
            _ => None,
        })
    }

    /// Every member has answered or is missing, and none is both or twice.
    fn whole(&self, seen: &Seen<'_>, found: &mut Found<'_>) {
        let mut told: Vec<&str> = self.results.iter().map(|(member, _)| &**member).collect();
        told.extend(self.missing.iter().map(String::as_str));
        told.sort_unstable();
        let asked: BTreeSet<&str> =
            seen.case.control.members.iter().map(|member| &*member.name).collect();
        let asked: Vec<&str> = asked.into_iter().collect();
        if told != asked {
            found.violated(Check::Gathering, || {
                format!("{} asked {asked:?}, and tells of {told:?}", self.id)
            });
        }
    }

    /// Each answer is the one to this gathering, by the member it is told of.
    fn own(&self, found: &mut Found<'_>) {
        for (member, answer) in self.results {
            let wrong = match answer {
                Err(why) => Some(why.clone()),
                Ok(told) => {
                    let is_own = told.task == self.id
                        && told.from == *member
                        && told.member == *member
                        && told.asker == DESK;
                    (!is_own).then(|| format!("{}'s reply to {}", told.from, told.task))
                }
            };
            if let Some(wrong) = wrong {
                found
                    .violated(Check::Gathering, || format!("{} has of {member}: {wrong}", self.id));
            }
        }
    }

    /// Over when all have answered, or when its time is over.
    fn in_time(&self, found: &mut Found<'_>) {
        let took_ns = self.span.until_ns - self.span.from_ns;
        let (took, within) = (ms(took_ns), ms(self.within_ns));
        if took_ns > self.within_ns + LATE_NS {
            found.violated(Check::Gathering, || {
                format!("{} took {took} ms, and had {within} ms", self.id)
            });
        }
        if !self.missing.is_empty() && took_ns < self.within_ns {
            found.violated(Check::Gathering, || {
                let missing = self.missing.join(", ");
                format!("{} gave up {missing} after {took} ms, and had {within} ms", self.id)
            });
        }
    }

    /// Who is missing could not answer, and who could not is missing.
    fn truly_missing(&self, seen: &Seen<'_>, found: &mut Found<'_>) {
        for (member, spec) in seen.case.control.members.iter().enumerate() {
            let is_missing = self.missing.contains(&spec.name);
            let name = &spec.name;
            if is_missing && !seen.silent(member).iter().any(|span| span.meets(self.span)) {
                found.violated(Check::Gathering, || {
                    format!("{} lacks {name}, whom nothing kept from answering", self.id)
                });
            }
            if !is_missing && self.is_silent(seen, member) {
                found.violated(Check::Gathering, || {
                    format!("{} has an answer of {name}, which could not answer", self.id)
                });
            }
        }
    }

    /// Whether a member could not answer at all.
    fn is_silent(&self, seen: &Seen<'_>, member: usize) -> bool {
        seen.silent(member).iter().any(|span| span.holds(self.span))
    }
}
