//! Which end of a full queue lost: right and wrong for each policy, over a socket too, and where
//! nothing can be said.

use daemoneye_eventbus::{EventSubscription, OverflowPolicy};
use equivalence::check::{Check, Report};
use equivalence::plan::{Operation, Reading};
use equivalence::record::Outcome;

use super::perfect_bus::{World, subscriber};
use super::right::{EVENTS, judge, only, received, violations};

const STOPPED: usize = 0;
const READER: usize = 1;
/// Events it reads before it stops; 0 where it begins stopped.
const READ: u64 = 5;
/// Matches while it does not read, that a fence shows to be settled.
const DURING: u64 = 20;
/// Fences that match as well: one that ends the stretch, one that ends the case.
const FENCES: u64 = 2;
const CAPACITY_EVENTS: usize = 8;

/// A subscriber stops reading after so many events; nothing is lost yet.
fn stopped_after(read: u64) -> World {
    let pattern = |name: &str| EventSubscription::new(name).with_pattern("events.#");
    let stopped = pattern("stopped").with_capacity(CAPACITY_EVENTS);
    let mut world = World::new(1, vec![subscriber(stopped), subscriber(pattern("reader"))], 6);
    (0..2).for_each(|index| world.subscribe(index));
    world.rest();
    if read == 0 {
        world.case.topology.subscribers[STOPPED].reading = Reading::Stopped;
    } else {
        publish(&mut world, read);
        world.rest();
        world.operate(Operation::StopReading(STOPPED), "ok");
        world.rest();
    }
    publish(&mut world, DURING);
    world.fence(0, READER, EVENTS);
    world.next_phase();
    world.rest();
    world.operate(Operation::ResumeReading(STOPPED), "ok");
    world.rest();
    world.fence(0, STOPPED, EVENTS);
    world
}

fn publish(world: &mut World, events: u64) {
    for _ in 0..events {
        world.publish(0, EVENTS, Outcome::Ok);
    }
}

/// Loses, by that policy, every position that is not kept.
fn losing(mut world: World, policy: OverflowPolicy, kept: impl Fn(u64) -> bool) -> World {
    world.case.topology.subscribers[STOPPED].subscription.policy = policy;
    let all = received(&mut world, STOPPED);
    let before = all.len();
    all.retain(|one| kept(one.position));
    let lost = before - all.len();
    world.history.subscribers[STOPPED].lagged = lost as u64;
    world
}

fn judged(world: &World) -> u64 {
    let Report::Judged(judgement) = judge(world) else { panic!("the history is broken") };
    let rows = judgement.checked.iter().filter(|row| row.check == Check::Overflow);
    rows.map(|row| row.items).sum()
}

/// What waited first, and the last fence, for which there was room again.
fn oldest(read: u64) -> impl Fn(u64) -> bool {
    move |position| position <= read + CAPACITY_EVENTS as u64 || position == read + DURING + FENCES
}

/// What was read before, and what came last.
fn newest(read: u64) -> impl Fn(u64) -> bool {
    move |position| position <= read || position > read + DURING + FENCES - CAPACITY_EVENTS as u64
}

#[test]
fn losing_the_end_that_the_policy_names_is_right() {
    for read in [0, READ] {
        let right = losing(stopped_after(read), OverflowPolicy::DropOldest, newest(read));
        assert_eq!((violations(&right), judged(&right)), (Vec::new(), 1));
        let right = losing(stopped_after(read), OverflowPolicy::DropNewest, oldest(read));
        assert_eq!((violations(&right), judged(&right)), (Vec::new(), 1));
    }
}

#[test]
fn losing_the_newest_for_the_oldest_is_overflow() {
    for read in [0, READ] {
        let wrong = losing(stopped_after(read), OverflowPolicy::DropOldest, oldest(read));
        let violation = only(&wrong, Check::Overflow);
        assert_eq!(violation.subscriber.as_deref(), Some("stopped"));
    }
}

#[test]
fn losing_the_oldest_for_the_newest_is_overflow() {
    for read in [0, READ] {
        let wrong = losing(stopped_after(read), OverflowPolicy::DropNewest, newest(read));
        let violation = only(&wrong, Check::Overflow);
        let first = format!("position {},", read + 1);
        assert!(violation.sentence.contains(&first), "{}", violation.sentence);
    }
}

#[test]
fn what_a_socket_holds_already_is_not_displaced() {
    let sent = |position: u64| position <= 6;
    let right =
        losing(stopped_after(0), OverflowPolicy::DropOldest, |at| sent(at) || newest(0)(at));
    assert_eq!((violations(&right), judged(&right)), (Vec::new(), 1));
    let room_again = |position: u64| position == 12;
    let right =
        losing(stopped_after(0), OverflowPolicy::DropNewest, |at| room_again(at) || oldest(0)(at));
    assert_eq!((violations(&right), judged(&right)), (Vec::new(), 1));
}

#[test]
fn a_subscriber_that_never_resumes_shows_no_end_of_its_queue() {
    let mut world = losing(stopped_after(0), OverflowPolicy::DropOldest, oldest(0));
    world.history.operations.retain(|one| one.operation != Operation::ResumeReading(STOPPED));
    assert_eq!(judged(&world), 0);
}

#[test]
fn what_many_later_events_may_have_displaced_is_not_judged() {
    let mut world = stopped_after(0);
    publish(&mut world, CAPACITY_EVENTS as u64);
    world.fence(0, STOPPED, EVENTS);
    let last = DURING + FENCES + CAPACITY_EVENTS as u64;
    let world = losing(world, OverflowPolicy::DropOldest, |at| at <= 6 || at > last - 7);
    assert_eq!((violations(&world), judged(&world)), (Vec::new(), 0));
}

#[test]
fn an_end_without_a_drain_is_not_judged() {
    let mut world = losing(stopped_after(0), OverflowPolicy::DropNewest, oldest(0));
    world.rest();
    world.drop_receiver(STOPPED);
    assert_eq!(judged(&world), 0);
}
