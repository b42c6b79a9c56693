//! R3: who gets which task, in which order, and what becomes of it when somebody is lost.

use std::collections::BTreeSet;

use bytes::Bytes;
use proptest::prelude::*;

use super::super::task::{Task, TaskPriority};
use super::{Assigned, DistributionConfig, Distributor, JoinError, Strategy, SubmitError};
use crate::acl::CollectorKind;
use CollectorKind::{Network, Process};
use TaskPriority::{Background, High, Low, Normal, Urgent};

fn task(id: &str, kind: CollectorKind, priority: TaskPriority) -> Task {
    Task {
        id: id.to_owned(),
        kind,
        priority,
        deadline_monotonic_ns: None,
        action: "scan".to_owned(),
        arguments: Bytes::new(),
    }
}

fn normal(id: &str) -> Task {
    task(id, Process, Normal)
}

fn distributor(strategy: Strategy, members: &[(&str, u32)]) -> Distributor {
    let config = DistributionConfig { strategy, ..DistributionConfig::default() };
    let mut distributor = Distributor::new(config);
    for (member, limit) in members {
        distributor.join(member, Process, *limit).unwrap();
    }
    distributor
}

/// `member:task`, in order.
fn sent(assigned: &Assigned) -> Vec<String> {
    let pairs = assigned.assignments.iter();
    pairs.map(|assignment| format!("{}:{}", assignment.member, assignment.task.id)).collect()
}

fn submit_all(distributor: &mut Distributor, ids: &[&str]) {
    for id in ids {
        distributor.submit(normal(id)).unwrap();
    }
}

#[test]
fn round_robin_gives_to_each_in_turn() {
    let mut distributor = distributor(Strategy::RoundRobin, &[("a", 9), ("b", 9), ("c", 9)]);
    submit_all(&mut distributor, &["1", "2", "3", "4"]);
    assert_eq!(sent(&distributor.assign(0)), ["a:1", "b:2", "c:3", "a:4"]);
    // Also when the others are free again.
    for id in ["1", "2", "3", "4"] {
        distributor.finish(id).unwrap();
    }
    submit_all(&mut distributor, &["5", "6"]);
    assert_eq!(sent(&distributor.assign(0)), ["b:5", "c:6"]);
}

#[test]
fn the_least_loaded_is_the_default() {
    let mut distributor = distributor(Strategy::default(), &[("a", 9), ("b", 9)]);
    submit_all(&mut distributor, &["1", "2", "3"]);
    assert_eq!(sent(&distributor.assign(0)), ["a:1", "b:2", "a:3"]);
    distributor.finish("1").unwrap();
    distributor.finish("3").unwrap();
    submit_all(&mut distributor, &["4", "5"]);
    assert_eq!(sent(&distributor.assign(0)), ["a:4", "a:5"]);
}

#[test]
fn first_available_fills_whoever_joined_first() {
    let mut distributor = distributor(Strategy::FirstAvailable, &[("a", 2), ("b", 2)]);
    submit_all(&mut distributor, &["1", "2", "3", "4", "5"]);
    assert_eq!(sent(&distributor.assign(0)), ["a:1", "a:2", "b:3", "b:4"]);
    assert_eq!((distributor.running(), distributor.waiting()), (4, 1));
    distributor.finish("3").unwrap();
    assert_eq!(sent(&distributor.assign(0)), ["b:5"]);
}

#[test]
fn a_task_goes_to_a_member_of_its_kind_and_waits_for_one() {
    let mut distributor = distributor(Strategy::default(), &[("a", 9)]);
    distributor.submit(task("net", Network, Urgent)).unwrap();
    distributor.submit(normal("proc")).unwrap();
    assert_eq!(sent(&distributor.assign(0)), ["a:proc"], "nobody of that kind holds nobody up");
    distributor.join("n", Network, 1).unwrap();
    assert_eq!(sent(&distributor.assign(0)), ["n:net"]);
}

