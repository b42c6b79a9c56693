//! Each way in which a declaration could hide too much or complain too little, planted.

use super::*;
use crate::check::{Check, Checked};

const BUS: Bus = Bus::CrossbeamFaithful;

fn day(text: &str) -> Day {
    Day::of(text).expect("a day")
}

fn today() -> Day {
    day("2027-06-15")
}

fn v2() -> Divergence {
    Divergence {
        id: "V2".to_owned(),
        rule: "C10".to_owned(),
        bus: BUS,
        reason: "dead receivers stay".to_owned(),
        owner: "the bus".to_owned(),
        until: day("2027-12-31"),
        observe: Observe::Always,
    }
}

fn violation(check: Check, sentence: &str) -> Violation {
    Violation {
        rule: check.rule().to_owned(),
        check,
        sentence: sentence.to_owned(),
        case: "a/b".to_owned(),
        bus: BUS,
        publisher: None,
        subscriber: None,
        messages: Vec::new(),
    }
}

/// A judgement with one witness of each of these checks, each of which found 30.
fn found(checks: &[Check]) -> Judgement {
    let checked = Check::ALL.map(|check| Checked {
        check,
        items: 100,
        violations: if checks.contains(&check) { 30 } else { 0 },
    });
    let violations = checks.iter().map(|check| violation(*check, "seen")).collect();
    Judgement { violations, checked: checked.to_vec(), ..Judgement::default() }
}

fn standing(declared: Divergence, on: Day, found: &Judgement) -> (Standing, usize) {
    let sorted = sort(&[declared], BUS, on, found);
    (sorted.declared[0].standing, sorted.violations.len())
}

#[test]
fn a_declared_violation_is_no_failure_and_is_counted_with_a_witness() {
    let sorted = sort(&[v2()], BUS, today(), &found(&[Check::Departures]));
    assert!(sorted.violations.is_empty());
    let [only] = sorted.declared.as_slice() else { panic!("{sorted:?}") };
    assert_eq!((only.standing, only.violations), (Standing::Observed, 30));
    assert_eq!(only.witness.as_ref().map(|one| one.sentence.as_str()), Some("seen"));
    assert_eq!(only.complaint(), None);
}

#[test]
fn a_violation_of_another_rule_is_not_covered() {
    let both = found(&[Check::Departures, Check::Shutdown]);
    let sorted = sort(&[v2()], BUS, today(), &both);
    assert_eq!(sorted.violations, [violation(Check::Shutdown, "seen")]);
    let other = found(&[Check::Shutdown]);
    assert_eq!(standing(v2(), today(), &other), (Standing::NotObserved, 1));
}

#[test]
fn the_same_violation_on_another_bus_is_not_covered() {
    for bus in Bus::ALL.into_iter().filter(|bus| *bus != BUS) {
        let sorted = sort(&[v2()], bus, today(), &found(&[Check::Departures]));
        assert_eq!((sorted.violations.len(), sorted.declared.len()), (1, 0), "{}", bus.as_str());
    }
}

#[test]
fn the_last_day_still_counts_and_the_day_after_covers_nothing() {
    let seen = found(&[Check::Departures]);
    assert_eq!(standing(v2(), day("2027-12-31"), &seen), (Standing::Observed, 0));
    assert_eq!(standing(v2(), day("2028-01-01"), &seen), (Standing::Expired, 1));
    let sorted = sort(&[v2()], BUS, day("2028-01-01"), &seen);
    let complaint = sorted.declared[0].complaint().expect("expired");
    assert!(complaint.contains("expired on 2027-12-31: the bus answers"), "{complaint}");
}

#[test]
fn an_entry_expires_unseen_and_even_where_it_need_not_show() {
    for observe in [Observe::Always, Observe::May] {
        let entry = Divergence { observe, ..v2() };
        assert_eq!(standing(entry, day("2028-01-01"), &found(&[])), (Standing::Expired, 0));
    }
}

#[test]
fn what_must_show_and_does_not_is_a_failure_that_says_what_to_do() {
    let sorted = sort(&[v2()], BUS, today(), &found(&[]));
    assert!(sorted.declared[0].standing.is_failure());
    let complaint = sorted.declared[0].complaint().expect("not observed");
    assert!(complaint.contains("no longer departs from C10; take the entry out"), "{complaint}");
}

#[test]
fn what_may_show_never_fails_for_absence() {
    let may = Divergence { observe: Observe::May, ..v2() };
    assert_eq!(standing(may.clone(), today(), &found(&[])), (Standing::Absent, 0));
    assert!(!Standing::Absent.is_failure());
    assert_eq!(standing(may, today(), &found(&[Check::Departures])), (Standing::Observed, 0));
}

#[test]
fn each_of_several_covers_its_own() {
    let v4 = Divergence { id: "V4".to_owned(), rule: "C13".to_owned(), ..v2() };
    let seen = found(&[Check::Shutdown, Check::Departures, Check::Fifo]);
    let sorted = sort(&[v2(), v4], BUS, today(), &seen);
    assert!(sorted.declared.iter().all(|one| one.standing == Standing::Observed));
    assert_eq!(sorted.violations, [violation(Check::Fifo, "seen")]);
}
