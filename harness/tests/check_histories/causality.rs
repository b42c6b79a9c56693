//! An event that somebody had received before another was called: told where the order is turned,
//! and only there.

use daemoneye_eventbus::EventSubscription;
use equivalence::check::{Check, Report, check};
use equivalence::plan::Bus;
use equivalence::record::Outcome;

use super::perfect_bus::{World, subscriber};
use super::right::{judge, received, reorder, violations};

const WITNESS: usize = 0;
const READER: usize = 1;

/// The witness receives the first event only, the reader both; the second is published once the
/// first was received. So no two subscribers share two events.
fn cause_and_effect(cause: &str) -> World {
    let subscribers = [("witness", cause), ("reader", "#")]
        .map(|(name, pattern)| subscriber(EventSubscription::new(name).with_pattern(pattern)));
    let mut world = World::new(2, subscribers.to_vec(), 3);
    (0..2).for_each(|index| world.subscribe(index));
    world.rest();
    world.publish(0, cause, Outcome::Ok);
    world.rest();
    world.publish(1, "events.effect", Outcome::Ok);
    world
}

/// The reader receives its two events the other way round.
fn turned(mut world: World) -> World {
    reorder(&mut world, READER, |received| {
        received.swap(0, 1);
        received[1].receive_ns = received[0].receive_ns;
    });
    world
}

/// What is told of a bus whose publishers do not wait.
fn told(world: &World) -> Vec<(Check, String)> {
    match check(&world.case, Bus::Process, &world.history, &world.plan) {
        Report::Judged(judgement) => {
            judgement.violations.into_iter().map(|one| (one.check, one.sentence)).collect()
        }
        Report::Broken(defects) => panic!("the history is broken: {defects:?}"),
    }
}

/// How many arrivals the rule decided.
fn judged(world: &World) -> u64 {
    match judge(world) {
        Report::Judged(judgement) => {
            let row = judgement.checked.iter().find(|row| row.check == Check::Causality);
            row.expect("every check has a row").items
        }
        Report::Broken(defects) => panic!("the history is broken: {defects:?}"),
    }
}

#[test]
fn an_effect_that_arrives_before_its_cause_is_told_on_every_bus() {
    let right = cause_and_effect("events.cause");
    assert_eq!(told(&right), []);
    let wrong = turned(right);
    let sentence = "reader received p0#1 after p1#1, though witness had received p0#1 before p1#1 \
                    was published (C5)";
    assert_eq!(told(&wrong), [(Check::Causality, sentence.to_owned())]);
    // Where publishers wait, the first had been told by then that its event was accepted.
    let checks: Vec<Check> = violations(&wrong).iter().map(|one| one.check).collect();
    assert_eq!(checks, [Check::Causality, Check::Precedence]);
}

#[test]
fn an_event_received_only_once_the_other_was_called_is_no_cause() {
    let mut world = turned(cause_and_effect("events.cause"));
    let call_ns = world.history.publishers[1].published[0].call_ns;
    received(&mut world, WITNESS)[0].receive_ns = call_ns;
    assert_eq!(told(&world), [], "what shares a nanosecond overlaps");
    received(&mut world, WITNESS)[0].receive_ns = call_ns - 1;
    assert_eq!(told(&world).len(), 1);
}

#[test]
fn a_cause_in_the_other_lane_may_be_overtaken() {
    assert_eq!(told(&turned(cause_and_effect("control.cause"))), []);
}

#[test]
fn what_broke_the_order_of_its_own_publisher_is_told_there_alone() {
    let subscribers = ["witness", "reader"]
        .map(|name| subscriber(EventSubscription::new(name).with_pattern("events.#")));
    let mut world = World::new(1, subscribers.to_vec(), 3);
    (0..2).for_each(|index| world.subscribe(index));
    for _ in 0..2 {
        world.rest();
        world.publish(0, "events.cause", Outcome::Ok);
    }
    let checks: Vec<Check> = told(&turned(world)).into_iter().map(|(check, _)| check).collect();
    assert_eq!(checks, [Check::Fifo]);
}

#[test]
fn there_was_something_to_judge_only_where_the_order_could_have_been_turned() {
    let mut world = cause_and_effect("events.cause");
    assert_eq!(judged(&world), 0, "the cause had arrived everywhere before the effect was called");
    let late_ns = received(&mut world, READER)[1].receive_ns;
    received(&mut world, READER)[0].receive_ns = late_ns;
    assert_eq!(judged(&world), 1);
    assert_eq!(violations(&world), []);
    assert_eq!(judged(&turned(world)), 1);
}
