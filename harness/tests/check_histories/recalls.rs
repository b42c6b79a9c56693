//! Who asks for the past gets the last of it, no more and no less.

use daemoneye_eventbus::EventSubscription;
use equivalence::check::Check;
use equivalence::record::Outcome;

use super::perfect_bus::{World, subscriber};
use super::right::{messages, only, violations};

const EARLY: usize = 0;
const LATE: usize = 1;
const HEALTH: &str = "control.health.status";
const TRIGGER: &str = "control.trigger.request";

/// Eight events on two topics before a subscriber comes that asks for the last three, of which two a
/// topic are kept; it is given these.
fn world(publishers: usize, given: &[u64]) -> World {
    let wanted = |name: &str| EventSubscription::new(name).with_pattern("control.#");
    let subscribers = vec![wanted("early"), wanted("late").replay_last(3)];
    let mut world = World::new(publishers, subscribers.into_iter().map(subscriber).collect(), 11);
    world.case.topology.bus.retained_events = Some(2);
    world.subscribe(EARLY);
    world.rest();
    for number in 0..8 {
        world.publish(
            number % publishers,
            [HEALTH, TRIGGER][usize::from(number >= 6)],
            Outcome::Ok,
        );
    }
    world.rest();
    world.next_phase();
    world.subscribe(LATE);
    for sequence in given {
        world.recall(LATE, 0, *sequence);
    }
    world.rest();
    (0..publishers).for_each(|publisher| {
        world.publish(publisher, HEALTH, Outcome::Ok);
    });
    for publisher in 0..publishers {
        world.fence(publisher, EARLY, HEALTH);
        world.fence(publisher, LATE, HEALTH);
    }
    world.sample();
    world
}

#[test]
fn the_last_of_each_topic_is_right() {
    // Of health 5 and 6 are kept, of triggers 7 and 8.
    assert_eq!(violations(&world(1, &[6, 7, 8])), []);
}

/// What is told of a late subscriber that is given these, beside counters that tell it too.
fn told(given: &[u64]) -> Vec<(Check, Vec<String>)> {
    let violations = violations(&world(1, given));
    let others = violations.iter().filter(|one| one.check != Check::Conservation);
    others.map(|one| (one.check, messages(one))).collect()
}

#[test]
fn one_too_few_or_too_many_or_another_is_told() {
    let of = |check, message: &str| (check, vec![message.to_owned()]);
    assert_eq!(told(&[7, 8]), [of(Check::Delivery, "p0#6")]);
    assert_eq!(told(&[5, 6, 7, 8]), [of(Check::Foreign, "p0#5")]);
    assert_eq!(told(&[4, 7, 8]), [of(Check::Delivery, "p0#6"), of(Check::Foreign, "p0#4")]);
    let turned: Vec<Check> = told(&[6, 8, 7]).into_iter().map(|(check, _)| check).collect();
    assert_eq!(turned, [Check::Fifo]);
}

#[test]
fn where_two_publishers_wrote_the_past_nobody_can_tell() {
    assert_eq!(violations(&world(2, &[])), []);
    assert_eq!(violations(&world(2, &[3, 4])), []);
}

#[test]
fn who_asks_for_nothing_gets_nothing() {
    let mut world = world(1, &[7]);
    world.case.topology.subscribers[LATE].subscription.replay_last = 0;
    assert_eq!(messages(&only(&world, Check::Foreign)), ["p0#7"]);
}
