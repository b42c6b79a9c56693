//! What a broken connection costs, and what is told of it (W5, W6).

use daemoneye_eventbus::EventSubscription;
use daemoneye_eventbus::contract::Confirmation;
use equivalence::check::{Check, Report, Violation, check};
use equivalence::plan::{Action, Bus, Claim, Deed, Fault, Operation, Trigger, Victim};
use equivalence::record::{Loss, Outcome, Resumption};

use super::perfect_bus::{World, subscriber};
use super::right::EVENTS;

const PUBLISHED: u64 = 20;

/// One publisher and one subscriber, to whom something happens after ten of twenty events.
fn struck(fault: Fault, confirm: Confirmation) -> World {
    let all = subscriber(EventSubscription::new("all").with_pattern("events.#"));
    let mut world = World::new(1, vec![all], 3);
    world.case.topology.publishers[0].confirm = confirm;
    let operation = Operation::Fault(fault);
    world.case.phases[0].actions.push(Action {
        trigger: Trigger::AfterPublished(0, PUBLISHED / 2),
        operation: operation.clone(),
        expect: "ok".to_owned(),
    });
    world.subscribe(0);
    world.rest();
    for number in 0..PUBLISHED {
        if number == PUBLISHED / 2 {
            world.rest();
            world.operate(operation.clone(), "ok");
        }
        world.publish(0, EVENTS, Outcome::Ok);
    }
    world.rest();
    world.fence(0, 0, EVENTS);
    told(&mut world, Loss::Exactly(0));
    world
}

fn broken(confirm: Confirmation) -> World {
    struck(Fault { deed: Deed::Break, victim: Victim::Subscriber(0) }, confirm)
}

fn told(world: &mut World, lost: Loss) {
    world.history.subscribers[0].resumed = Resumption { times: 1, lost };
}

/// Events right after the fault never arrive; positions and lag say so.
fn lose(world: &mut World, events: usize) {
    let first = usize::try_from(PUBLISHED).expect("few") / 2;
    let log = &mut world.history.subscribers[0];
    log.received.drain(first..first + events);
    log.lagged = events as u64;
}

fn violations(world: &World) -> Vec<Violation> {
    match check(&world.case, Bus::Process, &world.history, &world.plan) {
        Report::Judged(judgement) => judgement.violations,
        Report::Broken(defects) => panic!("the history is broken: {defects:?}"),
    }
}

fn found(world: &World) -> Vec<Check> {
    violations(world).iter().map(|violation| violation.check).collect()
}

#[test]
fn what_was_lost_and_told_is_right() {
    let mut world = broken(Confirmation::Fire);
    assert_eq!(found(&world), []);
    lose(&mut world, 3);
    told(&mut world, Loss::Exactly(3));
    assert_eq!(found(&world), []);
}

#[test]
fn more_lost_than_told_is_wrong_and_so_is_less_than_exactly() {
    for (lost, said) in [(3, Loss::Exactly(2)), (3, Loss::AtMost(2)), (3, Loss::Exactly(4))] {
        let mut world = broken(Confirmation::Fire);
        lose(&mut world, lost);
        told(&mut world, said);
        assert_eq!(found(&world), [Check::Gaps], "{lost} lost, {said:?} told");
    }
    let mut world = broken(Confirmation::Fire);
    lose(&mut world, 3);
    told(&mut world, Loss::AtMost(4));
    assert_eq!(found(&world), []);
}

#[test]
fn nobody_knows_what_is_lost_only_where_the_broker_was_lost_too() {
    let mut world = broken(Confirmation::Fire);
    told(&mut world, Loss::Unknown);
    assert_eq!(found(&world), [Check::Gaps]);
    let restarted = Fault { deed: Deed::Restart(1000), victim: Victim::Broker };
    let mut world = struck(restarted, Confirmation::Fire);
    told(&mut world, Loss::Unknown);
    world.history.publishers[0].resumed = Resumption { times: 1, lost: Loss::Exactly(0) };
    assert_eq!(found(&world), []);
}

#[test]
fn what_a_publisher_was_told_is_taken_into_account() {
    let victim = Victim::Publisher(0);
    let mut world = struck(Fault { deed: Deed::Break, victim }, Confirmation::Fire);
    lose(&mut world, 3);
    world.history.subscribers[0].resumed = Resumption::default();
    world.history.publishers[0].resumed = Resumption { times: 1, lost: Loss::AtMost(3) };
    // What never came to the bus has no position there.
    let log = &mut world.history.subscribers[0];
    log.lagged = 0;
    for (position, received) in (1..).zip(&mut log.received) {
        received.position = position;
    }
    assert_eq!(found(&world), []);
    world.history.publishers[0].resumed.lost = Loss::AtMost(2);
    assert_eq!(found(&world), [Check::Gaps]);
}

#[test]
fn nothing_that_is_delivered_may_be_lost_or_come_twice() {
    let mut world = broken(Confirmation::Delivered);
    assert_eq!(found(&world), []);
    lose(&mut world, 1);
    told(&mut world, Loss::Exactly(1));
    assert!(found(&world).contains(&Check::Delivery));
    let mut world = broken(Confirmation::Delivered);
    let again = world.history.subscribers[0].received[9];
    world.history.subscribers[0].received.insert(10, again);
    assert!(found(&world).contains(&Check::Duplicates));
}

#[test]
fn who_was_never_told_that_its_connection_broke_is_missed() {
    let restart = Fault { deed: Deed::Restart(1_000), victim: Victim::Broker };
    let mut world = struck(restart, Confirmation::Delivered);
    world.history.publishers[0].resumed = Resumption { times: 1, lost: Loss::Exactly(0) };
    assert_eq!(found(&world), []);
    world.history.subscribers[0].resumed = Resumption::default();
    assert_eq!(found(&world), [Check::Gaps], "the subscriber");
    told(&mut world, Loss::Unknown);
    world.history.publishers[0].resumed = Resumption::default();
    assert_eq!(found(&world), [Check::Gaps], "the publisher");
}

#[test]
fn what_is_claimed_is_exercised_by_somebody_who_came_back() {
    let w = |claim: &str| Claim::parse(claim).expect("a number");
    for (confirm, unexercised) in
        [(Confirmation::Delivered, Vec::new()), (Confirmation::Fire, vec!["W6".to_owned()])]
    {
        let mut world = broken(confirm);
        world.case.claims = vec![w("W5"), w("W6")];
        let report = check(&world.case, Bus::Process, &world.history, &world.plan);
        let found: Vec<String> = report.unexercised().iter().map(|one| one.claim.clone()).collect();
        assert_eq!(found, unexercised, "{confirm:?}");
    }
}

#[test]
fn what_a_fault_has_cost_is_counted() {
    let mut world = broken(Confirmation::Fire);
    lose(&mut world, 3);
    told(&mut world, Loss::Exactly(3));
    let report = check(&world.case, Bus::Process, &world.history, &world.plan);
    let Report::Judged(judgement) = report else { panic!("{report:?}") };
    let cost = judgement.reached.iter().find(|row| row.counted == "events it cost");
    assert_eq!(cost.map(|row| row.reached), Some(3));
}
