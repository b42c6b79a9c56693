//! A record of two children, as it is on a bus that keeps its promises, and doctored ones.

mod things;

use daemoneye_eventbus::event::{ProcessChange, ProcessEvent};
use daemoneye_eventbus::{
    BusEvent, CollectionEvent, CorrelationMetadata, EventHeader, EventId, EventSubscription, Topic,
};

use super::*;
use crate::check::Verdict;
use crate::plan::{Expectation, Expected, SubscriberSpec, TrialKind, claims};
use crate::record::{Parent, Thing, WatchedChild};

pub(super) const SECOND: u64 = 1_000_000_000;
const PATH: &str = "/bin/equivalence";
/// What the recorder subscribed.
const TOPIC: &str = "events.process.lifecycle";

fn case() -> Case {
    let subscription = EventSubscription::new("recorder").with_pattern(TOPIC);
    let mut expected = Expected::default();
    expected.received.insert("recorder".to_owned(), (4, 10));
    Case {
        claims: claims::judged(TrialKind::Host).to_vec(),
        kind: TrialKind::Host,
        expect: Expectation { always: expected, ..Expectation::default() },
        ..Case::bare("host/doctored", Vec::new(), vec![SubscriberSpec::bare(subscription)])
    }
}

pub(super) fn child(index: u64) -> WatchedChild {
    let at = (100 + 10 * index) * SECOND;
    WatchedChild {
        pid: 500 + u32::try_from(index).expect("small"),
        name: "eq-child".to_owned(),
        executable_path: PATH.to_owned(),
        arguments: vec![PATH.to_owned(), "child".to_owned(), format!("eq-x-{index}")],
        started_unix_ns: (at, at + 1000),
        executed_monotonic_ns: at + 1000,
        executable_sha256: None,
    }
}

fn header(source: &'static str, number: u64) -> EventHeader {
    EventHeader { source: source.into(), source_sequence: number, ..EventHeader::default() }
}

/// An event as it was recorded, on the topic that was subscribed.
fn recorded(event: CollectionEvent) -> BusEvent {
    let EventHeader { source, source_sequence, .. } = event.header().clone();
    BusEvent {
        id: EventId { publisher: source, incarnation: 1, sequence: source_sequence },
        topic: Topic::new(TOPIC).expect("a topic"),
        published_monotonic_ns: 0,
        correlation: CorrelationMetadata::root("c"),
        event,
    }
}

pub(super) fn seen(change: ProcessChange, child: &WatchedChild, number: u64) -> BusEvent {
    let observed_monotonic_ns = child.executed_monotonic_ns + SECOND;
    recorded(CollectionEvent::Process(ProcessEvent {
        header: EventHeader { observed_monotonic_ns, ..header("procmond", number) },
        change,
        pid: child.pid,
        ppid: Some(77),
        name: child.name.as_str().into(),
        executable_path: Some(child.executable_path.as_str().into()),
        arguments: child.arguments.iter().map(|text| text.as_str().into()).collect(),
        start_time_unix_ns: Some(child.started_unix_ns.0),
        accessible: true,
        ..ProcessEvent::default()
    }))
}

/// Two children seen starting and exiting, with numbers missing between: other topics have them.
fn right() -> Sightings {
    let children = [child(0), child(1)];
    let record = vec![
        seen(ProcessChange::Started, &children[0], 11),
        seen(ProcessChange::Started, &children[1], 12),
        seen(ProcessChange::Exited, &children[0], 15),
        seen(ProcessChange::Exited, &children[1], 16),
    ];
    let parent = Parent { pid: 77, arguments: vec!["equivalence".to_owned(), "run".to_owned()] };
    let things = children.map(Thing::Child).to_vec();
    Sightings { record, things, parent, end: AgentEnd::InOrder }
}

fn judged(sightings: &Sightings) -> Report {
    check_sightings(&case(), Bus::Process, sightings)
}

/// What is told of a record that was right before it was doctored.
fn told(doctor: impl FnOnce(&mut Sightings)) -> Vec<String> {
    let mut sightings = right();
    doctor(&mut sightings);
    told_of(&sightings)
}

fn told_of(sightings: &Sightings) -> Vec<String> {
    match judged(sightings) {
        Report::Judged(judgement) => {
            judgement.violations.into_iter().map(|violation| violation.sentence).collect()
        }
        Report::Broken(why) => why,
    }
}

fn process(sightings: &mut Sightings, at: usize) -> &mut ProcessEvent {
    let CollectionEvent::Process(process) = &mut sightings.record[at].event else {
        panic!("every event of these records is about a process");
    };
    process
}

#[test]
fn a_right_record_passes_and_exercises_every_claim() {
    let report = judged(&right());
    assert_eq!(report.verdict(), Verdict::Pass, "{report:?}");
    assert_eq!(report.unexercised(), []);
}

#[test]
fn a_child_never_seen_exiting_breaks_c1() {
    let told = told(|sightings| drop(sightings.record.pop()));
    assert_eq!(
        told,
        [
            "child 1 (process 501) was never seen exiting (C1)",
            "recorder: 3 events received, expected 4 to 10 (expect)"
        ]
    );
}

