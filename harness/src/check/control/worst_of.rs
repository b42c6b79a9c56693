//! R1: the whole is as its worst part, and every member is a part of it.

use std::collections::BTreeSet;

use super::seen::Seen;
use crate::check::found::Found;
use crate::check::report::Check;
use crate::plan::control::{Health, Step};
use crate::record::Fact;

pub(super) fn check(seen: &Seen<'_>, found: &mut Found<'_>) {
    for (_, step, times) in seen.steps() {
        let Step::AskHealth { overall: wanted } = *step else { continue };
        for (noter, caller) in seen.callers() {
            let report = seen.during(times, noter).find_map(|noted| match &noted.fact {
                Fact::Report { asked_ns, parts, overall } => Some(Report {
                    from_ns: *asked_ns,
                    to_ns: noted.at_ns,
                    parts,
                    overall: *overall,
                }),
                _ => None,
            });
            found.judged(Check::WorstOf, 1);
            let Some(report) = report else {
                found
                    .violated(Check::WorstOf, || format!("{caller} was not told how everybody is"));
                continue;
            };
            report.check(seen, &caller, found);
            found.holds(Check::Expectation, report.overall == wanted, || {
                let (told, wanted) = (report.overall.as_str(), wanted.as_str());
                format!("{caller} was told that the whole is {told}, expected {wanted}")
            });
        }
    }
}

/// What one caller was told.
struct Report<'a> {
    from_ns: u64,
    to_ns: u64,
    parts: &'a [(String, Health)],
    overall: Health,
}

impl Report<'_> {
    fn check(&self, seen: &Seen<'_>, caller: &str, found: &mut Found<'_>) {
        let worst = worst(self.parts);
        if self.overall != worst {
            found.violated(Check::WorstOf, || {
                let (told, worst) = (self.overall.as_str(), worst.as_str());
                format!("{caller} was told that the whole is {told}, and its worst part is {worst}")
            });
        }
        let told: BTreeSet<&str> = self.parts.iter().map(|(name, _)| &**name).collect();
        let members: BTreeSet<&str> =
            seen.case.control.members.iter().map(|member| &*member.name).collect();
        if told != members || self.parts.len() != members.len() {
            found.violated(Check::WorstOf, || {
                format!("{caller} was told of {told:?}, and the members are {members:?}")
            });
        }
        for (name, health) in self.parts {
            if !self.known(seen, name).contains(health) {
                found.violated(Check::WorstOf, || {
                    format!(
                        "{caller} was told that {name} is {}, which it was not",
                        health.as_str()
                    )
                });
            }
        }
    }

    /// What a member was, by the desk's own account, between question and answer. What the desk
    /// has noted it knew before; what it knew it may note up to a heartbeat later.
    fn known(&self, seen: &Seen<'_>, name: &str) -> Vec<Health> {
        let (from_ns, to_ns) = (self.from_ns, self.to_ns.saturating_add(seen.heartbeat_ns()));
        let mut before = None;
        let mut known = Vec::new();
        for (at_ns, health) in seen.changes(name) {
            match health {
                _ if at_ns > to_ns => break,
                health if at_ns <= from_ns => before = health,
                health => known.extend(health),
            }
        }
        known.extend(before);
        known
    }
}

/// The worst of all parts; healthy when there are none.
fn worst(parts: &[(String, Health)]) -> Health {
    let has = |wanted| parts.iter().any(|(_, health)| *health == wanted);
    match (has(Health::Unhealthy), has(Health::Degraded)) {
        (true, _) => Health::Unhealthy,
        (false, true) => Health::Degraded,
        (false, false) => Health::Healthy,
    }
}
