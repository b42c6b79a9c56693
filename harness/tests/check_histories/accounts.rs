//! Faults of promises, counters and ends, one at a time; histories that are no evidence; two buses
//! side by side.

use daemoneye_eventbus::{EventBusStatistics, EventSubscription, OverflowPolicy};
use equivalence::check::{Check, Colour, Observed, Verdict, differential};
use equivalence::plan::{Bus, Reading};
use equivalence::record::{FENCE, Outcome};

use super::perfect_bus::{World, subscriber};
use super::right::{
    ALL, EVENTS, GUEST, LOSSY, TWIN, URGENT, at, broken, judge, messages, only, received, reorder,
    right, violations,
};

#[test]
fn an_empty_history_is_not_a_pass() {
    let report = judge(&World::new(1, Vec::new(), 1));
    assert_eq!(report.verdict(), Verdict::NotExercised);
}

#[test]
fn a_refused_event_that_arrives_breaks_its_promise() {
    let mut world = right();
    let taken = at(&world, LOSSY, 0, received_by_lossy(&world));
    let sequence = received(&mut world, LOSSY)[taken].sequence;
    for index in [ALL, TWIN, URGENT, GUEST] {
        let gone = received(&mut world, index)
            .iter()
            .position(|one| (one.publisher, one.sequence) == (0, sequence));
        if let Some(gone) = gone {
            reorder(&mut world, index, |received| {
                received.remove(gone);
            });
        }
    }
    let published = &mut world.history.publishers[0].published;
    published.iter_mut().find(|one| one.sequence == sequence).expect("published").outcome =
        Outcome::TooLarge;
    let found = violations(&world);
    let refused: Vec<_> = found.iter().filter(|one| one.check == Check::Refused).collect();
    assert_eq!(refused.len(), 1, "{found:?}");
    assert_eq!(messages(refused[0]), [format!("p0#{sequence}")]);
    // The counters of this history still include the event: that is C12's to say, and C11's.
    let others = [Check::Conservation, Check::Losses, Check::Expectation, Check::Refused];
    assert!(found.iter().all(|one| others.contains(&one.check)), "{found:?}");
}

fn received_by_lossy(world: &World) -> u64 {
    let received = &world.history.subscribers[LOSSY].received;
    received.iter().find(|one| one.publisher == 0).expect("something arrived").sequence
}

#[test]
fn a_gap_without_a_policy_that_loses_is_positions() {
    let mut world = right();
    received(&mut world, ALL).iter_mut().skip(10).for_each(|one| one.position += 1);
    only(&world, Check::Positions);
}

#[test]
fn a_position_that_falls_is_positions() {
    let mut world = right();
    let index = at(&world, ALL, 0, 9);
    received(&mut world, ALL)[index].position = 1;
    assert_eq!(messages(&only(&world, Check::Positions)), ["p0#9"]);
}

#[test]
fn a_loss_that_leaves_no_gap_is_positions() {
    let mut world = right();
    let numbered = received(&mut world, LOSSY).iter_mut().zip(1..);
    numbered.for_each(|(one, position)| one.position = position);
    let found = violations(&world);
    assert!(!found.is_empty());
    assert!(found.iter().all(|one| one.check == Check::Positions), "{found:?}");
    assert_eq!(found[0].subscriber.as_deref(), Some("lossy"));
}

#[test]
fn a_loss_that_is_not_counted_is_losses() {
    let mut world = right();
    let index = at(&world, LOSSY, 0, received_by_lossy(&world));
    let position = received(&mut world, LOSSY)[index].position;
    received(&mut world, LOSSY).remove(index);
    received(&mut world, LOSSY)
        .iter_mut()
        .filter(|one| one.position > position)
        .for_each(|one| one.position -= 1);
    let violation = only(&world, Check::Losses);
    assert_eq!(violation.subscriber.as_deref(), Some("lossy"));
}

