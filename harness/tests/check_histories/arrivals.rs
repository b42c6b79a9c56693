//! Faults among arrivals, one at a time: exactly the check they are for fires, with the right
//! witness.

use daemoneye_eventbus::EventSubscription;
use equivalence::check::{Check, Report, Verdict, check};
use equivalence::plan::{Bus, Operation};
use equivalence::record::{FENCE, Outcome, Received, UNKNOWN_PUBLISHER};

use super::perfect_bus::{World, subscriber};
use super::right::{
    ALL, EVENTS, GUEST, LOSSY, TWIN, URGENT, at, judge, messages, only, received, reorder, right,
    violations,
};

#[test]
fn a_right_history_passes_and_exercises_every_check_but_those_with_histories_of_their_own() {
    let world = right();
    let report = judge(&world);
    assert_eq!(violations(&world), Vec::new());
    // See `overflow`, `circuit` and `claims` for the first, the tests of `check::control` for the others and those
    // of `check::sightings` for the last.
    let elsewhere = [
        Check::Overflow,
        Check::Circuit,
        Check::Departures,
        Check::Waits,
        Check::Gaps,
        Check::Replies,
        Check::WorstOf,
        Check::Heartbeats,
        Check::Failover,
        Check::Gathering,
        Check::Workflows,
        Check::Configuration,
        Check::Identity,
        Check::Slots,
        Check::Overreach,
        Check::Audits,
        Check::Switch,
    ];
    assert_eq!(report.not_exercised(), elsewhere);
    assert_eq!(report.verdict(), Verdict::Pass);
}

#[test]
fn a_lost_event_is_named() {
    let mut world = right();
    let lost = at(&world, ALL, 0, 18);
    reorder(&mut world, ALL, |received| {
        received.remove(lost);
    });
    let violation = only(&world, Check::Delivery);
    assert_eq!(messages(&violation), ["p0#18"]);
    assert_eq!(violation.subscriber.as_deref(), Some("all"));
    assert!(violation.sentence.contains("p0#17"), "{}", violation.sentence);
    assert!(violation.sentence.ends_with("(C1)"), "{}", violation.sentence);
}

#[test]
fn a_lost_tail_is_found_by_its_fence() {
    let subscription = EventSubscription::new("all").with_pattern("#");
    let mut world = World::new(1, vec![subscriber(subscription)], 4);
    world.subscribe(0);
    world.rest();
    for _ in 0..5 {
        world.publish(0, EVENTS, Outcome::Ok);
    }
    received(&mut world, 0).truncate(3);
    assert_eq!(violations(&world), Vec::new(), "without a fence they may still be on their way");
    world.fence(0, 0, EVENTS);
    received(&mut world, 0).truncate(3);
    let found = violations(&world);
    assert!(found.iter().all(|one| one.check == Check::Delivery), "{found:?}");
    let lost: Vec<_> = found.iter().flat_map(messages).collect();
    assert_eq!(lost, ["p0#4", "p0#5"]);
}

#[test]
fn losses_of_one_publisher_are_one_sentence_that_counts_them() {
    let mut world = right();
    reorder(&mut world, ALL, |received| {
        let is_lost = |one: &Received| one.publisher == 0 && (9..=14).contains(&one.sequence);
        received.retain(|one| !is_lost(one) && (one.publisher, one.sequence) != (1, 7));
    });
    let [first, other] = violations(&world).try_into().expect("one for each publisher");
    assert_eq!(
        first.sentence,
        "all never received p0#9, p0#10, p0#11 and 3 more, which match and were accepted while \
         it was subscribed; the last to arrive before them was p0#8 (C1)"
    );
    assert_eq!(messages(&first), ["p0#9", "p0#10", "p0#11"]);
    assert_eq!(messages(&other), ["p1#7"]);
    assert!(other.sentence.contains("p1#7, which matches and was accepted"), "{}", other.sentence);
    assert_eq!(judge(&world).violation_count(), 7, "all are counted");
}

#[test]
fn a_duplicate_is_named() {
    let mut world = right();
    let index = at(&world, ALL, 1, 7);
    let twice = received(&mut world, ALL)[index];
    received(&mut world, ALL).insert(index + 1, twice);
    assert_eq!(messages(&only(&world, Check::Duplicates)), ["p1#7"]);
}

