//! Two histories of one case beside each other: the other bus's doings in a clause, the same bus
//! from run to run, and what of a difference was declared.

use equivalence::check::{
    Colour, Difference, Observed, Subject, colour_declared, differential, mark, twin, unsteady,
};
use equivalence::plan::{Bus, Expectation, Expected, Operation};
use equivalence::record::Outcome;

use super::perfect_bus::World;
use super::right::{ALL, at, received, reorder, right};

fn observed(world: &World) -> Observed<'_> {
    Observed { bus: Bus::Crossbeam, history: &world.history }
}

fn name(world: &World, subscriber: usize) -> String {
    world.history.subscribers[subscriber].name.clone()
}

/// The history with an event of the first publisher lost to the subscriber of everything.
fn lost(world: &World, sequence: u64) -> World {
    let mut world = world.clone();
    let lost = at(&world, ALL, 0, sequence);
    reorder(&mut world, ALL, |received| {
        received.remove(lost);
    });
    world
}

#[test]
fn the_twin_says_in_which_order_the_other_bus_delivered() {
    let mut world = right();
    let all = name(&world, ALL);
    let events = [("p0", 17), ("p0", 18)];
    let clause = |world: &World, events: &[(&str, u64)]| twin(observed(world), Some(&all), events);
    let kept = format!("on crossbeam, {all} received p0#17, then p0#18");
    assert_eq!(clause(&world, &events).as_deref(), Some(kept.as_str()));
    let (one, other) = (at(&world, ALL, 0, 17), at(&world, ALL, 0, 18));
    received(&mut world, ALL).swap(one, other);
    let swapped = format!("on crossbeam, {all} received p0#18, then p0#17");
    assert_eq!(clause(&world, &events).as_deref(), Some(swapped.as_str()));
}

#[test]
fn the_twin_tells_a_loss_from_an_event_that_was_never_accepted() {
    let world = lost(&right(), 18);
    let all = name(&world, ALL);
    let clause = |world: &World, number| {
        twin(observed(world), Some(&all), &[("p0", number)]).expect("a clause")
    };
    let told = format!("on crossbeam, {all} did not receive p0#18, which was accepted");
    assert_eq!(clause(&world, 18), told);
    assert!(clause(&world, 60_000).ends_with("p0#60000, which was not published"));
    let mut refused = world.clone();
    let published = &mut refused.history.publishers[0].published;
    published.iter_mut().find(|one| one.sequence == 18).expect("published").outcome =
        Outcome::Timeout;
    assert!(clause(&refused, 18).ends_with("p0#18, which ended with Timeout"));
    let alone = twin(observed(&refused), None, &[("p0", 18)]);
    assert_eq!(alone.as_deref(), Some("on crossbeam, p0#18 ended with Timeout"));
}

#[test]
fn a_witness_without_events_or_of_strangers_has_no_twin() {
    let world = right();
    assert_eq!(twin(observed(&world), Some(&name(&world, ALL)), &[]), None);
    assert_eq!(twin(observed(&world), None, &[]), None);
    assert_eq!(twin(observed(&world), Some("nobody"), &[("p0", 1)]), None);
    assert_eq!(twin(observed(&world), Some(&name(&world, ALL)), &[("nobody", 1)]), None);
}

#[test]
fn two_equal_runs_are_steady_and_each_sort_of_difference_is_told() {
    let right = right();
    assert_eq!(unsteady(&right.case, &right.history, &right.history), []);
    let found = unsteady(&right.case, &right.history, &lost(&right, 18).history);
    let [only] = found.as_slice() else { panic!("{found:?}") };
    let subject = Subject::Arrivals { subscriber: name(&right, ALL), publisher: "p0".to_owned() };
    assert_eq!(only.subject, subject);
    let mut other = right.clone();
    other.history.operations[0].outcome = "closed".to_owned();
    other.history.operations.pop();
    let published = &mut other.history.publishers[1].published;
    published[0].outcome = Outcome::Timeout;
    let found = unsteady(&right.case, &right.history, &other.history);
    let told = format!("subscribe of {} ended with \"ok\" one time and ", name(&right, ALL));
    assert!(found[0].sentence.starts_with(&told), "{}", found[0].sentence);
    let subjects: Vec<Subject> = found.into_iter().map(|one| one.subject).collect();
    let publisher = other.history.publishers[1].name.clone();
    let first =
        Subject::Operation { operation: Operation::Subscribe(0), phase: u32::MAX, number: 0 };
    assert_eq!(subjects, [first, Subject::Operations, Subject::Accepted { publisher }]);
}

/// The two subscribers that want one id ask the other way round; the right one gets it all the same.
fn asked_in_another_order(world: &World) -> World {
    let mut world = world.clone();
    let operations = &mut world.history.operations;
    let refused = operations.iter().position(|one| one.outcome == "duplicate-id").expect("one");
    operations.swap(refused - 1, refused);
    let [first, second] = [refused - 1, refused].map(|at| {
        let one = &operations[at];
        (one.call_ns, one.return_ns)
    });
    (operations[refused - 1].call_ns, operations[refused - 1].return_ns) = second;
    (operations[refused].call_ns, operations[refused].return_ns) = first;
    world
}