/// One publisher, one subscriber with this policy that subscribes, leaves and subscribes again.
fn two_lives(policy: OverflowPolicy) -> World {
    let subscription = EventSubscription::new("s").with_pattern("#").with_policy(policy);
    let mut world = World::new(1, vec![subscriber(subscription)], 8);
    for life in 0..2 {
        world.subscribe(0);
        world.rest();
        for _ in 0..12 {
            world.publish(0, EVENTS, Outcome::Ok);
        }
        world.rest();
        world.fence(0, 0, EVENTS);
        world.rest();
        if life == 0 {
            world.unsubscribe(0);
            world.rest();
            world.next_phase();
        }
    }
    world
}

#[test]
fn the_account_of_a_subscriber_with_two_lives_is_over_both() {
    let world = two_lives(OverflowPolicy::DropNewest);
    assert_eq!(violations(&world), Vec::new());
    // The last fence of each life may have been matched or not.
    for plant in [|lagged: &mut u64| *lagged += 3, |lagged: &mut u64| *lagged -= 3] {
        let mut world = world.clone();
        plant(&mut world.history.subscribers[0].lagged);
        let found = violations(&world);
        assert!(found.iter().any(|one| one.check == Check::Losses), "{found:?}");
    }
}

#[test]
fn a_gap_or_a_loss_in_one_of_two_lives_without_a_policy_that_loses_is_told() {
    let world = two_lives(OverflowPolicy::Block);
    assert_eq!(violations(&world), Vec::new());
    let mut gap = world.clone();
    let second = received(&mut gap, 0).iter_mut().filter(|one| one.subscription == 1);
    second.skip(3).for_each(|one| one.position += 1);
    only(&gap, Check::Positions);
    let mut lag = world;
    lag.history.subscribers[0].lagged = 1;
    only(&lag, Check::Losses);
}

#[test]
fn wrong_counters_are_conservation() {
    let plants: [fn(&mut EventBusStatistics); 5] = [
        |counters| counters.events_published += 3,
        |counters| counters.events_published -= 1,
        |counters| counters.subscriptions[ALL].dropped += 1,
        |counters| counters.events_dropped -= 1,
        |counters| {
            counters.subscriptions[ALL].matched += 5;
            counters.subscriptions[ALL].delivered += 5;
            counters.events_delivered += 5;
        },
    ];
    for plant in plants {
        let mut world = right();
        plant(world.history.statistics.as_mut().expect("counters"));
        let found = violations(&world);
        assert!(!found.is_empty());
        assert!(found.iter().all(|one| one.check == Check::Conservation), "{found:?}");
    }
}

#[test]
fn what_is_still_held_back_for_a_reader_is_conservation() {
    let subscription = EventSubscription::new("s").with_pattern("#");
    let mut world = World::new(1, vec![subscriber(subscription)], 6);
    world.subscribe(0);
    world.publish(0, EVENTS, Outcome::Ok);
    world.rest();
    world.fence(0, 0, EVENTS);
    world.sample();
    assert_eq!(violations(&world), Vec::new());
    let statistics = world.history.statistics.as_mut().expect("counters");
    statistics.subscriptions[0].matched += 1;
    statistics.subscriptions[0].queued += 1;
    let sentences = |world: &World| -> Vec<String> {
        violations(world).into_iter().map(|one| one.sentence).collect()
    };
    let queued = "s reads, but has 1 still queued (C12)".to_owned();
    assert!(sentences(&world).contains(&queued));
    world.case.topology.subscribers[0].reading = Reading::Stopped;
    assert!(!sentences(&world).contains(&queued));
    let statistics = world.history.statistics.as_mut().expect("counters");
    statistics.subscriptions[0].queued += 1;
    assert!(sentences(&world).iter().any(|one| one.contains("0 dropped and 2 queued")));
}

