//! Rows of counters when the last reader leaves: the phase it leaves in ends without a fence, and
//! the counters are taken all the same.

use daemoneye_eventbus::{EventSubscription, SubscriptionStatistics};
use equivalence::check::{Check, Violation};
use equivalence::plan::{Deed, Fault, Operation, Reading, Victim};
use equivalence::record::Outcome;

use super::perfect_bus::{World, subscriber};
use super::right::{EVENTS, only, violations};

const READER: usize = 0;
const STOPPED: usize = 1;

/// A phase with a fence, then one in which the only reader leaves and something matches it still.
/// Another subscriber is there throughout and never reads.
fn deserted(leave: fn(&mut World, usize)) -> World {
    let names = ["reader", "stopped"];
    let subscribers =
        names.map(|name| subscriber(EventSubscription::new(name).with_pattern("events.#")));
    let mut world = World::new(1, subscribers.to_vec(), 7);
    world.case.topology.subscribers[STOPPED].reading = Reading::Stopped;
    (0..2).for_each(|index| world.subscribe(index));
    world.rest();
    world.publish(0, EVENTS, Outcome::Ok);
    world.fence(0, READER, EVENTS);
    world.sample();
    world.next_phase();
    world.rest();
    world.publish(0, EVENTS, Outcome::Ok);
    world.rest();
    leave(&mut world, READER);
    world.rest();
    world.publish(0, EVENTS, Outcome::Ok);
    world.sample();
    world
}

fn list(world: &mut World, name: &str) {
    let row = SubscriptionStatistics {
        subscriber_id: name.to_owned(),
        ..SubscriptionStatistics::default()
    };
    world.history.statistics.as_mut().expect("sampled").subscriptions.push(row);
}

/// The one violation when this one has no row.
fn without_row(mut world: World, name: &str) -> Violation {
    let statistics = world.history.statistics.as_mut().expect("sampled");
    statistics.subscriptions.retain(|row| row.subscriber_id != name);
    only(&world, Check::Conservation)
}

#[test]
fn the_last_reader_to_drop_its_receiver_may_have_counters_or_none() {
    let mut world = deserted(World::drop_receiver);
    assert_eq!(violations(&world), []);
    // Nothing says that its next match was dealt with before the counters were taken.
    list(&mut world, "reader");
    assert_eq!(violations(&world), []);
}

/// It has unsubscribed before, and come back: the next match is its receiver's end, not that.
fn back_and_gone(world: &mut World, reader: usize) {
    world.unsubscribe(reader);
    world.rest();
    world.subscribe(reader);
    world.rest();
    world.drop_receiver(reader);
}

#[test]
fn who_came_back_and_left_without_a_word_may_have_counters_though_it_once_unsubscribed() {
    let mut world = deserted(back_and_gone);
    assert_eq!(violations(&world), []);
    list(&mut world, "reader");
    assert_eq!(violations(&world), []);
}

#[test]
fn counters_of_a_wild_case_are_those_before_its_first_fault() {
    let mut world = deserted(|world, reader| {
        let fault = Fault { deed: Deed::Reset, victim: Victim::Subscriber(reader) };
        world.operate(Operation::Fault(fault), "ok");
    });
    // The simulated bus knows no faults: what it handed over after this one never arrived.
    world.history.subscribers[READER].received.pop();
    world.history.subscribers[READER].ended = true;
    world.case.wild = true;
    let told = without_row(world.clone(), "reader");
    assert!(told.sentence.contains("no counters for reader"), "{}", told.sentence);
    // Cut off where a fence was still waited for, it may have any or none.
    world.case.wild = false;
    assert_eq!(violations(&world), []);
}

#[test]
fn who_is_still_subscribed_has_counters_even_where_nobody_reads() {
    let told = without_row(deserted(World::drop_receiver), "stopped");
    assert!(told.sentence.contains("no counters for stopped"), "{}", told.sentence);
}

#[test]
fn who_unsubscribed_has_none_even_where_nobody_reads() {
    let mut world = deserted(World::unsubscribe);
    assert_eq!(violations(&world), []);
    list(&mut world, "reader");
    let told = only(&world, Check::Conservation);
    assert!(told.sentence.contains("still counts for reader"), "{}", told.sentence);
}

#[test]
fn who_stays_where_a_phase_was_to_end_without_fences_had_counters_before() {
    let mut world = deserted(World::drop_receiver);
    assert_eq!(violations(&world), []);
    // The same history, had the counters been taken before the reader left.
    world.case.phases[1].fence = false;
    let told = only(&world, Check::Conservation);
    assert!(told.sentence.contains("no counters for reader"), "{}", told.sentence);
}

#[test]
fn the_last_reader_to_stop_may_have_events_queued() {
    let mut world = deserted(|world, reader| world.operate(Operation::StopReading(reader), "ok"));
    let counters = world.history.statistics.as_mut().expect("sampled");
    let row = counters.subscriptions.iter_mut().find(|row| row.subscriber_id == "reader");
    let row = row.expect("it is subscribed");
    (row.delivered, row.queued) = (row.delivered - 1, 1);
    counters.events_delivered -= 1;
    world.history.subscribers[READER].received.pop();
    assert_eq!(violations(&world), []);
}
