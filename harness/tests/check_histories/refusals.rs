//! Refusals: each is told where nothing caused it, and not where something did.

use daemoneye_eventbus::{EventSubscription, OverflowPolicy};
use equivalence::check::{Check, Report, Violation, check};
use equivalence::plan::{Bus, Deed, Fault, MixPart, Operation, Reading, Victim};
use equivalence::record::Outcome;

use super::perfect_bus::{World, subscriber};
use super::right::{CONTROL, EVENTS};

/// W2: what every bus must take, bytes.
const LIMIT_BYTES: usize = 1 << 20;
/// How long a publish may wait in these cases, milliseconds.
const WAIT_MS: u64 = 500;

/// One `block` subscriber that reads, and one whose policy loses; nothing refused yet.
fn world() -> World {
    let reader = EventSubscription::new("reader").with_pattern("events.#");
    let lossy = EventSubscription::new("lossy").with_pattern("#");
    let lossy = lossy.with_policy(OverflowPolicy::DropNewest);
    let mut world = World::new(2, vec![subscriber(reader), subscriber(lossy)], 3);
    world.case.topology.bus.publish_limit_ms = Some(WAIT_MS);
    (0..2).for_each(|index| world.subscribe(index));
    world.rest();
    world.publish(0, EVENTS, Outcome::Ok);
    world.rest();
    world
}

fn found(world: &World, bus: Bus) -> Vec<Violation> {
    match check(&world.case, bus, &world.history, &world.plan) {
        Report::Judged(judgement) => {
            let violations = judgement.violations.into_iter();
            violations.filter(|one| one.check == Check::Refusals).collect()
        }
        Report::Broken(defects) => panic!("the history is broken: {defects:?}"),
    }
}

/// Rule and sentence of the one refusal without a cause.
fn told(world: &World, bus: Bus) -> (String, String) {
    let mut found = found(world, bus);
    assert_eq!(found.len(), 1, "{found:?}");
    let violation = found.remove(0);
    (violation.rule, violation.sentence)
}

fn refused(mut world: World, outcome: Outcome) -> World {
    world.publish(0, EVENTS, outcome);
    world
}

fn sends(mut world: World, payloads: &[usize]) -> World {
    let part = |payload_bytes: &usize| MixPart { payload_bytes: *payload_bytes, ..MixPart::bare() };
    world.case.topology.publishers[0].mix = payloads.iter().map(part).collect();
    world
}

/// The last publish waited as long as it may.
fn waited_out(mut world: World) -> World {
    let published = world.history.publishers[0].published.last_mut().expect("published");
    published.return_ns = published.call_ns + WAIT_MS * 1_000_000;
    world
}

fn befallen(mut world: World, deed: Deed, victim: Victim) -> World {
    world.operate(Operation::Fault(Fault { deed, victim }), "ok");
    world.rest();
    world
}

#[test]
fn closed_without_a_shutdown_is_told() {
    let (rule, sentence) = told(&refused(world(), Outcome::Closed), Bus::Crossbeam);
    let wanted = "p0 published p0#2 and was told Closed, though nobody had shut the bus down (C13)";
    assert_eq!((rule.as_str(), sentence.as_str()), ("C13", wanted));
}

#[test]
fn closed_after_a_shutdown_was_called_has_its_cause() {
    let mut world = world();
    world.shutdown();
    assert_eq!(found(&refused(world, Outcome::Closed), Bus::Crossbeam), []);
}

#[test]
fn too_large_below_the_limit_is_told() {
    let small = sends(refused(world(), Outcome::TooLarge), &[128, LIMIT_BYTES]);
    let (rule, sentence) = told(&small, Bus::Process);
    assert_eq!(rule, "C7");
    assert!(sentence.contains("none of its payloads is larger"), "{sentence}");
}

#[test]
fn too_large_above_the_limit_or_of_unknown_size_is_not_told() {
    for payloads in [&[LIMIT_BYTES + 1][..], &[128, LIMIT_BYTES + 1], &[]] {
        assert_eq!(found(&sends(refused(world(), Outcome::TooLarge), payloads), Bus::Process), []);
    }
    let mut limited = sends(refused(world(), Outcome::TooLarge), &[4_097]);
    limited.case.topology.bus.payload_limit_bytes = Some(4_096);
    assert_eq!(found(&limited, Bus::Process), []);
}

#[test]
fn disconnected_without_a_fault_is_told() {
    let unknown = refused(world(), Outcome::Unknown);
    let (rule, sentence) = told(&unknown, Bus::Process);
    assert_eq!(rule, "C7");
    assert!(sentence.contains("was told Disconnected, though nothing had cut it off"));
    let elsewhere = befallen(world(), Deed::Reset, Victim::Publisher(1));
    assert_eq!(found(&refused(elsewhere, Outcome::Unknown), Bus::Process).len(), 1);
}

