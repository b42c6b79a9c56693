//! Numbers a case claims: those its history exercises, those it does not, and the two checks whose
//! histories stand alone.

use daemoneye_eventbus::{EventSubscription, SubscriptionStatistics};
use equivalence::check::{Check, Verdict};
use equivalence::plan::claims::judged;
use equivalence::plan::{Claim, Reading, TrialKind};
use equivalence::record::Outcome;

use super::perfect_bus::{World, subscriber};
use super::right::{EVENTS, judge, only, right, violations};

fn unexercised(world: &mut World, claims: &[&str]) -> Vec<String> {
    let parsed = claims.iter().map(|claim| Claim::parse(claim).expect("a number"));
    world.case.claims = parsed.collect();
    judge(world).unexercised().iter().map(|one| one.claim.clone()).collect()
}

#[test]
fn each_number_that_is_claimed_and_not_exercised_is_told() {
    for claim in judged(TrialKind::Behaviour) {
        let mut world = World::new(1, Vec::new(), 1);
        assert_eq!(unexercised(&mut world, &[claim.as_str()]), [claim.as_str()]);
    }
}

#[test]
fn a_filter_is_exercised_by_an_event_it_lets_pass_and_one_it_holds_back() {
    let claims = ["C1", "M1", "M3", "M4", "M5", "T3", "T4", "T6", "W2"];
    let unused = ["M4", "M5", "T3", "T4", "T6", "W2"];
    assert_eq!(unexercised(&mut right(), &claims), unused);
}

#[test]
fn wildcards_are_exercised_by_what_they_must_not_take_too() {
    let patterns = ["events.#", "events.process.+", "events.+.lifecycle"];
    let subscribers = patterns
        .iter()
        .map(|pattern| subscriber(EventSubscription::new(*pattern).with_pattern(*pattern)));
    let mut world = World::new(1, subscribers.collect(), 3);
    (0..patterns.len()).for_each(|index| world.subscribe(index));
    world.rest();
    let topics = ["events", "events.process", EVENTS, "events.network.lifecycle"];
    let publish = |world: &mut World| {
        for topic in topics {
            world.publish(0, topic, Outcome::Ok);
        }
        world.fence(0, 0, EVENTS);
        world.fence(0, 1, EVENTS);
        world.fence(0, 2, EVENTS);
        world.rest();
    };
    publish(&mut world);
    assert_eq!(unexercised(&mut world, &["T3", "T4", "T6"]), ["T6"], "no deeper topic yet");
    world.next_phase();
    world.publish(0, "events.process.tree.update", Outcome::Ok);
    publish(&mut world);
    assert_eq!(unexercised(&mut world, &["T3", "T4", "T6"]), Vec::<String>::new());
}

/// One stays, one drops its receiver, and something it would have matched follows.
fn departed() -> World {
    let all = |name: &str| subscriber(EventSubscription::new(name).with_pattern("#"));
    let mut world = World::new(1, vec![all("stays"), all("gone")], 5);
    (0..2).for_each(|index| world.subscribe(index));
    world.rest();
    world.publish(0, EVENTS, Outcome::Ok);
    world.rest();
    world.drop_receiver(1);
    world.rest();
    world.publish(0, EVENTS, Outcome::Ok);
    world.fence(0, 0, EVENTS);
    world.rest();
    world.sample();
    world
}

#[test]
fn a_dropped_receiver_that_is_gone_at_its_next_match_exercises_its_number() {
    let mut world = departed();
    assert_eq!(violations(&world), Vec::new());
    assert_eq!(unexercised(&mut world, &["C10"]), Vec::<String>::new());
}

#[test]
fn a_dropped_receiver_the_bus_still_counts_for_is_named() {
    let mut world = departed();
    let row = SubscriptionStatistics {
        subscriber_id: "gone".into(),
        ..SubscriptionStatistics::default()
    };
    world.history.statistics.as_mut().expect("sampled").subscriptions.push(row);
    let found = only(&world, Check::Departures);
    assert_eq!(found.rule, "C10");
    assert_eq!(found.subscriber.as_deref(), Some("gone"));
}

/// A publish that finds no room and gives up.
fn refused() -> World {
    let reader = subscriber(EventSubscription::new("reader").with_pattern("#"));
    let mut world = World::new(1, vec![reader], 5);
    world.case.topology.bus.publish_limit_ms = Some(500);
    world.case.topology.subscribers[0].reading = Reading::Stopped;
    world.subscribe(0);
    world.rest();
    world.publish(0, EVENTS, Outcome::Timeout);
    world
}

#[test]
fn a_publish_that_gives_up_exercises_the_limit_of_waits() {
    let mut world = refused();
    assert_eq!(judge(&world).verdict(), Verdict::Pass);
    assert_eq!(unexercised(&mut world, &["C14"]), Vec::<String>::new());
}

#[test]
fn a_publish_that_waits_far_beyond_its_limit_is_named() {
    let mut world = refused();
    let published = world.history.publishers[0].published.last_mut().expect("published");
    published.return_ns = published.call_ns + 99_000_000_000;
    let found = only(&world, Check::Waits);
    assert!(found.sentence.contains("waited 99000 ms to publish p0#1"), "{}", found.sentence);
}