#[test]
fn swapped_neighbours_of_one_publisher_are_fifo() {
    let mut world = right();
    let sequence = adjacent(&world, URGENT, 0);
    let (first, second) = (sequence[0], sequence[1]);
    let index = at(&world, URGENT, 0, first);
    reorder(&mut world, URGENT, |received| received.swap(index, index + 1));
    let violation = only(&world, Check::Fifo);
    assert_eq!(messages(&violation), [format!("p0#{first}"), format!("p0#{second}")]);
    assert_eq!(
        violation.sentence,
        format!(
            "urgent received p0#{first} after p0#{second}, though p0 published {first} first (C4)"
        )
    );
}

/// Two events of one publisher that arrived one directly after the other.
fn adjacent(world: &World, subscriber: usize, publisher: u16) -> [u64; 2] {
    let received = &world.history.subscribers[subscriber].received;
    let is_ordinary = |one: &Received| one.publisher == publisher && one.sequence & FENCE == 0;
    let pair = received.windows(2).find(|pair| is_ordinary(&pair[0]) && is_ordinary(&pair[1]));
    let pair = pair.expect("two neighbours of one publisher");
    [pair[0].sequence, pair[1].sequence]
}

#[test]
fn two_subscribers_that_disagree_are_total_order() {
    let mut world = right();
    let overlapping = overlapping_neighbours(&world, TWIN);
    let (one, other) =
        (received(&mut world, TWIN)[overlapping], received(&mut world, TWIN)[overlapping + 1]);
    reorder(&mut world, TWIN, |received| received.swap(overlapping, overlapping + 1));
    let violation = only(&world, Check::TotalOrder);
    assert_eq!(
        messages(&violation),
        [
            format!("p{}#{}", other.publisher, other.sequence),
            format!("p{}#{}", one.publisher, one.sequence)
        ]
    );
    assert!(violation.sentence.starts_with("twin received"), "{}", violation.sentence);
}

/// Neighbouring arrivals of different publishers whose publishes overlapped, in one lane.
fn overlapping_neighbours(world: &World, subscriber: usize) -> usize {
    let published = |one: &Received| {
        let log = &world.history.publishers[usize::from(one.publisher)].published;
        *log.iter().find(|published| published.sequence == one.sequence).expect("published")
    };
    world.history.subscribers[subscriber]
        .received
        .windows(2)
        .position(|pair| {
            let ordinary = pair.iter().all(|one| one.sequence & FENCE == 0 && one.sequence > 22);
            let (first, second) = (published(&pair[0]), published(&pair[1]));
            ordinary
                && pair[0].publisher != pair[1].publisher
                && first.call_ns <= second.return_ns
                && second.call_ns <= first.return_ns
        })
        .expect("two publishes overlap")
}

#[test]
fn an_order_only_three_subscribers_contradict_is_total_order() {
    let patterns = ["events.a.#", "events.b.#", "events.c.#"];
    let of = |name: &str, one: usize, other: usize| {
        let subscription = EventSubscription::new(name);
        subscriber(subscription.with_pattern(patterns[one]).with_pattern(patterns[other]))
    };
    let mut world = World::new(3, vec![of("ab", 0, 1), of("bc", 1, 2), of("ca", 2, 0)], 5);
    (0..3).for_each(|index| world.subscribe(index));
    world.publish(0, "events.a.x", Outcome::Ok);
    world.publish(1, "events.b.x", Outcome::Ok);
    world.publish(2, "events.c.x", Outcome::Ok);
    reorder(&mut world, 2, |received| received.swap(0, 1));
    let Report::Judged(judgement) = check(&world.case, Bus::Process, &world.history, &world.plan)
    else {
        panic!("the history is fit to be judged");
    };
    assert_eq!(judgement.violations.len(), 1, "{:?}", judgement.violations);
    assert_eq!(judgement.violations[0].check, Check::TotalOrder);
    assert_eq!(judgement.violations[0].messages.len(), 3);
}