#[test]
fn disconnected_after_a_cut_or_a_shutdown_has_its_cause() {
    for (deed, victim) in [(Deed::Reset, Victim::Publisher(0)), (Deed::Kill, Victim::Broker)] {
        let cut_off = refused(befallen(world(), deed, victim), Outcome::Unknown);
        assert_eq!(found(&cut_off, Bus::Process), []);
    }
    let mut wild = befallen(world(), Deed::Kill, Victim::Subscriber(0));
    wild.case.wild = true;
    assert_eq!(found(&refused(wild, Outcome::Unknown), Bus::Process), []);
    let mut over = world();
    over.shutdown();
    let over = refused(over, Outcome::Unknown);
    assert_eq!(found(&over, Bus::Process), []);
    assert_eq!(found(&over, Bus::Crossbeam).len(), 1);
}

#[test]
fn a_call_that_its_publishers_end_cut_short_was_refused_by_nobody() {
    let mut told = refused(world(), Outcome::Unknown);
    told.rest();
    let mut ended = befallen(told, Deed::Kill, Victim::Publisher(0));
    assert_eq!(found(&ended, Bus::Process).len(), 1, "it was told so, and killed after that");
    // What was noted before the call, as it stands when no end followed.
    let last = ended.history.publishers[0].published.last_mut().expect("published");
    last.return_ns = last.call_ns;
    assert_eq!(found(&ended, Bus::Process), []);
    ended.history.operations.pop();
    assert_eq!(found(&ended, Bus::Process).len(), 1, "nobody killed it");
}

#[test]
fn a_timeout_while_everybody_reads_is_told() {
    for bus in Bus::ALL {
        let (rule, sentence) = told(&refused(world(), Outcome::Timeout), bus);
        assert_eq!(rule, "C11");
        assert!(sentence.contains("no `block` subscriber that could hold it up was behind"));
    }
}

#[test]
fn a_timeout_while_only_who_loses_is_stopped_is_told() {
    let mut world = world();
    world.operate(Operation::StopReading(1), "ok");
    assert_eq!(found(&refused(world, Outcome::Timeout), Bus::Embedded).len(), 1);
}

#[test]
fn a_timeout_while_a_block_subscriber_is_stopped_or_paced_has_its_cause() {
    let mut stopped = world();
    stopped.operate(Operation::StopReading(0), "ok");
    assert_eq!(found(&refused(stopped.clone(), Outcome::Timeout), Bus::Embedded), []);
    stopped.rest();
    stopped.operate(Operation::ResumeReading(0), "ok");
    stopped.rest();
    assert_eq!(found(&refused(stopped, Outcome::Timeout), Bus::Embedded).len(), 1);
    let mut paced = world();
    paced.case.topology.subscribers[0].pace_per_s = Some(5.0);
    assert_eq!(found(&refused(paced, Outcome::Timeout), Bus::Embedded), []);
    let mut never_read = world();
    never_read.case.topology.subscribers[0].reading = Reading::Stopped;
    assert_eq!(found(&refused(never_read, Outcome::Timeout), Bus::Embedded), []);
}

#[test]
fn a_stopped_subscriber_it_does_not_match_holds_a_publish_up_only_where_all_queue_together() {
    let mut world = world();
    world.operate(Operation::StopReading(0), "ok");
    world.publish(0, CONTROL, Outcome::Timeout);
    assert_eq!(found(&world, Bus::Embedded).len(), 1);
    for bus in [Bus::Crossbeam, Bus::CrossbeamFaithful, Bus::Process] {
        assert_eq!(found(&world, bus), []);
    }
}

#[test]
fn a_timeout_under_a_fault_has_its_cause_until_it_is_undone() {
    let frozen = befallen(world(), Deed::Freeze, Victim::Subscriber(0));
    assert_eq!(found(&refused(frozen.clone(), Outcome::Timeout), Bus::Process), []);
    let thawed = befallen(frozen, Deed::Thaw, Victim::Subscriber(0));
    assert_eq!(found(&refused(thawed, Outcome::Timeout), Bus::Process).len(), 1);
    let elsewhere = befallen(world(), Deed::Stall, Victim::Publisher(1));
    assert_eq!(found(&refused(elsewhere, Outcome::Timeout), Bus::Process).len(), 1);
}

#[test]
fn a_timeout_after_the_whole_limit_is_not_told_where_a_slow_host_may_be_the_cause() {
    let waited = waited_out(refused(world(), Outcome::Timeout));
    assert_eq!(found(&waited, Bus::Process), []);
    assert_eq!(found(&waited, Bus::Crossbeam).len(), 1);
    let mut behind = waited;
    let called_ns = behind.history.publishers[0].published[1].call_ns;
    let arrival = behind.history.subscribers[0].received.last_mut().expect("an arrival");
    arrival.receive_ns = called_ns + 1;
    assert_eq!(found(&behind, Bus::Crossbeam), []);
}
