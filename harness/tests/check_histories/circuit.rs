//! A circuit through all its states: right, and with one event or one counter otherwise.

use std::time::Duration;

use daemoneye_eventbus::contract::{BreakerConfig, BreakerState};
use daemoneye_eventbus::{
    EventBusStatistics, EventSubscription, OverflowPolicy, SubscriptionStatistics,
};
use equivalence::check::{Check, Report};
use equivalence::plan::{Operation, Reading};
use equivalence::record::Outcome;

use super::perfect_bus::{World, subscriber};
use super::right::{EVENTS, judge, received, violations};

const STOPPED: usize = 0;
const READER: usize = 1;
/// Longer than a phase of these histories, shorter than [`cool_down`] lets pass.
const COOL_DOWN: Duration = Duration::from_micros(50);
const RESTS: usize = 30;
/// Positions that are queued, of the eight before it opens.
const QUEUED: u64 = 4;
/// The one that is tried in vain, the first that is refused with room, and the first that passes.
const TRIED: u64 = 9;
const REFUSED: u64 = 10;
const PASSED: u64 = 13;
const LAST: u64 = 15;

/// Four are queued and four lost, of which three open it; one is tried and lost; three are refused
/// though the queue is empty; three pass.
fn right() -> World {
    let own = |name: &str, pattern: &str| EventSubscription::new(name).with_pattern(pattern);
    let stopped = subscriber(own("stopped", "events.process.#").with_capacity(4));
    let mut world = World::new(1, vec![stopped, subscriber(own("reader", "events.#"))], 6);
    (0..2).for_each(|index| world.subscribe(index));
    world.rest();
    world.case.topology.subscribers[STOPPED].reading = Reading::Stopped;
    phase(&mut world, 8);
    cool_down(&mut world);
    phase(&mut world, 1);
    world.operate(Operation::ResumeReading(STOPPED), "ok");
    world.rest();
    let resumed_ns = world.history.operations.last().map_or(0, |one| one.return_ns);
    phase(&mut world, 3);
    cool_down(&mut world);
    phase(&mut world, 3);
    let breaker = BreakerConfig { losses: 3, window: Duration::from_secs(1), cool_down: COOL_DOWN };
    let spec = &mut world.case.topology.subscribers[STOPPED];
    spec.subscription.policy = OverflowPolicy::CircuitBreak(breaker);
    for one in received(&mut world, STOPPED).iter_mut().take(4) {
        one.receive_ns = resumed_ns + one.position;
    }
    for state in [BreakerState::Open, BreakerState::Open, BreakerState::Open, BreakerState::Closed]
    {
        let subscriber_id = "stopped".to_owned();
        let row = SubscriptionStatistics { subscriber_id, breaker: state, ..Default::default() };
        let sample = EventBusStatistics { subscriptions: vec![row], ..Default::default() };
        world.history.statistics_samples.push(sample);
    }
    // One phase was begun after the last.
    world.case.phases.pop();
    world
}

fn phase(world: &mut World, events: u64) {
    for _ in 0..events {
        world.publish(0, EVENTS, Outcome::Ok);
        world.rest();
    }
    world.fence(0, READER, "events.fence");
    world.next_phase();
    world.rest();
}

fn cool_down(world: &mut World) {
    (0..RESTS).for_each(|_| world.rest());
}

/// Loses what does not arrive.
fn arriving(mut world: World, arrives: impl Fn(u64) -> bool) -> World {
    let all = received(&mut world, STOPPED);
    let before = all.len();
    all.retain(|one| arrives(one.position));
    let lost = before - all.len();
    world.history.subscribers[STOPPED].lagged = lost as u64;
    world
}

fn as_it_must(position: u64) -> bool {
    position <= QUEUED || position >= PASSED
}

/// Whether the check says so of a history.
fn says(world: &World, what: &str) -> bool {
    let violations = violations(world).into_iter();
    let mut own = violations.filter(|one| one.check == Check::Circuit);
    own.any(|one| one.sentence.contains(what))
}

#[test]
fn a_circuit_that_opens_refuses_tries_and_closes_is_right() {
    let world = arriving(right(), as_it_must);
    assert_eq!(violations(&world), Vec::new());
    let Report::Judged(judgement) = judge(&world) else { panic!("the history is broken") };
    let row = judgement.checked.iter().find(|row| row.check == Check::Circuit).expect("a row");
    assert_eq!(row.items, LAST + 4, "every match and every phase's counters");
}

#[test]
fn what_passes_an_open_circuit_before_it_has_cooled_down_is_told() {
    let early = arriving(right(), |position| as_it_must(position) || position == REFUSED);
    assert!(says(&early, "received p0#10 at most"));
}

#[test]
fn a_circuit_that_one_loss_after_its_cool_down_does_not_open_again_is_told() {
    // Everything that found room passes, as if the one that was tried had not counted.
    let closed = arriving(right(), |position| position <= QUEUED || position > TRIED);
    assert!(says(&closed, "after its circuit had opened"));
}

#[test]
fn a_circuit_that_never_tries_again_is_told() {
    let stuck = arriving(right(), |position| position <= QUEUED);
    assert!(says(&stuck, "lost p0#13, though its queue was empty and its circuit had cooled down"));
}

#[test]
fn a_closed_circuit_that_loses_from_an_empty_queue_is_told() {
    let leaky = arriving(right(), |position| as_it_must(position) && position != LAST);
    assert!(says(&leaky, "lost p0#15, though its queue was empty and its circuit closed"));
}

#[test]
fn counters_that_show_another_state_are_told() {
    let mut world = arriving(right(), as_it_must);
    world.history.statistics_samples[1].subscriptions[0].breaker = BreakerState::Closed;
    assert!(says(&world, "call the circuit of stopped Closed"));
}
