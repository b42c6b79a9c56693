//! R2: who shows life, and who does not.

use super::*;

fn beat(history: ControlHistory, at_ms: u64) -> ControlHistory {
    let beat = Fact::Beat { health: Healthy };
    let heard = Fact::Heard { member: "m0".to_owned() };
    history.with(at_ms, Noter::Member(0), beat).with(at_ms + 1, Noter::Desk, heard)
}

/// m0 is frozen after its beat at 100 and thawed after 2000; the desk notices at `lost_ms`.
fn frozen(lost_ms: u64) -> (Case, ControlHistory) {
    let case = case(vec![
        Step::Freeze { member: 0 },
        Step::AwaitHealth { member: 0, health: Unhealthy },
        Step::Thaw { member: 0 },
        Step::AwaitHealth { member: 0, health: Healthy },
        Step::AwaitBegun { member: 0, tasks: 1 },
    ]);
    let mut history = beat(beat(done(&case), 0), 100);
    history = history.with(110, Noter::Harness, Fact::Frozen { member: 0 });
    history = changed(history, lost_ms, "m0", Unhealthy);
    history = history.with(2000, Noter::Harness, Fact::Thawing { member: 0 });
    history = changed(beat(history, 3000), 3002, "m0", Healthy);
    let task = || "task-1".to_owned();
    history = history.with(4000, Noter::Desk, Fact::Assigned { task: task() });
    let begun = Fact::Begun { task: task(), asker: "agent".to_owned() };
    history = history.with(4001, Noter::Member(0), begun);
    let outcome = Ok("m0".to_owned());
    (case, history.with(4002, Noter::Desk, Fact::Ended { task: task(), outcome }))
}

#[test]
fn who_is_lost_after_three_heartbeats_and_returns_is_right() {
    let (case, history) = frozen(401);
    is_right(&case, &history, Check::Heartbeats);
}

#[test]
fn who_is_lost_after_two_is_told() {
    let (case, history) = frozen(301);
    let sentence = told(&case, &history, Check::Heartbeats);
    assert!(sentence.contains("m0 was called unhealthy 201 ms after"), "{sentence}");
}

#[test]
fn a_beat_that_was_heard_within_the_last_heartbeat_may_have_been_missed_by_a_hair() {
    let (case, mut history) = frozen(401);
    history = beat(history, 302);
    // In the order of time, as a heart is heard.
    history.facts.sort_by_key(|noted| noted.at_ns);
    is_right(&case, &history, Check::Heartbeats);
}

#[test]
fn who_is_not_noticed_to_be_lost_or_back_is_told() {
    for (steps, health) in [(2, "unhealthy"), (4, "healthy")] {
        let (case, mut history) = frozen(401);
        history.steps.truncate(steps);
        history.steps[steps - 1].ended_ns = None;
        let sentence = told(&case, &history, Check::Heartbeats);
        assert!(sentence.contains(&format!("did not call it {health} within")), "{sentence}");
    }
}

#[test]
fn who_returned_and_is_given_nothing_is_told() {
    let (case, mut history) = frozen(401);
    history.steps[4].ended_ns = None;
    let violations = judge(&case, &history).violations;
    assert!(violations.iter().any(|one| one.sentence.contains("m0 returned, and had not")));
}

#[test]
fn who_is_unhealthy_and_is_given_a_task_is_told() {
    let (case, history) = frozen(401);
    let task = || "task-2".to_owned();
    let outcome = Ok("m0".to_owned());
    let history = history
        .with(1000, Noter::Desk, Fact::Assigned { task: task() })
        .with(1001, Noter::Member(0), Fact::Begun { task: task(), asker: String::new() })
        .with(1002, Noter::Desk, Fact::Ended { task: task(), outcome });
    let sentence = told(&case, &history, Check::Heartbeats);
    assert!(sentence.contains("m0 was unhealthy and was given task-2"), "{sentence}");
}

#[test]
fn who_says_itself_that_it_is_unhealthy_is_so_at_once() {
    let case = case(vec![Step::AwaitHealth { member: 0, health: Unhealthy }]);
    let history = beat(done(&case), 0);
    let said = Fact::Beat { health: Unhealthy };
    let history = history.with(100, Noter::Member(0), said);
    let history = history.with(101, Noter::Desk, Fact::Heard { member: "m0".to_owned() });
    is_right(&case, &changed(history, 102, "m0", Unhealthy), Check::Heartbeats);
}
