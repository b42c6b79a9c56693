//! What of a report is decided already: refused in the file of refusals, or accepted in its scenario since.
//!
//! Both are read from the files as they are now; nothing is remembered elsewhere.

use super::finding::{Finding, What};
use crate::plan::refusals::Refusal;
use crate::plan::{Day, Divergence};

/// The findings of a report, by whether somebody has decided about them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    /// Nobody has.
    pub(super) open: Vec<Finding>,
    /// How many were refused.
    pub(super) refused: usize,
    /// How many were accepted after the report was written.
    pub(super) accepted: usize,
}

/// Sorts them; `declared` says what the scenario of one declares now, `None` where it cannot be told.
pub(super) fn left(
    findings: Vec<Finding>,
    refusals: &[Refusal],
    today: Day,
    declared: impl Fn(&Finding) -> Option<Vec<Divergence>>,
) -> Left {
    let mut left = Left::default();
    for finding in findings {
        if refusals.iter().any(|refusal| finding.is_of(refusal)) {
            left.refused += 1;
        } else if declared(&finding).is_some_and(|now| is_accepted(&finding, &now, today)) {
            left.accepted += 1;
        } else {
            left.open.push(finding);
        }
    }
    left
}

/// Whether the scenario, as it is now, accepts what the report complains about.
fn is_accepted(finding: &Finding, now: &[Divergence], today: Day) -> bool {
    let bus = finding.bus;
    let own = || now.iter().filter(move |one| one.bus == bus);
    let stands = |one: &Divergence| one.until >= today;
    match &finding.what {
        What::Broken(rule) => own().any(|one| one.rule == *rule && stands(one)),
        What::Expired(id) => own().any(|one| one.id == *id && stands(one)),
        // One that says the same as in that run comes to the same again; one that was taken out is decided.
        What::NotObserved(id) => own()
            .find(|one| one.id == *id)
            .is_none_or(|one| stands(one) && Some(one) != finding.declared.as_ref()),
        What::Difference => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Bus, Observe};

    fn day(text: &str) -> Day {
        Day::of(text).expect("a day")
    }

    fn v2() -> Divergence {
        Divergence {
            id: "V2".to_owned(),
            rule: "C4".to_owned(),
            bus: Bus::Process,
            reason: "known".to_owned(),
            owner: "bus".to_owned(),
            until: day("2027-01-01"),
            observe: Observe::Always,
        }
    }

    fn finding(what: What) -> Finding {
        Finding {
            scenario: "ordering/one".to_owned(),
            bus: Bus::Process,
            what,
            declared: Some(v2()),
            cases: vec!["ordering/one".to_owned()],
            witness: "seen".to_owned(),
            messages: Vec::new(),
            rerun: "again".to_owned(),
        }
    }

    /// Whether it is accepted on that day by these declarations.
    fn accepted(what: What, now: &[Divergence], today: &str) -> bool {
        let sorted = left(vec![finding(what)], &[], day(today), |_| Some(now.to_vec()));
        assert_eq!(sorted.open.len() + sorted.accepted, 1);
        sorted.accepted == 1
    }

    #[test]
    fn a_broken_promise_is_accepted_as_long_as_it_is_declared_for_its_bus() {
        let broken = || What::Broken("C4".to_owned());
        assert!(accepted(broken(), &[v2()], "2027-01-01"));
        assert!(!accepted(broken(), &[v2()], "2027-01-02"), "its last day is over");
        assert!(!accepted(broken(), &[], "2027-01-01"));
        let other = Divergence { bus: Bus::Agent, ..v2() };
        assert!(!accepted(broken(), &[other], "2027-01-01"));
        assert!(!accepted(What::Broken("C1".to_owned()), &[v2()], "2027-01-01"));
    }

    #[test]
    fn a_declaration_that_had_expired_is_accepted_once_it_is_renewed() {
        let expired = || What::Expired("V2".to_owned());
        assert!(!accepted(expired(), &[v2()], "2027-01-02"));
        let renewed = Divergence { until: day("2027-06-30"), ..v2() };
        assert!(accepted(expired(), &[renewed], "2027-01-02"));
    }

    #[test]
    fn one_that_did_not_show_is_decided_once_it_says_something_else_or_is_gone() {
        let unseen = || What::NotObserved("V2".to_owned());
        assert!(!accepted(unseen(), &[v2()], "2027-01-01"), "it would fail again");
        let may = Divergence { observe: Observe::May, ..v2() };
        assert!(accepted(unseen(), &[may], "2027-01-01"));
        assert!(accepted(unseen(), &[], "2027-01-01"));
    }

    #[test]
    fn what_cannot_be_read_and_what_breaks_no_promise_stays_open() {
        let found = vec![finding(What::Broken("C4".to_owned()))];
        assert_eq!(left(found, &[], day("2027-01-01"), |_| None).open.len(), 1);
        assert!(!accepted(What::Difference, &[v2()], "2027-01-01"));
    }
}