#[test]
fn what_was_queued_may_be_received_later_and_nothing_else() {
    let subscription = EventSubscription::new("s").with_pattern("#");
    let mut world = World::new(1, vec![subscriber(subscription)], 6);
    world.case.topology.subscribers[0].reading = Reading::Stopped;
    world.subscribe(0);
    world.publish(0, EVENTS, Outcome::Ok);
    world.fence(0, 0, EVENTS);
    world.sample();
    let mut count = |delivered: u64, queued: u64| {
        let statistics = world.history.statistics.as_mut().expect("counters");
        let row = &mut statistics.subscriptions[0];
        (row.delivered, row.queued, row.dropped) = (delivered, queued, 2 - delivered - queued);
        (statistics.events_delivered, statistics.events_dropped) = (delivered, row.dropped);
        violations(&world).into_iter().map(|one| one.sentence).collect::<Vec<_>>()
    };
    assert_eq!(count(0, 2), Vec::<String>::new());
    let told = "the bus counts 0 delivered to s and 0 queued for it, but it received 1 (C12)";
    assert_eq!(count(0, 0), [told]);
}

#[test]
fn a_counter_that_falls_is_monotone() {
    let mut world = right();
    world.history.statistics_samples[0].events_published = u64::MAX;
    only(&world, Check::Monotone);
}

#[test]
fn a_duplicate_id_that_is_let_in_is_membership() {
    let mut world = right();
    let refused =
        world.history.operations.iter_mut().find(|one| one.outcome == "duplicate-id").expect("one");
    refused.outcome = "limit-reached".to_owned();
    only(&world, Check::Membership);
}

#[test]
fn a_closed_bus_that_accepts_is_shutdown() {
    let mut world = right();
    world.history.publishers[0].published.last_mut().expect("publishes").outcome = Outcome::Timeout;
    world.case.expect.always.refused.clear();
    only(&world, Check::Shutdown);
}

#[test]
fn a_receiver_that_never_ends_is_shutdown() {
    let mut world = right();
    world.history.subscribers[URGENT].ended = false;
    assert_eq!(only(&world, Check::Shutdown).subscriber.as_deref(), Some("urgent"));
}

#[test]
fn an_event_discarded_at_shutdown_is_delivery() {
    let mut world = right();
    let last = received(&mut world, ALL).pop().expect("arrivals");
    let violation = only(&world, Check::Delivery);
    assert_eq!(messages(&violation), [format!("p{}#{}", last.publisher, last.sequence)]);
}

#[test]
fn a_missed_expectation_is_told() {
    let mut world = right();
    world.case.expect.always.received.insert("all".to_owned(), (1, 2));
    let violation = only(&world, Check::Expectation);
    assert!(violation.sentence.starts_with("all: "), "{}", violation.sentence);
}

/// A change of a history.
type Plant = fn(&mut World);

#[test]
fn a_history_that_cannot_have_happened_is_broken() {
    let plants: [(&str, Plant); 6] = [
        ("belongs", |world| {
            world.history.publishers[0].published.remove(3);
        }),
        ("returned before", |world| world.history.publishers[0].published[3].return_ns = 0),
        ("stamped before", |world| received(world, ALL)[9].receive_ns = 0),
        ("never began", |world| received(world, ALL)[9].subscription = 4),
        ("does not exist", |world| received(world, ALL)[9].publisher = 9),
        ("without a digest", |world| received(world, ALL)[9].digest = 0),
    ];
    for (part, plant) in plants {
        let mut world = right();
        plant(&mut world);
        let defects = broken(&world);
        assert!(defects.iter().any(|defect| defect.contains(part)), "{part}: {defects:?}");
        assert_eq!(judge(&world).verdict(), Verdict::Broken);
    }
}

#[test]
fn witnesses_are_capped_and_counts_are_not() {
    let mut world = right();
    for one in received(&mut world, ALL) {
        one.digest ^= 1;
    }
    let ordinary =
        world.history.subscribers[ALL].received.iter().filter(|one| one.sequence & FENCE == 0);
    assert_eq!(judge(&world).violation_count(), ordinary.count() as u64);
    assert_eq!(violations(&world).len(), 20);
}