fn compared(baseline: &World, candidate: &World) -> Vec<Difference> {
    let candidate = Observed { bus: Bus::Embedded, history: &candidate.history };
    let found = differential(&baseline.case, &baseline.plan, observed(baseline), candidate);
    found.expect("both are judged")
}

#[test]
fn operations_that_end_in_another_order_are_no_difference() {
    let right = right();
    let other = asked_in_another_order(&right);
    assert_ne!(right.history.operations, other.history.operations);
    assert_eq!(compared(&right, &other), []);
    assert_eq!(compared(&other, &right), []);
    assert_eq!(unsteady(&right.case, &right.history, &other.history), []);
}

#[test]
fn an_operation_that_ends_otherwise_is_a_difference_in_any_order() {
    let right = right();
    let mut wrong = asked_in_another_order(&right);
    let refused = wrong.history.operations.iter_mut().find(|one| one.outcome == "duplicate-id");
    refused.expect("one").outcome = "limit-reached".to_owned();
    let told = compared(&right, &wrong).remove(0).sentence;
    let name = &right.case.topology.subscribers[4].name;
    assert!(told.starts_with(&format!("subscribe of {name} ended with ")), "{told}");
    let found = |baseline: &World, candidate: &World| {
        let found = compared(baseline, candidate).into_iter();
        found.map(|one| (one.colour, one.subject)).collect::<Vec<_>>()
    };
    let second =
        Subject::Operation { operation: Operation::Subscribe(4), phase: u32::MAX, number: 0 };
    assert_eq!(found(&right, &wrong), [(Colour::CandidateWrong, second.clone())]);
    assert_eq!(found(&wrong, &right), [(Colour::BaselineWrong, second)]);
}

#[test]
fn an_operation_that_only_one_side_has_is_told_by_name() {
    let right = right();
    let mut more = right.clone();
    let mut again = more.history.operations.last().cloned().expect("the shutdown");
    (again.call_ns, again.return_ns) = (again.return_ns + 1, again.return_ns + 2);
    more.history.operations.push(again);
    let sentence =
        |side| format!("operations on the {side} alone: 1, first shutdown within 1000 ms");
    assert_eq!(compared(&right, &more)[0].sentence, sentence("candidate"));
    assert_eq!(compared(&more, &right)[0].sentence, sentence("baseline"));
}

/// What the comparison of a right baseline with a candidate that lost an event says.
fn differences() -> Vec<Difference> {
    let right = right();
    let candidate = lost(&right, 18);
    let candidate = Observed { bus: Bus::CrossbeamFaithful, history: &candidate.history };
    differential(&right.case, &right.plan, observed(&right), candidate).expect("both are judged")
}

#[test]
fn a_difference_is_marked_where_the_baseline_differs_from_itself_and_stays() {
    let right = right();
    let mut found = differences();
    mark(&mut found, &unsteady(&right.case, &right.history, &lost(&right, 20).history));
    assert!(found.len() == 1 && found[0].unsteady, "{found:?}");
    assert_eq!(found[0].colour, Colour::CandidateWrong);
    mark(&mut found, &[]);
    assert!(!found[0].unsteady);
}

#[test]
fn a_difference_has_the_declared_colour_only_for_a_rule_that_shows_in_it() {
    let mut found = differences();
    colour_declared(&mut found, &["C10", "C13"]);
    assert_eq!(found[0].colour, Colour::CandidateWrong);
    colour_declared(&mut found, &["C1"]);
    assert_eq!(found[0].colour, Colour::Declared);
    let mut both = differences();
    both[0].colour = Colour::BothWrong;
    colour_declared(&mut both, &["C1"]);
    assert_eq!(both[0].colour, Colour::BothWrong);
}

#[test]
fn counts_that_the_case_expects_of_each_bus_are_no_open_question() {
    let world = |refused| {
        let mut world = World::new(1, Vec::new(), 2);
        world.publish(0, "events.process.lifecycle", Outcome::Ok);
        world.publish(0, "events.process.lifecycle", refused);
        world
    };
    let colour = |expect: Expectation| {
        let (mut one, other) = (world(Outcome::Ok), world(Outcome::TooLarge));
        one.case.expect = expect;
        let baseline = Observed { bus: Bus::Crossbeam, history: &one.history };
        let candidate = Observed { bus: Bus::Embedded, history: &other.history };
        let found = differential(&one.case, &one.plan, baseline, candidate).expect("judged");
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].colour
    };
    let accepted =
        |range| Expected { accepted: [("p0".to_owned(), range)].into(), ..Expected::default() };
    let expect = |always, own| Expectation {
        always: accepted(always),
        per_bus: [(Bus::Crossbeam, accepted(own))].into(),
    };
    assert_eq!(colour(Expectation::default()), Colour::Undecided);
    assert_eq!(colour(expect((1, 2), (1, 2))), Colour::Undecided);
    assert_eq!(colour(expect((1, 2), (2, 2))), Colour::Declared);
    assert_eq!(colour(expect((2, 2), (1, 2))), Colour::Undecided);
}