#[test]
fn an_accepted_event_overtaken_by_a_later_call_is_precedence() {
    let mut world =
        World::new(2, vec![subscriber(EventSubscription::new("all").with_pattern("#"))], 3);
    world.subscribe(0);
    world.rest();
    world.publish(0, EVENTS, Outcome::Ok);
    world.rest();
    world.publish(1, EVENTS, Outcome::Ok);
    let late = world.history.subscribers[0].received[1].receive_ns;
    received(&mut world, 0)[0].receive_ns = late;
    reorder(&mut world, 0, |received| received.swap(0, 1));
    received(&mut world, 0)[0].receive_ns = late;
    assert_eq!(messages(&only(&world, Check::Precedence)), ["p0#1", "p1#1"]);
    let fire = check(&world.case, Bus::Process, &world.history, &world.plan);
    assert_eq!(fire.violation_count(), 0, "V9: publishers that do not wait promise less");
}

#[test]
fn an_event_that_does_not_match_is_foreign() {
    let mut world = right();
    let index = at(&world, ALL, 0, 19);
    let foreign = received(&mut world, ALL)[index];
    let stamps = received(&mut world, URGENT);
    let place = stamps.iter().position(|one| one.receive_ns > foreign.receive_ns).expect("later");
    reorder(&mut world, URGENT, |received| received.insert(place, foreign));
    let violation = only(&world, Check::Foreign);
    assert_eq!(messages(&violation), ["p0#19"]);
    assert!(violation.sentence.contains("does not match"), "{}", violation.sentence);
}

#[test]
fn an_event_nobody_published_is_foreign() {
    let mut world = right();
    let last = received(&mut world, ALL).last().copied().expect("arrivals");
    let stranger = Received {
        publisher: UNKNOWN_PUBLISHER,
        sequence: 77,
        position: last.position + 1,
        ..last
    };
    received(&mut world, ALL).push(stranger);
    assert_eq!(messages(&only(&world, Check::Foreign)), ["somebody unknown#77"]);
}

#[test]
fn a_late_unsubscribe_is_foreign() {
    let mut world = right();
    let twin = at(&world, TWIN, 1, 40);
    let after = received(&mut world, TWIN)[twin];
    let position = received(&mut world, GUEST).last().expect("arrivals").position + 1;
    received(&mut world, GUEST).push(Received { position, subscription: 0, ..after });
    let violation = only(&world, Check::Foreign);
    assert_eq!(violation.subscriber.as_deref(), Some("guest"));
    assert!(violation.sentence.contains("had ended"), "{}", violation.sentence);
}

#[test]
fn an_event_from_before_the_subscription_is_foreign() {
    let mut world = right();
    let twin = at(&world, TWIN, 0, 3);
    let before = received(&mut world, TWIN)[twin];
    let receive_ns = received(&mut world, GUEST)[0].receive_ns;
    let early = Received { subscription: 0, receive_ns, ..before };
    reorder(&mut world, GUEST, |received| received.insert(0, early));
    let violation = only(&world, Check::Foreign);
    assert_eq!(messages(&violation), ["p0#3"]);
    assert!(violation.sentence.contains("settled before"), "{}", violation.sentence);
}

#[test]
fn a_hole_at_an_edge_is_neither_suffix_nor_prefix() {
    for (from_start, part) in [(true, "subscribing"), (false, "ended")] {
        let guest = EventSubscription::new("guest").with_pattern("#");
        let twin = EventSubscription::new("twin").with_pattern("#");
        let mut world = World::new(1, vec![subscriber(guest), subscriber(twin)], 9);
        world.subscribe(0);
        world.subscribe(1);
        world.rest();
        for _ in 0..3 {
            world.publish(0, EVENTS, Outcome::Ok);
        }
        let (first, last) = {
            let published = &world.history.publishers[0].published;
            (published[0].call_ns - 1, published[2].return_ns + 100_000)
        };
        if from_start {
            world.fence(0, 0, EVENTS);
            world.history.operations[0].return_ns = last;
        } else {
            world.rest();
            world.unsubscribe(0);
            let operated = world.history.operations.last_mut().expect("unsubscribed");
            (operated.call_ns, operated.return_ns) = (first, last);
        }
        assert_eq!(violations(&world), Vec::new());
        reorder(&mut world, 0, |received| {
            received.remove(1);
        });
        let violation = only(&world, Check::Edges);
        assert!(violation.sentence.contains(part), "{}", violation.sentence);
        assert_eq!(violation.messages.len(), 2);
    }
}

