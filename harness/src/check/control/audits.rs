//! A5: refusals are told on the audit topic, as they were and no oftener: of each origin the first
//! ones one by one, then one a second with the number of those in between.
//!
//! Whoever connects and is not let in is of one origin together; every member is one of its own.

use std::collections::BTreeMap;

use super::seen::Seen;
use crate::check::found::Found;
use crate::check::report::Check;
use crate::plan::control::{Overreach, Step, TOLD_AT_ONCE};
use crate::record::{Admission, Fact, Noter, Origin};

const SECOND_NS: u64 = 1_000_000_000;
/// What a reason ends with that stands for several, around their number.
const OTHERS: [&str; 2] = [" (and ", " more since the last that was told)"];

pub(super) fn check(seen: &Seen<'_>, found: &mut Found<'_>) {
    if !seen.case.control.has_refusals() {
        return;
    }
    at_the_door(seen).check(seen, Origin::Door, "those who were not let in", found);
    for member in 0..seen.case.control.members.len() {
        let name = seen.name(member);
        let whose = format!("what {name} was refused");
        of_member(seen, member).check(seen, Origin::Member(member, name), &whose, found);
    }
}

/// What one origin was refused, and what the desk heard of it.
#[derive(Default)]
struct Account {
    /// When, and what: a reason, or an action and its resource.
    refused: Vec<(u64, String)>,
    /// What was told, and of how many more.
    told: Vec<(String, u64)>,
}

fn at_the_door(seen: &Seen<'_>) -> Account {
    let mut account = Account::default();
    for noted in &seen.history.facts {
        match &noted.fact {
            Fact::Came { admission: Admission::Refused(reason) } => {
                account.refused.push((noted.at_ns, reason.clone()));
            }
            Fact::Audited { reason, .. } if noted.is_audit(Origin::Door) => {
                account.told.push(parted(reason));
            }
            _ => {}
        }
    }
    account
}

fn of_member(seen: &Seen<'_>, member: usize) -> Account {
    let origin = Origin::Member(member, seen.name(member));
    let mut account = Account::default();
    for (_, step, span) in seen.steps() {
        let Step::Overstep { member: own, wanted, .. } = step else { continue };
        if *own != member {
            continue;
        }
        let what = match wanted {
            Overreach::Publish(topic) => format!("publish {topic}"),
            Overreach::Subscribe(pattern) => format!("subscribe {pattern}"),
        };
        let noted = seen.during(span, Noter::Member(member));
        let refused = noted.filter(|noted| noted.is_refused(origin));
        account.refused.extend(refused.map(|noted| (noted.at_ns, what.clone())));
    }
    for noted in seen.by(Noter::Desk).filter(|noted| noted.is_audit(origin)) {
        if let Fact::Audited { action, resource, reason, .. } = &noted.fact {
            account.told.push((format!("{action} {resource}"), parted(reason).1));
        }
    }
    account
}

/// A reason, and how many more it stands for.
fn parted(reason: &str) -> (String, u64) {
    let others = reason.rsplit_once(OTHERS[0]);
    let counted = others.and_then(|(reason, others)| {
        Some((reason.to_owned(), others.strip_suffix(OTHERS[1])?.parse().ok()?))
    });
    counted.unwrap_or_else(|| (reason.to_owned(), 0))
}

impl Account {
    fn check(&self, seen: &Seen<'_>, origin: Origin<'_>, whose: &str, found: &mut Found<'_>) {
        let refused = self.refused.len() as u64;
        let told = self.told.len() as u64;
        let owed = seen.history.audits_due(origin);
        found.judged(Check::Audits, refused);
        if told < owed {
            found.violated(Check::Audits, || {
                format!("of {whose}, {refused} times, the audit topic told {told}, not {owed}")
            });
        }
        let mut left: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, what) in &self.refused {
            *left.entry(what).or_default() += 1;
        }
        for (what, _) in &self.told {
            match left.get_mut(&**what) {
                Some(count) if *count > 0 => *count -= 1,
                _ => found.violated(Check::Audits, || {
                    format!("of {whose}, the audit topic told of {what:?}, which was not refused")
                }),
            }
        }
        let counted = told + self.told.iter().map(|(_, others)| others).sum::<u64>();
        let is_whole = told >= owed && seen.history.are_audits_whole(origin);
        if counted > refused || (counted < refused && is_whole) {
            found.violated(Check::Audits, || {
                format!("of {whose}, {refused} times, the audit topic counted {counted}")
            });
        }
        let most = TOLD_AT_ONCE + self.lasted_ns(seen).div_ceil(SECOND_NS);
        if told > most {
            found.violated(Check::Audits, || {
                format!("of {whose}, the audit topic told {told} times, at most {most} were due")
            });
        }
    }

    /// From the beginning of the first step to the last refusal, nanoseconds: no less than what has
    /// passed at the broker.
    fn lasted_ns(&self, seen: &Seen<'_>) -> u64 {
        let first = seen.history.steps.first().map_or(0, |times| times.began_ns);
        let last = self.refused.iter().map(|(at_ns, _)| *at_ns).max().unwrap_or(first);
        last.saturating_sub(first)
    }
}
