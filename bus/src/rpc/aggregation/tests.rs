//! R4 on an explicit clock.

use super::{Added, Aggregate, Aggregator, GatherError};

fn members(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn open(aggregator: &mut Aggregator<u32>, request: &str, names: &[&str]) {
    aggregator.open(request, members(names), 100).unwrap();
}

fn aggregate(request: &str, results: &[(&str, u32)], missing: &[&str]) -> Aggregate<u32> {
    let named = |(name, result): &(&str, u32)| ((*name).to_owned(), *result);
    Aggregate {
        request_id: request.to_owned(),
        results: results.iter().map(named).collect(),
        missing: members(missing),
    }
}

#[test]
fn results_are_given_out_when_all_have_answered() {
    let mut aggregator = Aggregator::default();
    open(&mut aggregator, "r", &["a", "b"]);
    assert_eq!(aggregator.add("r", "b", 2), Added::Taken);
    assert!(aggregator.ready(99).is_empty());
    assert_eq!(aggregator.add("r", "a", 1), Added::Taken);
    assert_eq!(aggregator.ready(0), [aggregate("r", &[("a", 1), ("b", 2)], &[])]);
    assert!(aggregator.ready(1_000).is_empty(), "once");
}

#[test]
fn a_second_result_of_a_member_is_dropped_and_the_first_counts() {
    let mut aggregator = Aggregator::default();
    open(&mut aggregator, "r", &["a", "b"]);
    aggregator.add("r", "a", 1);
    assert_eq!(aggregator.add("r", "a", 7), Added::Duplicate);
    aggregator.add("r", "b", 2);
    assert_eq!(aggregator.ready(0), [aggregate("r", &[("a", 1), ("b", 2)], &[])]);
}

#[test]
fn results_are_told_apart_by_the_request_they_answer() {
    let mut aggregator = Aggregator::default();
    open(&mut aggregator, "one", &["a"]);
    open(&mut aggregator, "two", &["a"]);
    aggregator.add("two", "a", 2);
    aggregator.add("one", "a", 1);
    let both = [aggregate("one", &[("a", 1)], &[]), aggregate("two", &[("a", 2)], &[])];
    assert_eq!(aggregator.ready(0), both, "in the order they were opened");
    let again = GatherError::Duplicate { request_id: "r".to_owned() };
    open(&mut aggregator, "r", &["a"]);
    assert_eq!(aggregator.open("r", members(&["a"]), 1), Err(again));
}

#[test]
fn at_the_deadline_a_part_is_given_out_that_says_who_is_missing() {
    let mut aggregator = Aggregator::default();
    open(&mut aggregator, "r", &["a", "b", "c"]);
    aggregator.add("r", "b", 2);
    assert_eq!(aggregator.next_deadline_ns(), Some(100));
    assert!(aggregator.ready(99).is_empty());
    assert_eq!(aggregator.ready(100), [aggregate("r", &[("b", 2)], &["a", "c"])]);
    assert_eq!(aggregator.next_deadline_ns(), None);
    assert_eq!(aggregator.add("r", "a", 1), Added::Stray, "too late");
    assert_eq!(aggregator.stray(), 1);
}

#[test]
fn a_result_nobody_asked_for_is_not_held() {
    let mut aggregator = Aggregator::default();
    open(&mut aggregator, "r", &["a"]);
    assert_eq!(aggregator.add("r", "stranger", 1), Added::Stray);
    assert_eq!(aggregator.add("unknown", "a", 1), Added::Stray);
    assert_eq!(aggregator.open("nobody", members(&[]), 1), Err(GatherError::Nobody));
}

#[test]
fn backpressure_begins_at_the_limit_and_clears_by_itself() {
    let mut aggregator = Aggregator::<u32>::new(4);
    open(&mut aggregator, "one", &["a", "b"]);
    aggregator.open("two", members(&["a", "b"]), 200).unwrap();
    assert!(aggregator.has_room());
    let refused = GatherError::Backpressure { results: 4, limit: 4 };
    assert_eq!(aggregator.open("three", members(&["a"]), 300), Err(refused));
    assert!(!aggregator.has_room());
    assert_eq!(aggregator.add("one", "a", 1), Added::Taken, "what was begun goes on");
    // Nobody does anything; the deadline alone frees it.
    assert_eq!(aggregator.ready(100).len(), 1);
    assert!(aggregator.has_room(), "half is free");
    assert_eq!(aggregator.open("three", members(&["a"]), 300), Ok(()));
}

#[test]
fn backpressure_does_not_flicker_at_the_limit() {
    let mut aggregator = Aggregator::<u32>::new(4);
    for (request, deadline_ns) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        aggregator.open(request, members(&["m"]), deadline_ns).unwrap();
    }
    assert!(aggregator.open("e", members(&["m"]), 9).is_err());
    aggregator.ready(1);
    assert!(aggregator.open("e", members(&["m"]), 9).is_err(), "three of four is not half");
    aggregator.ready(2);
    assert_eq!(aggregator.open("e", members(&["m"]), 9), Ok(()));
}
