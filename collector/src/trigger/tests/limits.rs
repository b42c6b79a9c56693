//! What is held back: what was asked about already, what is too much, and what is not done.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::config::TriggerResourceLimits;
use crate::trigger::{MAX_SUBJECTS, TriggerStatistics};

/// More than any of these tests asks, so that each tries one limit.
fn ample() -> TriggerResourceLimits {
    TriggerResourceLimits {
        max_requests_per_minute: 6000,
        max_pending: 1024,
        pending_timeout: Duration::from_hours(1),
    }
}

fn limited(name: &str, limits: TriggerResourceLimits, window: Duration) -> Trigger {
    let condition = TriggerCondition::new(ALWAYS).with_resource_limits(limits);
    Trigger::new(name, condition, "procmond", "binary_hash").with_dedup_window(window)
}

/// How many requests an event about a process makes.
fn count(manager: &mut TriggerManager, sequence: u64, pid: u32, now_ns: u64) -> usize {
    manager.observe(&published(sequence, process(pid)), at(now_ns)).len()
}

#[test]
fn one_subject_is_asked_about_once_in_a_window_and_again_at_its_end() {
    let window = Duration::from_secs(10);
    let mut manager = manager([limited("t", ample(), window)]);
    assert_eq!(count(&mut manager, 1, 7, 0), 1);
    assert_eq!(count(&mut manager, 2, 7, 10 * SECOND_NS - 1), 0);
    assert_eq!(count(&mut manager, 3, 8, 10 * SECOND_NS - 1), 1);
    // What was held back has not prolonged the window.
    assert_eq!(count(&mut manager, 4, 7, 10 * SECOND_NS), 1);
    assert_eq!(count(&mut manager, 5, 7, 20 * SECOND_NS - 1), 0);
    assert_eq!(manager.statistics().deduplicated, 2);
}

