//! R6 on an explicit clock: timelines by root, and each of the three limits.

use std::time::Duration;

use super::{
    CorrelationTracker, DEFAULT_ENTRY_LIMIT, DEFAULT_WORKFLOW_AGE, DEFAULT_WORKFLOW_LIMIT,
    TrackingConfig,
};
use crate::contract::{BusEvent, CorrelationMetadata, EventId};
use crate::event::{CollectionEvent, ProcessEvent};

fn event(number: u64, correlation: CorrelationMetadata) -> BusEvent {
    BusEvent {
        id: EventId { publisher: "p".into(), incarnation: 7, sequence: number },
        topic: "events.process.tree".parse().unwrap(),
        published_monotonic_ns: number,
        correlation,
        event: CollectionEvent::Process(ProcessEvent::default()),
    }
}

fn step(root: &str, number: u64) -> BusEvent {
    let correlation = CorrelationMetadata { sequence: number, ..CorrelationMetadata::root(root) };
    event(number, correlation)
}

fn numbers(tracker: &CorrelationTracker, root: &str) -> Vec<u64> {
    tracker.timeline(&root.into()).iter().map(|entry| entry.sequence).collect()
}

#[test]
fn the_limits_are_those_of_the_contract() {
    assert_eq!((DEFAULT_ENTRY_LIMIT, DEFAULT_WORKFLOW_LIMIT), (10_000, 1_000));
    assert_eq!(DEFAULT_WORKFLOW_AGE, Duration::from_mins(5));
}

#[test]
fn a_timeline_has_what_happened_under_one_root_in_order() {
    let mut tracker = CorrelationTracker::default();
    let root = CorrelationMetadata { stage: Some("scan".into()), .."scan-7".into() };
    let child = root.child("scan-7/hash");
    let grandchild = child.child("scan-7/hash/alert");
    for (number, correlation) in [root, "other".into(), child, grandchild].into_iter().enumerate() {
        tracker.observe(&event(number as u64, correlation), 0);
    }
    let timeline = tracker.timeline(&"scan-7".into());
    let said: Vec<_> = timeline
        .iter()
        .map(|entry| (entry.id.to_string(), entry.parent.as_ref().map(ToString::to_string)))
        .collect();
    let expected = [
        ("scan-7", None),
        ("scan-7/hash", Some("scan-7")),
        ("scan-7/hash/alert", Some("scan-7/hash")),
    ];
    let owned = expected.map(|(id, parent)| (id.to_owned(), parent.map(str::to_owned)));
    assert_eq!(said, owned);
    assert_eq!(timeline[2].stage.as_deref(), Some("scan"));
    assert_eq!(tracker.entries(), 4);
    assert!(tracker.timeline(&"unknown".into()).is_empty());
}

#[test]
fn a_workflow_is_forgotten_five_minutes_after_its_last_step() {
    let age_ns = u64::try_from(DEFAULT_WORKFLOW_AGE.as_nanos()).unwrap();
    let mut tracker = CorrelationTracker::default();
    tracker.observe(&step("quiet", 1), 0);
    tracker.observe(&step("busy", 1), 0);
    tracker.observe(&step("busy", 2), age_ns - 1);
    assert_eq!(numbers(&tracker, "quiet"), [1]);
    tracker.expire(age_ns);
    assert!(numbers(&tracker, "quiet").is_empty());
    assert_eq!(numbers(&tracker, "busy"), [1, 2]);
    tracker.expire(2 * age_ns - 1);
    assert_eq!((tracker.entries(), tracker.forgotten()), (0, 3));
}

fn small(entry_limit: usize, workflow_limit: usize) -> CorrelationTracker {
    let config = TrackingConfig { entry_limit, workflow_limit, ..TrackingConfig::default() };
    CorrelationTracker::new(config)
}

#[test]
fn of_too_many_workflows_the_quietest_goes() {
    let mut tracker = small(100, 2);
    for root in ["a", "b"] {
        tracker.observe(&step(root, 1), 0);
        tracker.observe(&step(root, 2), 1);
    }
    tracker.observe(&step("a", 3), 2);
    tracker.observe(&step("c", 1), 3);
    assert_eq!(numbers(&tracker, "a"), [1, 2, 3]);
    assert!(numbers(&tracker, "b").is_empty());
    assert_eq!(tracker.forgotten(), 2);
}

#[test]
fn events_that_belong_to_nothing_displace_no_workflow() {
    let mut tracker = small(1_000, 10);
    tracker.observe(&step("scan", 1), 0);
    tracker.observe(&step("scan", 2), 0);
    for number in 0..1_000 {
        tracker.observe(&step(&format!("alone-{number}"), 1), 1 + number);
    }
    assert_eq!(numbers(&tracker, "scan"), [1, 2]);
    assert_eq!(tracker.roots().count(), 10);
}

#[test]
fn of_too_many_steps_the_quietest_workflow_goes_and_at_last_the_oldest_step() {
    let mut tracker = small(4, 10);
    for number in 1..=2 {
        tracker.observe(&step("old", number), number);
    }
    for number in 1..=6 {
        tracker.observe(&step("new", number), 10 + number);
        assert!(tracker.entries() <= 4);
    }
    assert!(numbers(&tracker, "old").is_empty());
    assert_eq!(numbers(&tracker, "new"), [3, 4, 5, 6]);
    assert_eq!(tracker.forgotten(), 4);
}

#[test]
fn memory_stays_within_the_limits_whatever_comes() {
    let mut tracker = CorrelationTracker::default();
    for number in 0..30_000_u64 {
        let root = format!("root-{}", number * 7919 % 1_777);
        tracker.observe(&step(&root, number), number);
        assert!(tracker.entries() <= DEFAULT_ENTRY_LIMIT);
    }
    assert!(tracker.roots().count() <= DEFAULT_WORKFLOW_LIMIT);
    assert_eq!(tracker.entries() as u64 + tracker.forgotten(), 30_000);
}