#[test]
fn an_arrival_after_its_fence_is_late() {
    let mut world = right();
    let from = at(&world, URGENT, 1, 20);
    let to = received(&mut world, URGENT)
        .iter()
        .rposition(|one| one.sequence & FENCE != 0 && one.sequence & (1 << 16) == 0)
        .expect("fences");
    reorder(&mut world, URGENT, |received| {
        let late = received.remove(from);
        received.insert(to, late);
    });
    assert_eq!(messages(&only(&world, Check::Late)), ["p1#20"]);
}

#[test]
fn an_altered_event_is_content() {
    let mut world = right();
    let index = at(&world, ALL, 0, 9);
    received(&mut world, ALL)[index].digest ^= 1;
    assert_eq!(messages(&only(&world, Check::Content)), ["p0#9"]);
}

#[test]
fn a_truncated_correlation_is_correlation() {
    let mut world = right();
    let index = at(&world, ALL, 1, 9);
    let arrival = &mut received(&mut world, ALL)[index];
    (arrival.is_root, arrival.digest) = (true, arrival.digest ^ 1);
    assert_eq!(messages(&only(&world, Check::Correlation)), ["p1#9"]);
}

#[test]
fn a_fresh_correlation_used_twice_is_correlation() {
    let mut world = right();
    for index in [ALL, TWIN, URGENT, LOSSY, GUEST] {
        received(&mut world, index)
            .iter_mut()
            .filter(|one| (one.publisher, one.sequence) == (0, 12))
            .for_each(|one| one.correlation = 7 + 13);
    }
    assert_eq!(messages(&only(&world, Check::Correlation)), ["p0#12", "p0#13"]);
}

#[test]
fn a_fresh_correlation_that_differs_between_subscribers_is_correlation() {
    let mut world = right();
    let index = at(&world, TWIN, 0, 12);
    received(&mut world, TWIN)[index].correlation = 3;
    assert_eq!(messages(&only(&world, Check::Correlation)), ["p0#12"]);
}

#[test]
fn what_a_stopped_reader_left_unread_is_not_missing_but_a_hole_is() {
    let spec = subscriber(EventSubscription::new("s").with_pattern("#"));
    let mut world = World::new(1, vec![spec], 2);
    world.subscribe(0);
    world.operate(Operation::StopReading(0), "ok");
    for _ in 0..6 {
        world.publish(0, EVENTS, Outcome::Ok);
    }
    world.fence(0, 0, EVENTS);
    received(&mut world, 0).truncate(4);
    assert_eq!(violations(&world), Vec::new());
    reorder(&mut world, 0, |received| {
        received.remove(2);
    });
    assert_eq!(messages(&only(&world, Check::Delivery)), ["p0#3"]);
}

#[test]
fn a_fence_on_a_companion_may_come_twice_and_early() {
    let mut world = right();
    world.plan.companions.push(TWIN);
    let own = |one: &Received| one.sequence & FENCE != 0 && one.sequence & 0xFFFF == TWIN as u64;
    let first = received(&mut world, TWIN).iter().position(own).expect("fences");
    let fence = received(&mut world, TWIN)[first];
    let early = Received { position: 1, receive_ns: fence.receive_ns, ..fence };
    received(&mut world, TWIN).insert(first, early);
    assert_eq!(violations(&world), Vec::new());
    let before = received(&mut world, TWIN)[..first]
        .iter()
        .rposition(|one| one.publisher == 0 && one.sequence & FENCE == 0);
    let before = before.expect("an event of the fence's publisher");
    received(&mut world, TWIN)[before..].iter_mut().for_each(|one| {
        one.receive_ns = one.receive_ns.max(fence.receive_ns);
    });
    let moved = received(&mut world, TWIN).remove(first);
    received(&mut world, TWIN).insert(before, moved);
    assert_eq!(violations(&world), Vec::new());
    world.plan.companions.clear();
    assert!(violations(&world).iter().any(|one| one.check == Check::Late));
}