#[test]
fn differences_say_who_departs_from_the_plan() {
    let right = right();
    let mut wrong = right.clone();
    let lost = at(&wrong, ALL, 0, 18);
    reorder(&mut wrong, ALL, |received| {
        received.remove(lost);
    });
    let compare = |one: &World, other: &World| {
        let baseline = Observed { bus: Bus::Crossbeam, history: &one.history };
        let candidate = Observed { bus: Bus::Embedded, history: &other.history };
        let found = differential(&right.case, &right.plan, baseline, candidate);
        found.expect("both can be judged").iter().map(|one| one.colour).collect::<Vec<_>>()
    };
    assert_eq!(compare(&right, &right), []);
    assert_eq!(compare(&right, &wrong), [Colour::CandidateWrong]);
    assert_eq!(compare(&wrong, &right), [Colour::BaselineWrong]);
    assert_eq!(compare(&wrong, &wrong), [Colour::BothWrong]);
}

#[test]
fn what_passes_another_lane_is_no_difference_and_in_its_own_it_is() {
    let wanted = EventSubscription::new("both").with_pattern("#");
    let mut world = World::new(1, vec![subscriber(wanted)], 5);
    world.subscribe(0);
    world.rest();
    for topic in [EVENTS, "control.health.status", EVENTS, EVENTS] {
        world.publish(0, topic, Outcome::Ok);
    }
    world.fence(0, 0, EVENTS);
    world.fence(0, 0, "control.health.status");
    let differ = |one: usize, other: usize| {
        let mut turned = world.clone();
        reorder(&mut turned, 0, |received| received.swap(one, other));
        let baseline = Observed { bus: Bus::Crossbeam, history: &world.history };
        let candidate = Observed { bus: Bus::Process, history: &turned.history };
        let found = differential(&world.case, &world.plan, baseline, candidate);
        found.expect("both can be judged").iter().map(|one| one.colour).collect::<Vec<_>>()
    };
    assert_eq!(differ(0, 1), [], "control passes events");
    assert_eq!(differ(2, 3), [Colour::CandidateWrong]);
}

#[test]
fn a_missing_or_surplus_row_of_counters_is_conservation() {
    let mut world = right();
    let statistics = world.history.statistics.as_mut().expect("counters");
    let mut surplus = statistics.subscriptions[ALL].clone();
    surplus.subscriber_id = "guest".to_owned();
    (surplus.matched, surplus.delivered, surplus.dropped) = (0, 0, 0);
    statistics.subscriptions.push(surplus);
    assert!(only(&world, Check::Conservation).sentence.contains("has unsubscribed"));
    let mut world = right();
    let statistics = world.history.statistics.as_mut().expect("counters");
    let gone = statistics.subscriptions.remove(TWIN);
    statistics.events_delivered -= gone.delivered;
    assert!(only(&world, Check::Conservation).sentence.contains("no counters for twin"));
}

#[test]
fn a_second_shutdown_that_errs_is_shutdown() {
    let mut world = right();
    let mut again = world.history.operations.last().cloned().expect("operations");
    (again.call_ns, again.return_ns) = (again.return_ns + 1, again.return_ns + 2);
    world.history.operations.push(again);
    assert_eq!(violations(&world), Vec::new());
    world.history.operations.last_mut().expect("just pushed").outcome = "closed".to_owned();
    only(&world, Check::Shutdown);
}

#[test]
fn a_receiver_that_ends_by_itself_is_shutdown() {
    let subscription = EventSubscription::new("s").with_pattern("#");
    let mut world = World::new(1, vec![subscriber(subscription)], 6);
    world.subscribe(0);
    world.publish(0, EVENTS, Outcome::Ok);
    assert_eq!(violations(&world), Vec::new());
    world.history.subscribers[0].ended = true;
    assert!(only(&world, Check::Shutdown).sentence.contains("nothing ended"));
    world.history.subscribers[0].ended = false;
    world.rest();
    world.unsubscribe(0);
    world.rest();
    world.subscribe(0);
    world.history.subscribers[0].ended = true;
    assert_eq!(violations(&world), Vec::new());
}
