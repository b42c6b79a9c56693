//! R3: every task has one result.

use super::*;

/// m0 begins a task and is killed; m1 does it.
fn killed() -> (Case, ControlHistory) {
    let case = case(vec![Step::Assign { tasks: 1 }, Step::Kill { member: 0 }]);
    let begun = || Fact::Begun { task: "task-0".to_owned(), asker: "agent".to_owned() };
    let history = done(&case)
        .with(0, Noter::Desk, Fact::Assigned { task: "task-0".to_owned() })
        .with(1, Noter::Member(0), begun())
        .with(1000, Noter::Harness, Fact::Killed { member: 0 })
        .with(1300, Noter::Member(1), begun())
        .with(1301, Noter::Desk, ended(Ok("m1")));
    (case, history)
}

fn ended(outcome: Result<&str, &str>) -> Fact {
    let outcome = outcome.map(str::to_owned).map_err(str::to_owned);
    Fact::Ended { task: "task-0".to_owned(), outcome }
}

#[test]
fn a_task_that_another_did_after_the_kill_is_right() {
    let (case, history) = killed();
    is_right(&case, &history, Check::Failover);
    assert!(judge(&case, &history).reached.iter().all(|row| !row.is_missed()));
}

#[test]
fn a_task_without_one_result_of_who_had_it_is_told() {
    let (case, history) = killed();
    let told = |facts| told(&case, &but(&history, 4, facts), Check::Failover);
    assert!(told(vec![]).contains("task-0 was given out and has no result"));
    assert!(told(vec![ended(Err("expired"))]).contains("not done: expired"));
    assert!(told(vec![ended(Ok("m1")), ended(Ok("m1"))]).contains("has 2 results"));
    assert!(told(vec![ended(Ok("m7"))]).contains("of m7, who was never given it"));
}

#[test]
fn a_kill_that_met_no_unfinished_task_is_missed() {
    let (case, history) = killed();
    let idle = but(&history, 1, vec![]);
    assert!(judge(&case, &idle).reached.iter().any(Reached::is_missed));
}

#[test]
fn a_member_that_is_never_given_a_task_is_told() {
    let case = case(vec![Step::AwaitBegun { member: 1, tasks: 3 }]);
    let mut history = done(&case);
    history.steps[0].ended_ns = None;
    assert!(told(&case, &history, Check::Failover).contains("m1 had not been given 3 tasks"));
}