#[test]
fn the_highest_of_five_priorities_goes_first_and_of_equals_the_oldest() {
    let mut distributor = distributor(Strategy::default(), &[("a", 99)]);
    for (id, priority) in [
        ("b1", Background),
        ("n1", Normal),
        ("l1", Low),
        ("u1", Urgent),
        ("h1", High),
        ("n2", Normal),
        ("u2", Urgent),
    ] {
        distributor.submit(task(id, Process, priority)).unwrap();
    }
    let order = ["a:u1", "a:u2", "a:h1", "a:n1", "a:n2", "a:l1", "a:b1"];
    assert_eq!(sent(&distributor.assign(0)), order);
    assert_eq!(TaskPriority::ALL.len(), 5);
}

#[test]
fn what_a_lost_member_had_not_finished_goes_to_another_and_first() {
    let mut distributor = distributor(Strategy::RoundRobin, &[("a", 9), ("b", 2)]);
    submit_all(&mut distributor, &["1", "2", "3", "4", "5"]);
    assert_eq!(sent(&distributor.assign(0)), ["a:1", "b:2", "a:3", "b:4", "a:5"]);
    distributor.finish("3").unwrap();
    submit_all(&mut distributor, &["6"]);
    let moved = distributor.exclude("a");
    assert_eq!((moved.again, moved.given_up), (vec!["1".to_owned(), "5".to_owned()], vec![]));
    assert!(sent(&distributor.assign(0)).is_empty(), "b is full and a is excluded");
    distributor.finish("2").unwrap();
    distributor.finish("4").unwrap();
    assert_eq!(sent(&distributor.assign(0)), ["b:1", "b:5"]);
    distributor.include("a");
    assert_eq!(sent(&distributor.assign(0)), ["a:6"]);
}

#[test]
fn the_first_result_of_a_task_that_moved_counts_whoever_sends_it() {
    let mut distributor = distributor(Strategy::default(), &[("a", 1), ("b", 1)]);
    submit_all(&mut distributor, &["1", "2"]);
    distributor.assign(0);
    distributor.exclude("a");
    assert!(distributor.finish("1").is_some(), "a had done it all the same");
    assert!(distributor.finish("1").is_none(), "a second result is none");
    distributor.finish("2").unwrap();
    assert!(sent(&distributor.assign(0)).is_empty(), "it is not done again");
    assert!(distributor.finish("strange").is_none());
}

#[test]
fn a_task_over_which_three_members_were_lost_is_given_up() {
    let mut distributor = distributor(Strategy::FirstAvailable, &[("a", 1), ("b", 1), ("c", 1)]);
    submit_all(&mut distributor, &["poison"]);
    for member in ["a", "b"] {
        assert_eq!(sent(&distributor.assign(0)), [format!("{member}:poison")]);
        assert_eq!(distributor.leave(member).again, ["poison"]);
    }
    distributor.assign(0);
    assert_eq!(distributor.leave("c").given_up, [normal("poison")]);
    assert_eq!((distributor.running(), distributor.waiting()), (0, 0));
}

#[test]
fn a_task_whose_deadline_passed_is_not_begun() {
    let mut distributor = distributor(Strategy::default(), &[("a", 9)]);
    let late = Task { deadline_monotonic_ns: Some(10), ..normal("late") };
    let soon = Task { deadline_monotonic_ns: Some(11), ..normal("soon") };
    distributor.submit(late.clone()).unwrap();
    distributor.submit(soon).unwrap();
    let assigned = distributor.assign(10);
    assert_eq!(sent(&assigned), ["a:soon"]);
    assert_eq!(assigned.expired, [late]);
}

#[test]
fn what_is_too_late_is_found_though_nobody_could_do_it() {
    let mut distributor = distributor(Strategy::default(), &[]);
    let late = Task { deadline_monotonic_ns: Some(10), ..normal("late") };
    distributor.submit(late.clone()).unwrap();
    submit_all(&mut distributor, &["patient"]);
    assert!(distributor.expire(9).is_empty());
    let expired = distributor.expire(10);
    assert_eq!(expired.iter().map(|task| &*task.id).collect::<Vec<_>>(), ["late"]);
    assert_eq!(distributor.waiting(), 1);
    assert_eq!(distributor.submit(late), Ok(None), "its name is free again");
}

