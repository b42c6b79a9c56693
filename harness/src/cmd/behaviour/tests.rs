//! How what was found and what was declared become one outcome.

use daemoneye_eventbus::EventSubscription;

use super::*;
use crate::check::{Check, Checked, Unexercised};
use crate::plan::{Divergence, Observe, fence_case};
use crate::scenario::Profile;

const BUS: Bus = Bus::CrossbeamFaithful;

/// A case that declares that its bus departs from C10 until the end of 2027.
fn case() -> Case {
    let mut case = fence_case(EventSubscription::new("s").with_pattern("#"), &[None]);
    case.divergences.push(Divergence {
        id: "V2".to_owned(),
        rule: "C10".to_owned(),
        bus: BUS,
        reason: "dead receivers stay".to_owned(),
        owner: "the keepers".to_owned(),
        until: Day::of("2027-12-31").expect("a day"),
        observe: Observe::Always,
    });
    case
}

fn found(checks: &[Check]) -> Judgement {
    let violation = |check: &Check| Violation {
        rule: check.rule().to_owned(),
        check: *check,
        sentence: "seen".to_owned(),
        case: "a/b".to_owned(),
        bus: BUS,
        publisher: None,
        subscriber: None,
        messages: Vec::new(),
    };
    let checked = |check: &Check| Checked { check: *check, items: 9, violations: 2 };
    Judgement {
        violations: checks.iter().map(violation).collect(),
        checked: checks.iter().map(checked).collect(),
        ..Judgement::default()
    }
}

fn judge_as_of(day: &str, judgement: Judgement, doubts: &[&str]) -> BehaviourRow {
    let (case, day) = (case(), Day::of(day).expect("a day"));
    let wanted = Wanted {
        folder: None,
        profile: Profile::Pr,
        patterns: Vec::new(),
        seed: 1,
        baseline: Bus::Crossbeam,
    };
    let doubts: Vec<String> = doubts.iter().map(|doubt| (*doubt).to_owned()).collect();
    let row = row(&case, BUS, &wanted, Behaviour::Pass);
    judged(row, (&case, day), &Report::Judged(judgement), &doubts)
}

#[test]
fn what_is_declared_is_an_outcome_of_its_own_and_neither_pass_nor_fail() {
    let row = judge_as_of("2027-01-01", found(&[Check::Departures]), &[]);
    assert_eq!((&row.outcome, row.violations.len()), (&Behaviour::Diverges, 0));
    assert_eq!(
        (row.divergences[0].standing, row.divergences[0].violations),
        (Standing::Observed, 2)
    );
}

#[test]
fn a_violation_beside_the_declared_one_fails() {
    let row = judge_as_of("2027-01-01", found(&[Check::Departures, Check::Fifo]), &["a doubt"]);
    assert_eq!(row.outcome, Behaviour::Fail);
    let rules: Vec<&str> = row.violations.iter().map(|witness| witness.rule.as_str()).collect();
    assert_eq!(rules, ["C4"]);
}

#[test]
fn an_expired_declaration_fails_under_its_id_and_names_its_owner() {
    let row = judge_as_of("2028-01-01", found(&[Check::Departures]), &[]);
    assert_eq!(row.outcome, Behaviour::Fail);
    let rules: Vec<&str> = row.violations.iter().map(|witness| witness.rule.as_str()).collect();
    assert_eq!(rules, ["C10", "V2"]);
    assert!(row.violations[1].sentence.contains("the keepers"), "{:?}", row.violations[1]);
    assert_eq!(judge_as_of("2028-01-01", found(&[]), &[]).outcome, Behaviour::Fail);
}

#[test]
fn an_unseen_declaration_fails_unless_the_run_is_in_doubt() {
    let row = judge_as_of("2027-01-01", found(&[]), &[]);
    assert_eq!((&row.outcome, row.violations[0].rule.as_str()), (&Behaviour::Fail, "V2"));
    let doubtful = judge_as_of("2027-01-01", found(&[]), &["a fence is missing"]);
    assert_eq!(doubtful.outcome, Behaviour::NotExercised("a fence is missing".to_owned()));
    assert!(doubtful.violations.is_empty());
}

#[test]
fn a_claim_nothing_exercised_is_not_excused_by_a_divergence() {
    let unexercised = vec![Unexercised { claim: "C1".to_owned(), missing: "an event".to_owned() }];
    let judgement = Judgement { unexercised, ..found(&[Check::Departures]) };
    let row = judge_as_of("2027-01-01", judgement, &[]);
    assert_eq!(row.outcome, Behaviour::NotExercised("C1 (an event)".to_owned()));
}
