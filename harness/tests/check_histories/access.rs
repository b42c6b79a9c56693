//! Access control: what a role may not and does, and what it may and is denied, are told; what is right
//! is not, and where nobody is asked nobody is held to a role (A1, A3).

use daemoneye_eventbus::EventSubscription;
use daemoneye_eventbus::acl::{CollectorKind, Role};
use equivalence::check::{Report, Violation, check};
use equivalence::plan::{Bus, Claim};
use equivalence::record::Outcome;

use super::perfect_bus::{World, subscriber};
use super::right::{CONTROL, EVENTS};

/// A publisher and a subscriber of these roles, the latter subscribed to this.
fn world(publisher: Role, subscribed: Role, pattern: &str) -> World {
    let reader = subscriber(EventSubscription::new("reader").with_pattern(pattern));
    let mut world = World::new(1, vec![reader], 5);
    world.case.topology.publishers[0].role = publisher;
    world.case.topology.subscribers[0].role = subscribed;
    world.subscribe(0);
    world.rest();
    world
}

fn published(role: Role, topic: &str, outcome: Outcome) -> World {
    let mut world = world(role, Role::Agent, "#");
    world.publish(0, topic, outcome);
    world.rest();
    world
}

fn judged(world: &World, bus: Bus) -> (Vec<Violation>, Vec<String>) {
    match check(&world.case, bus, &world.history, &world.plan) {
        Report::Judged(judgement) => {
            let of_access = |one: &Violation| ["A1", "A3"].contains(&one.rule.as_str());
            let missing = judgement.unexercised.into_iter().map(|one| one.claim);
            (judgement.violations.into_iter().filter(of_access).collect(), missing.collect())
        }
        Report::Broken(defects) => panic!("the history is broken: {defects:?}"),
    }
}

/// Rules and sentences of what is wrong.
fn told(world: &World, bus: Bus) -> Vec<String> {
    judged(world, bus).0.into_iter().map(|violation| violation.sentence).collect()
}

const PROCMOND: Role = Role::Collector(CollectorKind::Process);

#[test]
fn a_role_that_publishes_what_it_may_not_is_told() {
    for (role, topic) in [
        (Role::Observer, EVENTS),
        (PROCMOND, "events.network.dns"),
        (PROCMOND, "control.collector.config"),
        (PROCMOND, "admin.audit"),
    ] {
        let told = told(&published(role, topic, Outcome::Ok), Bus::Process);
        let expected =
            format!("p0, {role}, published p0#1 and may not, and was not denied it (A1)");
        assert_eq!(told, [expected], "{topic}");
    }
}

#[test]
fn a_role_that_is_denied_what_it_may_is_told() {
    for (role, topic) in [(Role::Agent, "admin.audit"), (PROCMOND, EVENTS), (PROCMOND, CONTROL)] {
        let told = told(&published(role, topic, Outcome::Denied), Bus::Process);
        let expected = format!("p0, {role}, published p0#1 and was denied it, though it may (A1)");
        assert_eq!(told, [expected], "{topic}");
    }
}

#[test]
fn what_is_right_is_not_told() {
    for (role, topic, outcome) in [
        (Role::Agent, "admin.audit", Outcome::Ok),
        (PROCMOND, EVENTS, Outcome::Ok),
        (PROCMOND, "control.collector.result.process", Outcome::Ok),
        (PROCMOND, "events.network.dns", Outcome::Denied),
        (PROCMOND, "control.rpc.reply.s0", Outcome::Denied),
        (PROCMOND, "control.rpc.reply.s0", Outcome::Ok),
        (Role::Observer, EVENTS, Outcome::Denied),
    ] {
        let told = told(&published(role, topic, outcome), Bus::Process);
        assert!(told.is_empty(), "{role} {topic} {outcome:?}: {told:?}");
    }
}

#[test]
fn a_subscription_that_may_not_be_is_told_and_so_is_one_that_may_and_was_denied() {
    let spy = world(Role::Agent, Role::Observer, "control.#");
    let sentence = "reader, observer, subscribed to control.# and was told ok (A3)";
    assert_eq!(told(&spy, Bus::Process), [sentence]);
    let greedy = world(Role::Agent, PROCMOND, "control.collector.#");
    assert_eq!(told(&greedy, Bus::Process).len(), 1);
    let mut denied = world(Role::Agent, Role::Observer, "events.#");
    assert!(told(&denied, Bus::Process).is_empty());
    for operated in &mut denied.history.operations {
        operated.outcome = "denied".to_owned();
        operated.expect = "denied".to_owned();
    }
    let sentence = "reader, observer, subscribed to events.# and was told denied (A3)";
    assert_eq!(told(&denied, Bus::Process), [sentence]);
}

#[test]
fn where_nobody_is_asked_nobody_is_held_to_a_role() {
    let spoken = published(Role::Observer, EVENTS, Outcome::Ok);
    for bus in [Bus::Crossbeam, Bus::Embedded] {
        assert!(told(&spoken, bus).is_empty(), "{bus:?}");
    }
    // Publishers come over a socket there, subscribers do not.
    assert_eq!(told(&spoken, Bus::Agent).len(), 1);
    assert!(told(&world(Role::Agent, Role::Observer, "#"), Bus::Agent).is_empty());
}

#[test]
fn a_claim_needs_one_that_is_denied_and_one_that_is_not() {
    let claims = |mut world: World| {
        world.case.claims = vec![Claim::A1, Claim::A3];
        judged(&world, Bus::Process).1
    };
    assert_eq!(claims(published(PROCMOND, EVENTS, Outcome::Ok)), ["A1", "A3"]);
    let mut both = published(PROCMOND, EVENTS, Outcome::Ok);
    both.publish(0, "admin.audit", Outcome::Denied);
    both.rest();
    assert_eq!(claims(both), ["A3"]);
}
