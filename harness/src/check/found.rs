//! The violations of one case that has no history of a bus, as they are found.

use super::report::{
    Check, Checked, Judgement, MAX_WITNESSES, Message, Reached, Unexercised, Violation,
};
use crate::plan::{Bus, Case, Claim};

/// What was found and looked at so far.
pub(super) struct Found<'a> {
    case: &'a Case,
    bus: Bus,
    rule_of: fn(Check) -> &'static str,
    judgement: Judgement,
}

impl<'a> Found<'a> {
    /// Nothing yet; `rule_of` tells by which rule a check judges here.
    pub(super) fn new(case: &'a Case, bus: Bus, rule_of: fn(Check) -> &'static str) -> Self {
        let row = |check| Checked { check, items: 0, violations: 0 };
        let checked = Check::ALL.into_iter().map(row).collect();
        Self { case, bus, rule_of, judgement: Judgement { checked, ..Judgement::default() } }
    }

    /// Notes that a check judged this many more things.
    pub(super) fn judged(&mut self, check: Check, items: u64) {
        self.row(check).items += items;
    }

    /// Judges one thing; its sentence is made only if it is wrong and will be kept.
    pub(super) fn holds(&mut self, check: Check, holds: bool, sentence: impl FnOnce() -> String) {
        self.judged(check, 1);
        if !holds {
            self.violated(check, sentence);
        }
    }

    /// Notes a violation; its sentence is made only if it will be kept.
    pub(super) fn violated(&mut self, check: Check, sentence: impl FnOnce() -> String) {
        self.violated_by(check, &[], sentence);
    }

    /// The same where messages show it.
    pub(super) fn violated_by(
        &mut self,
        check: Check,
        messages: &[Message],
        sentence: impl FnOnce() -> String,
    ) {
        let row = self.row(check);
        row.violations += 1;
        if row.violations > MAX_WITNESSES {
            return;
        }
        let rule = (self.rule_of)(check);
        self.judgement.violations.push(Violation {
            rule: rule.to_owned(),
            check,
            sentence: format!("{} ({rule})", sentence()),
            case: self.case.id.clone(),
            bus: self.bus,
            publisher: None,
            subscriber: None,
            messages: messages.to_vec(),
        });
    }

    /// Notes how often something met what it is for; `step` is its place in the case.
    pub(super) fn reached(&mut self, what: String, step: usize, counted: &str, reached: u64) {
        let (phase, counted) = (u32::try_from(step).unwrap_or(u32::MAX), counted.to_owned());
        self.judgement.reached.push(Reached { what, phase, counted, reached, least: 1 });
    }

    /// Everything found, and which claims nothing exercised.
    pub(super) fn into_judgement(mut self) -> Judgement {
        let checked = &self.judgement.checked;
        let is_exercised = |claim: &&Claim| {
            checked.iter().any(|row| row.items > 0 && (self.rule_of)(row.check) == claim.as_str())
        };
        let idle = self.case.claims.iter().filter(|claim| !is_exercised(claim));
        let missing = "no check of it had anything to judge";
        let idle =
            idle.map(|claim| Unexercised { claim: claim.to_string(), missing: missing.to_owned() });
        self.judgement.unexercised = idle.collect();
        self.judgement
    }

    fn row(&mut self, check: Check) -> &mut Checked {
        let mut rows = self.judgement.checked.iter_mut();
        rows.find(|row| row.check == check).expect("every check has a row")
    }
}
