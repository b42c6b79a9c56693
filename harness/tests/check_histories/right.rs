//! One history that is right in everything, with something to judge for every check, and the means
//! to plant faults into it.

use daemoneye_eventbus::{EventFilter, EventSubscription, OverflowPolicy, Priority};
use equivalence::check::{Check, Report, Violation, check};
use equivalence::plan::Bus;
use equivalence::record::{Outcome, Received};

use super::perfect_bus::{World, subscriber};

pub(crate) const EVENTS: &str = "events.process.lifecycle";
pub(crate) const CONTROL: &str = "control.health.status";

pub(crate) const ALL: usize = 0;
pub(crate) const TWIN: usize = 1;
pub(crate) const URGENT: usize = 2;
pub(crate) const LOSSY: usize = 3;
pub(crate) const GUEST: usize = 5;

/// Two publishers, six subscribers, three phases: something to judge for every check.
pub(crate) fn right() -> World {
    let urgent = EventFilter { min_priority: Some(Priority::High), ..EventFilter::default() };
    let subscribers = vec![
        subscriber(EventSubscription::new("all").with_pattern("#")),
        subscriber(EventSubscription::new("twin").with_pattern("events.#").with_pattern("#")),
        subscriber(
            EventSubscription::new("urgent").with_pattern("events.#").with_event_filter(urgent),
        ),
        subscriber(
            EventSubscription::new("lossy")
                .with_pattern("events.#")
                .with_policy(OverflowPolicy::DropNewest),
        ),
        subscriber(EventSubscription::new("all").with_pattern("#")),
        subscriber(EventSubscription::new("guest").with_pattern("events.process.+")),
    ];
    let mut world = World::new(2, subscribers, 11);
    (0..5).for_each(|index| world.subscribe(index));
    world.rest();
    for round in 0..20 {
        world.publish(0, EVENTS, Outcome::Ok);
        world.publish(1, if round % 4 == 0 { CONTROL } else { EVENTS }, Outcome::Ok);
    }
    world.publish(0, EVENTS, Outcome::TooLarge);
    fence_all(&mut world);
    world.sample();
    world.next_phase();
    for round in 0..20 {
        match round {
            5 => world.subscribe(GUEST),
            15 => world.unsubscribe(GUEST),
            _ => {}
        }
        world.publish(0, EVENTS, Outcome::Ok);
        world.publish(1, EVENTS, Outcome::Ok);
    }
    fence_all(&mut world);
    world.sample();
    world.next_phase();
    world.rest();
    world.publish(0, EVENTS, Outcome::Ok);
    world.publish(1, EVENTS, Outcome::Ok);
    world.rest();
    world.shutdown();
    world.rest();
    world.publish(0, EVENTS, Outcome::Closed);
    world.case.expect.always.accepted.insert("p0".to_owned(), (41, 41));
    world.case.expect.always.refused.insert("p0".to_owned(), "closed".to_owned());
    world
}

pub(crate) fn fence_all(world: &mut World) {
    for publisher in 0..2 {
        for (index, topic) in [(ALL, EVENTS), (TWIN, EVENTS), (URGENT, EVENTS), (LOSSY, EVENTS)] {
            world.fence(publisher, index, topic);
        }
        world.rest();
    }
}

pub(crate) fn judge(world: &World) -> Report {
    check(&world.case, Bus::Crossbeam, &world.history, &world.plan)
}

pub(crate) fn violations(world: &World) -> Vec<Violation> {
    match judge(world) {
        Report::Judged(judgement) => judgement.violations,
        Report::Broken(defects) => panic!("the history is broken: {defects:?}"),
    }
}

/// The one violation, by the one check that may fire.
pub(crate) fn only(world: &World, expected: Check) -> Violation {
    let mut found = violations(world);
    let checks: Vec<_> = found.iter().map(|one| (one.check, one.sentence.clone())).collect();
    assert!(found.len() == 1 && found[0].check == expected, "expected {expected:?}: {checks:?}");
    found.remove(0)
}

pub(crate) fn messages(violation: &Violation) -> Vec<String> {
    violation.messages.iter().map(ToString::to_string).collect()
}

pub(crate) fn broken(world: &World) -> Vec<String> {
    match judge(world) {
        Report::Broken(defects) => defects,
        Report::Judged(judgement) => panic!("judged: {:?}", judgement.violations),
    }
}

pub(crate) fn received(world: &mut World, subscriber: usize) -> &mut Vec<Received> {
    &mut world.history.subscribers[subscriber].received
}

/// Where an event arrived.
pub(crate) fn at(world: &World, subscriber: usize, publisher: u16, sequence: u64) -> usize {
    world.history.subscribers[subscriber]
        .received
        .iter()
        .position(|one| (one.publisher, one.sequence) == (publisher, sequence))
        .unwrap_or_else(|| panic!("{subscriber} received p{publisher}#{sequence}"))
}

/// Changes the order of arrivals; stamps and positions become what that order would have had.
pub(crate) fn reorder(
    world: &mut World,
    subscriber: usize,
    change: impl FnOnce(&mut Vec<Received>),
) {
    let received = received(world, subscriber);
    change(received);
    let mut last_ns = 0;
    for (number, one) in received.iter_mut().enumerate() {
        last_ns = one.receive_ns.max(last_ns);
        one.receive_ns = last_ns;
        one.position = number as u64 + 1;
    }
}
