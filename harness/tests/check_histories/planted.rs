//! One fault at a time, planted into a history that is otherwise right: exactly the check it is
//! for fires, with the right witness.

use daemoneye_eventbus::{EventFilter, EventSubscription, OverflowPolicy, Priority};
use equivalence::check::{
    Check, Colour, Observed, Report, Verdict, Violation, check, differential,
};
use equivalence::plan::Bus;
use equivalence::record::{FENCE, Outcome, Received, UNKNOWN_PUBLISHER};

use super::perfect_bus::{World, subscriber};

const EVENTS: &str = "events.process.lifecycle";
const CONTROL: &str = "control.health.status";

const ALL: usize = 0;
const TWIN: usize = 1;
const URGENT: usize = 2;
const LOSSY: usize = 3;
const GUEST: usize = 5;

/// Two publishers, six subscribers, three phases: something to judge for every check.
fn right() -> World {
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

fn fence_all(world: &mut World) {
    for publisher in 0..2 {
        for (index, topic) in [(ALL, EVENTS), (TWIN, EVENTS), (URGENT, EVENTS), (LOSSY, EVENTS)] {
            world.fence(publisher, index, topic);
        }
        world.rest();
    }
}

fn judge(world: &World) -> Report {
    check(&world.case, Bus::Crossbeam, &world.history, &world.plan)
}

fn violations(world: &World) -> Vec<Violation> {
    match judge(world) {
        Report::Judged(judgement) => judgement.violations,
        Report::Broken(defects) => panic!("the history is broken: {defects:?}"),
    }
}

/// The one violation, by the one check that may fire.
fn only(world: &World, expected: Check) -> Violation {
    let mut found = violations(world);
    let checks: Vec<_> = found.iter().map(|one| (one.check, one.sentence.clone())).collect();
    assert!(found.len() == 1 && found[0].check == expected, "expected {expected:?}: {checks:?}");
    found.remove(0)
}

fn messages(violation: &Violation) -> Vec<String> {
    violation.messages.iter().map(ToString::to_string).collect()
}

fn broken(world: &World) -> Vec<String> {
    match judge(world) {
        Report::Broken(defects) => defects,
        Report::Judged(judgement) => panic!("judged: {:?}", judgement.violations),
    }
}

fn received(world: &mut World, subscriber: usize) -> &mut Vec<Received> {
    &mut world.history.subscribers[subscriber].received
}

/// Where an event arrived.
fn at(world: &World, subscriber: usize, publisher: u16, sequence: u64) -> usize {
    world.history.subscribers[subscriber]
        .received
        .iter()
        .position(|one| (one.publisher, one.sequence) == (publisher, sequence))
        .unwrap_or_else(|| panic!("{subscriber} received p{publisher}#{sequence}"))
}

/// Changes the order of arrivals; stamps and positions become what that order would have had.
fn reorder(world: &mut World, subscriber: usize, change: impl FnOnce(&mut Vec<Received>)) {
    let received = received(world, subscriber);
    change(received);
    let mut last_ns = 0;
    for (number, one) in received.iter_mut().enumerate() {
        last_ns = one.receive_ns.max(last_ns);
        one.receive_ns = last_ns;
        one.position = number as u64 + 1;
    }
}

#[test]
fn a_right_history_passes_and_exercises_every_check() {
    let world = right();
    let report = judge(&world);
    assert_eq!(violations(&world), Vec::new());
    assert_eq!(report.not_exercised(), Vec::new());
    assert_eq!(report.verdict(), Verdict::Pass);
}

#[test]
fn an_empty_history_is_not_a_pass() {
    let world = World::new(1, Vec::new(), 1);
    let report = judge(&world);
    assert_eq!(report.verdict(), Verdict::NotExercised);
    let claims = ["C4".to_owned(), "W1".to_owned()];
    assert_eq!(report.unexercised_claims(&claims), ["C4"]);
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
        Outcome::Timeout;
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

#[test]
fn wrong_counters_are_conservation() {
    let plants: [fn(&mut daemoneye_eventbus::EventBusStatistics); 5] = [
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
    world.history.publishers[0].published.last_mut().expect("publishes").outcome =
        Outcome::CircuitOpen;
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