#[test]
fn a_full_queue_refuses_or_gives_up_its_newest_of_the_lowest_priority() {
    let config = DistributionConfig { queue_tasks: 3, ..DistributionConfig::default() };
    let mut distributor = Distributor::new(config);
    for (id, priority) in [("h", High), ("l1", Low), ("l2", Low)] {
        distributor.submit(task(id, Process, priority)).unwrap();
    }
    let refused = distributor.submit(task("l3", Process, Low));
    assert_eq!(refused, Err(SubmitError::QueueFull { limit: 3 }));
    let displaced = distributor.submit(task("u", Network, Urgent)).unwrap().unwrap();
    assert_eq!(displaced.id, "l2");
    assert_eq!(distributor.waiting(), 3);
}

#[test]
fn names_are_not_given_twice_and_members_have_a_limit() {
    let config = DistributionConfig { member_limit: 1, ..DistributionConfig::default() };
    let mut distributor = Distributor::new(config);
    distributor.join("a", Process, 1).unwrap();
    let duplicate = JoinError::Duplicate { member: "a".to_owned() };
    assert_eq!(distributor.join("a", Process, 1), Err(duplicate));
    assert_eq!(distributor.join("b", Process, 1), Err(JoinError::Full { limit: 1 }));
    submit_all(&mut distributor, &["1"]);
    let duplicate = Err(SubmitError::Duplicate { task: "1".to_owned() });
    assert_eq!(distributor.submit(normal("1")), duplicate, "while it waits");
    distributor.assign(0);
    assert_eq!(distributor.submit(normal("1")), duplicate, "while it is done");
    distributor.finish("1").unwrap();
    assert_eq!(distributor.submit(normal("1")), Ok(None), "afterwards it is another");
}

proptest! {
    /// Whatever happens, every task is in one place, and no member has more than it takes.
    #[test]
    fn no_task_is_lost_or_done_by_two_at_once(
        steps in prop::collection::vec((0_u8..5, 0_usize..4, 0_usize..5), 1..200),
    ) {
        const LIMIT: u32 = 2;
        let names = ["a", "b", "c", "d"];
        let mut distributor = Distributor::new(DistributionConfig {
            attempt_limit: u32::MAX,
            ..DistributionConfig::default()
        });
        for name in names {
            distributor.join(name, Process, LIMIT).unwrap();
        }
        let mut open = BTreeSet::new();
        let mut holders: Vec<(String, String)> = Vec::new();
        for (number, (step, member, priority)) in steps.into_iter().enumerate() {
            match step {
                0 | 1 => {
                    let id = number.to_string();
                    let task = task(&id, Process, TaskPriority::ALL[priority]);
                    distributor.submit(task).unwrap();
                    open.insert(id);
                }
                2 => for assignment in distributor.assign(0).assignments {
                    holders.push((assignment.member, assignment.task.id));
                },
                3 => {
                    distributor.exclude(names[member]);
                    holders.retain(|(holder, _)| holder != names[member]);
                    distributor.include(names[member]);
                }
                _ => if let Some((_, id)) = holders.pop() {
                    prop_assert!(distributor.finish(&id).is_some());
                    open.remove(&id);
                },
            }
            prop_assert_eq!(distributor.running(), holders.len());
            prop_assert_eq!(distributor.running() + distributor.waiting(), open.len());
            let ids: BTreeSet<_> = holders.iter().map(|(_, id)| id).collect();
            prop_assert_eq!(ids.len(), holders.len());
            for name in names {
                let held = holders.iter().filter(|(holder, _)| holder == name).count();
                prop_assert!(held <= LIMIT as usize);
            }
        }
    }
}