#[test]
fn a_second_sighting_breaks_c3_even_under_another_number() {
    let again = |number| {
        told(move |sightings| {
            let again = seen(ProcessChange::Exited, &child(1), number);
            sightings.record.push(again);
        })
    };
    let twice = "child 1 (process 501) was seen exiting 2 times, not once (C3)";
    assert_eq!(again(17), [twice]);
    assert_eq!(again(16), [twice, "event 16 of procmond was received again (C3)"]);
}

#[test]
fn swapped_numbers_break_c4() {
    let told = told(|sightings| sightings.record.swap(0, 1));
    assert_eq!(told, ["event 11 of procmond was received after its event 12 (C4)"]);
}

#[test]
fn an_exit_before_its_own_start_breaks_c4_whatever_the_numbers() {
    let told = told(|sightings| {
        process(sightings, 0).change = ProcessChange::Exited;
        process(sightings, 2).change = ProcessChange::Started;
    });
    assert_eq!(told, ["process 500 was seen exiting before it was seen starting (C4)"]);
}

#[test]
fn each_field_the_harness_knows_is_held_to_c6() {
    let told = told(|sightings| {
        let process = process(sightings, 2);
        process.pid = 600;
        process.ppid = None;
        process.start_time_unix_ns = Some(50 * SECOND);
        process.name = "eq".into();
        process.executable_path = None;
    });
    assert_eq!(
        told,
        [
            "child 0 (process 500) was seen with process id 600, not 500 (C6)",
            "child 0 (process 500) was seen with parent None, not 77 (C6)",
            "child 0 (process 500) was seen with start time Some(50000000000), \
             but was started from 100000000000 to 100000001000 (C6)",
            "child 0 (process 500) was seen with name \"eq\", not \"eq-child\" (C6)",
            "child 0 (process 500) was seen with executable None, not \"/bin/equivalence\" (C6)",
        ]
    );
}

#[test]
fn joined_arguments_break_c6() {
    let told = told(|sightings| {
        let process = process(sightings, 1);
        process.arguments = vec![process.arguments.join(" ").into()];
    });
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("was seen with arguments [\"/bin/equivalence child eq-x-1\"]"));
}

#[test]
fn the_harness_image_is_accepted_only_from_a_scan_before_the_exec_was_over() {
    let doctored = |observed: u64| {
        told(move |sightings| {
            let process = process(sightings, 0);
            process.name = "harness".into();
            process.arguments = vec!["equivalence".into(), "run".into()];
            process.header.observed_monotonic_ns = observed;
        })
    };
    let executed = child(0).executed_monotonic_ns;
    assert_eq!(doctored(executed), Vec::<String>::new());
    assert_eq!(doctored(executed + 1).len(), 2);
}

#[test]
fn lost_arguments_of_an_exit_are_not_excused_by_a_right_start() {
    let told = told(|sightings| process(sightings, 3).arguments.clear());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("was seen with arguments []"), "{told:?}");
}

#[test]
fn a_foreign_topic_breaks_m1() {
    let told = told(|sightings| {
        sightings.record[0].topic = Topic::new("events.process.tree").expect("a topic");
    });
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    assert_eq!(
        told,
        ["recorder received an event on events.process.tree, which it did not subscribe (M1)"]
    );
}

#[test]
fn an_agent_that_fails_or_hangs_at_its_end_breaks_c13() {
    let failed = told(|sightings| {
        let last_words = "error: the bus did not close".to_owned();
        sightings.end = AgentEnd::Failed { how: "exit status: 1".to_owned(), last_words };
    });
    assert_eq!(
        failed,
        ["the agent, asked to end, ended with exit status: 1; \
          its last words: error: the bus did not close (C13)"]
    );
    let waited = std::time::Duration::from_secs(20);
    let killed = told(|sightings| sightings.end = AgentEnd::Killed { waited });
    assert_eq!(killed, ["the agent, asked to end, had not ended 20s later and was killed (C13)"]);
}

#[test]
fn an_id_that_was_used_again_is_two_children() {
    let told = told(|sightings| {
        // Both have one id, and their marks are lost: their starts alone tell them apart.
        sightings.things[1] = Thing::Child(WatchedChild { pid: 500, ..child(1) });
        for at in 0..4 {
            process(sightings, at).pid = 500;
            process(sightings, at).arguments.clear();
        }
    });
    assert!(told.iter().all(|sentence| sentence.contains("arguments [], not")), "{told:?}");
    assert_eq!(told.len(), 4);
}

#[test]
fn a_stranger_with_the_id_of_a_child_is_nobody_s_child() {
    let told = told(|sightings| {
        let mut stranger = child(1);
        stranger.started_unix_ns = (9 * SECOND, 9 * SECOND);
        stranger.arguments = vec!["sh".to_owned()];
        sightings.record.push(seen(ProcessChange::Exited, &stranger, 17));
    });
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn a_claim_that_nothing_exercised_is_told() {
    let nobody = Sightings { record: Vec::new(), things: Vec::new(), ..right() };
    let report = judged(&nobody);
    let idle: Vec<&str> = report.unexercised().iter().map(|idle| idle.claim.as_str()).collect();
    assert_eq!(idle, ["C1", "C3", "C4", "C6", "M1"]);
}