#[test]
fn each_trigger_has_windows_of_its_own() {
    let mut manager = manager([
        limited("short", ample(), Duration::from_secs(1)),
        limited("long", ample(), Duration::from_secs(10)),
        limited("none", ample(), Duration::ZERO),
    ]);
    let names_at = |manager: &mut TriggerManager, sequence, now_ns| {
        let fired = manager.observe(&published(sequence, process(7)), at(now_ns));
        fired.iter().map(|fired| fired.trigger.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names_at(&mut manager, 1, 0), ["short", "long", "none"]);
    assert_eq!(names_at(&mut manager, 2, 1), ["none"]);
    assert_eq!(names_at(&mut manager, 3, SECOND_NS), ["short", "none"]);
    assert_eq!(manager.statistics_of("short").unwrap().deduplicated, 1);
    assert_eq!(manager.statistics_of("long").unwrap().deduplicated, 2);
    assert_eq!(manager.statistics_of("other"), None);
}

#[test]
fn at_the_limit_the_oldest_subject_is_forgotten_and_counted() {
    let limits = TriggerResourceLimits { max_pending: 2000, ..ample() };
    let mut manager = manager([limited("t", limits, Duration::from_hours(1))]);
    let most = u32::try_from(MAX_SUBJECTS).unwrap();
    for pid in 0..=most {
        assert_eq!(count(&mut manager, u64::from(pid), pid, 0), 1);
    }
    assert_eq!(manager.statistics().subjects_forgotten, 1);
    assert_eq!(count(&mut manager, 2000, 1, 0), 0, "the second is remembered");
    assert_eq!(count(&mut manager, 2001, 0, 0), 1, "the first is not");
    assert_eq!(manager.statistics().subjects_forgotten, 2);
}

#[test]
fn more_than_the_rate_is_held_back_and_not_made_up_for() {
    let limits = TriggerResourceLimits { max_requests_per_minute: 2, ..ample() };
    let mut manager = manager([limited("t", limits, Duration::from_mins(5))]);
    assert_eq!(count(&mut manager, 1, 1, 0), 1);
    assert_eq!(count(&mut manager, 2, 2, 0), 1);
    assert_eq!(count(&mut manager, 3, 3, 0), 0);
    assert_eq!(count(&mut manager, 4, 3, 30 * SECOND_NS - 1), 0);
    // What was held back was not asked about: it has no window.
    assert_eq!(count(&mut manager, 5, 3, 30 * SECOND_NS), 1);
    assert_eq!(count(&mut manager, 6, 4, 30 * SECOND_NS), 0);
    assert_eq!(manager.statistics().rate_limited, 3);
}

#[test]
fn what_was_asked_about_already_takes_nothing_from_the_rate() {
    let limits = TriggerResourceLimits { max_requests_per_minute: 2, ..ample() };
    let mut manager = manager([limited("t", limits, Duration::from_mins(5))]);
    for sequence in 1..10 {
        count(&mut manager, sequence, 1, 0);
    }
    assert_eq!(count(&mut manager, 10, 2, 0), 1);
}

#[test]
fn as_many_are_pending_as_may_be_and_one_that_is_done_makes_room() {
    let limits = TriggerResourceLimits { max_pending: 2, ..ample() };
    let mut manager = manager([limited("t", limits, Duration::ZERO)]);
    let first = manager.observe(&published(1, process(1)), at(0)).remove(0);
    assert_eq!(count(&mut manager, 2, 2, 0), 1);
    assert_eq!(count(&mut manager, 3, 3, 0), 0);
    assert!(manager.done(&first.request.trigger_id));
    assert_eq!(count(&mut manager, 4, 4, 0), 1);
    assert_eq!(count(&mut manager, 5, 5, 0), 0);
    let counted = manager.statistics();
    assert_eq!((counted.pending_refused, counted.done), (2, 1));
}

#[test]
fn what_is_done_twice_or_was_never_asked_makes_no_room() {
    let limits = TriggerResourceLimits { max_pending: 1, ..ample() };
    let mut manager = manager([limited("t", limits, Duration::ZERO)]);
    let first = manager.observe(&published(1, process(1)), at(0)).remove(0);
    assert!(manager.done(&first.request.trigger_id));
    assert_eq!(count(&mut manager, 2, 2, 0), 1);
    assert!(!manager.done(&first.request.trigger_id));
    assert!(!manager.done("t/0"));
    assert_eq!(count(&mut manager, 3, 3, 0), 0);
}

#[test]
fn what_nobody_tells_done_is_given_up_and_counted() {
    let pending_timeout = Duration::from_secs(10);
    let limits = TriggerResourceLimits { max_pending: 1, pending_timeout, ..ample() };
    let mut manager = manager([limited("t", limits, Duration::ZERO)]);
    assert_eq!(count(&mut manager, 1, 1, 0), 1);
    assert_eq!(count(&mut manager, 2, 2, 10 * SECOND_NS - 1), 0);
    assert_eq!(count(&mut manager, 3, 3, 10 * SECOND_NS), 1);
    assert_eq!(manager.statistics().pending_expired, 1);
}

#[test]
fn what_waits_for_room_takes_nothing_from_the_rate() {
    let limits = TriggerResourceLimits { max_pending: 1, max_requests_per_minute: 2, ..ample() };
    let mut manager = manager([limited("t", limits, Duration::ZERO)]);
    let first = manager.observe(&published(1, process(1)), at(0)).remove(0);
    for sequence in 2..10 {
        assert_eq!(count(&mut manager, sequence, 2, 0), 0);
    }
    manager.done(&first.request.trigger_id);
    assert_eq!(count(&mut manager, 10, 2, 0), 1);
}

#[test]
fn a_request_that_is_withdrawn_can_be_made_again() {
    let limits = TriggerResourceLimits { max_pending: 1, ..ample() };
    let mut manager = manager([limited("t", limits, Duration::from_mins(5))]);
    let fired = manager.observe(&published(1, process(1)), at(0)).remove(0);
    assert_eq!(count(&mut manager, 2, 1, 0), 0);
    manager.withdraw(&fired);
    assert_eq!(count(&mut manager, 3, 1, 0), 1);
    let counted = manager.statistics();
    assert_eq!((counted.fired, counted.withdrawn, counted.done), (2, 1, 0));
}

/// A process, how long after the event before, and whether the last request is told done then.
fn histories() -> impl Strategy<Value = Vec<(u32, u64, bool)>> {
    proptest::collection::vec((0_u32..6, 0..20 * SECOND_NS, any::<bool>()), 1..80)
}

fn run(history: &[(u32, u64, bool)]) -> (Vec<Fired>, TriggerStatistics) {
    let limits = TriggerResourceLimits {
        max_requests_per_minute: 3,
        max_pending: 2,
        pending_timeout: Duration::from_mins(1),
    };
    let mut manager = manager([
        limited("a", limits, Duration::from_secs(30)),
        trigger("b", "pid > 2 AND ppid IS NULL"),
    ]);
    let (mut all, mut now_ns) = (Vec::new(), 0);
    for (sequence, (pid, pause_ns, done)) in (1..).zip(history) {
        now_ns += pause_ns;
        all.extend(manager.observe(&published(sequence, process(*pid)), at(now_ns)));
        if let Some(last) = all.last().filter(|_| *done) {
            manager.done(&last.request.trigger_id);
        }
    }
    (all, manager.statistics())
}

proptest! {
    #[test]
    fn the_books_balance(history in histories()) {
        let (fired, counted) = run(&history);
        prop_assert_eq!(fired.len() as u64, counted.fired);
        let held_back = counted.deduplicated + counted.pending_refused + counted.rate_limited;
        prop_assert_eq!(counted.matched, counted.fired + held_back);
        prop_assert_eq!(counted.evaluated, 2 * history.len() as u64);
        prop_assert!(counted.done + counted.pending_expired <= counted.fired);
    }

    #[test]
    fn the_same_events_at_the_same_times_make_the_same_requests(history in histories()) {
        prop_assert_eq!(run(&history), run(&history));
    }

    #[test]
    fn no_subject_is_asked_about_twice_in_a_window(history in histories()) {
        let (fired, _) = run(&history);
        let windowed: Vec<_> = fired.iter().filter(|fired| &*fired.trigger == "a").collect();
        for (index, one) in windowed.iter().enumerate() {
            for other in &windowed[index + 1..] {
                let stamp = |fired: &Fired| fired.request.header.observed_monotonic_ns;
                let apart_ns = stamp(other) - stamp(one);
                prop_assert!(one.subject != other.subject || apart_ns >= 30 * SECOND_NS);
            }
        }
    }
}
