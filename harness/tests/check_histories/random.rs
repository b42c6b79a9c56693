//! Random right histories pass; one random fault in them never does.

use daemoneye_eventbus::{EventFilter, EventSubscription, OverflowPolicy};
use equivalence::check::{Report, check};
use equivalence::plan::Bus;
use equivalence::record::{FENCE, Outcome};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

use super::perfect_bus::{Dice, World, subscriber};

const TOPICS: [&str; 3] =
    ["events.process.lifecycle", "events.network.dns", "control.health.status"];

/// Random traffic and membership on the perfect bus, three fenced phases.
fn random_world(seed: u64) -> World {
    let odd =
        EventFilter { metadata: vec![("parity".into(), "1".into())], ..EventFilter::default() };
    let subscribers = vec![
        subscriber(EventSubscription::new("all").with_pattern("#")),
        subscriber(EventSubscription::new("events").with_pattern("events.#")),
        subscriber(EventSubscription::new("odd").with_pattern("#").with_event_filter(odd)),
        subscriber(
            EventSubscription::new("lossy")
                .with_pattern("events.#")
                .with_policy(OverflowPolicy::DropOldest),
        ),
        subscriber(EventSubscription::new("guest").with_pattern("events.+.lifecycle")),
    ];
    let mut dice = Dice(seed);
    let mut world = World::new(3, subscribers, seed);
    (0..4).for_each(|index| world.subscribe(index));
    let mut guest_is_in = false;
    for phase in 0..3 {
        if phase > 0 {
            world.next_phase();
        }
        for _ in 0..dice.roll(60) + 20 {
            if dice.roll(12) == 0 {
                if guest_is_in {
                    world.unsubscribe(4);
                } else {
                    world.subscribe(4);
                }
                guest_is_in = !guest_is_in;
            }
            let publisher = usize::try_from(dice.roll(3)).expect("below 3");
            let topic = TOPICS[usize::try_from(dice.roll(3)).expect("below 3")];
            let outcome = if dice.roll(30) == 0 { Outcome::TooLarge } else { Outcome::Ok };
            world.publish(publisher, topic, outcome);
        }
        for publisher in 0..3 {
            for subscriber in 0..5 {
                world.fence(publisher, subscriber, TOPICS[0]);
                world.fence(publisher, subscriber, TOPICS[2]);
            }
        }
        world.sample();
    }
    world
}

fn is_clean(world: &World, bus: Bus) -> Result<(), String> {
    match check(&world.case, bus, &world.history, &world.plan) {
        Report::Broken(defects) => Err(format!("broken: {defects:?}")),
        Report::Judged(judgement) => match judgement.violations.first() {
            None => Ok(()),
            Some(violation) => Err(violation.sentence.clone()),
        },
    }
}

/// Plants one fault among the ordinary arrivals of a lossless subscriber that is there throughout.
fn mutate(world: &mut World, dice: &mut Dice) -> String {
    let subscriber = usize::try_from(dice.roll(3)).expect("below 3");
    let received = &mut world.history.subscribers[subscriber].received;
    let ordinary: Vec<usize> =
        (0..received.len()).filter(|index| received[*index].sequence & FENCE == 0).collect();
    let pick = dice.roll(ordinary.len() as u64 - 1);
    let index = ordinary[usize::try_from(pick).expect("an index")];
    let what = dice.roll(7);
    match what {
        0 => {
            received.remove(index);
        }
        1 => received.insert(index, received[index]),
        2 => received[index].digest ^= 1 << dice.roll(60),
        3 => received[index].is_root ^= true,
        4 => received[index].position = 0,
        5 => {
            let moved = received.remove(index);
            received.push(moved);
            let last_ns = received.iter().map(|one| one.receive_ns).max().expect("arrivals");
            received.last_mut().expect("just pushed").receive_ns = last_ns;
        }
        _ => received[index].sequence += 1_000,
    }
    format!("fault {what} at {index} of subscriber {subscriber}")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn right_histories_pass_on_every_bus(seed in any::<u64>()) {
        let world = random_world(seed);
        for bus in Bus::ALL {
            prop_assert_eq!(is_clean(&world, bus), Ok(()));
        }
    }

    #[test]
    fn one_fault_is_always_caught(seed in any::<u64>(), choice in any::<u64>()) {
        let mut world = random_world(seed);
        let fault = mutate(&mut world, &mut Dice(choice));
        prop_assert!(is_clean(&world, Bus::Process).is_err(), "{}", fault);
    }
}
