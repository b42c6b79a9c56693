//! Events have their size and content, whatever their number.

use daemoneye_eventbus::wire::payload_bytes;
use daemoneye_eventbus::{EventKind, Priority};
use proptest::prelude::*;

use super::*;
use crate::plan::{FENCE, PublisherSpec, Replay};

fn part(kind: EventKind, payload_bytes: usize, weight: u32) -> MixPart {
    MixPart {
        kind,
        weight,
        payload_bytes,
        priority: Some(Priority::High),
        metadata: vec![("zone".into(), "a".into())],
        ..MixPart::bare()
    }
}

fn case(mix: Vec<MixPart>, correlate: Correlate) -> Case {
    let publisher = PublisherSpec { mix, correlate, ..PublisherSpec::bare("procmond") };
    Case { seed: 42, ..Case::bare("tests/workload", vec![publisher], Vec::new()) }
}

fn kind() -> impl Strategy<Value = EventKind> {
    (0..EventKind::ALL.len()).prop_map(|index| EventKind::ALL[index])
}

proptest! {
    #[test]
    fn every_event_has_exactly_its_size_whatever_its_number(
        kind in kind(),
        bytes in 120_usize..20_000,
        sequence in prop_oneof![1..100_000_u64, 1..=u64::MAX],
        fence in any::<bool>(),
    ) {
        let sequence = if fence { sequence | FENCE } else { sequence };
        let case = case(vec![part(kind, bytes, 1)], Correlate::Fresh);
        let workload = Workload::new(&case, 0, &payload_bytes).expect("sizes from 120 bytes exist");
        let mut event = workload.event(sequence).event;
        event.header_mut().observed_monotonic_ns = u64::MAX - sequence;
        event.header_mut().observed_unix_ns = u64::MAX;
        prop_assert_eq!(payload_bytes(&event), bytes);
        prop_assert_eq!(event.kind(), kind);
        prop_assert_eq!(event.header().source_sequence, sequence);
    }
}

#[test]
fn the_payload_limit_is_met_to_the_byte_from_both_sides() {
    for bytes in [1 << 20, (1 << 20) + 1] {
        let case = case(vec![part(EventKind::Process, bytes, 1)], Correlate::Fresh);
        let workload = Workload::new(&case, 0, &payload_bytes).expect("large events can be padded");
        assert_eq!(payload_bytes(&workload.event(3).event), bytes);
    }
}

#[test]
fn a_typical_process_event_has_every_field_and_about_200_bytes() {
    let mut typical = part(EventKind::Process, 200, 1);
    typical.metadata.clear();
    let workload = Workload::new(&case(vec![typical], Correlate::Fresh), 0, &payload_bytes);
    let CollectionEvent::Process(event) = workload.expect("200 bytes are enough").event(7).event
    else {
        panic!("a process event was asked for")
    };
    assert_eq!(event.arguments.len(), 3);
    assert_eq!(event.executable_sha256.expect("full detail").len(), 64);
    assert_eq!(event.header.source, "procmond");
}

#[test]
fn a_size_below_the_smallest_event_is_refused_with_that_size() {
    let case = case(vec![part(EventKind::Process, 5, 1)], Correlate::Fresh);
    let refused = Workload::new(&case, 0, &payload_bytes).expect_err("five bytes hold no event");
    let WorkloadError::TooSmall { bytes, smallest_bytes, .. } = refused else {
        panic!("{refused}")
    };
    assert!(bytes == 5 && smallest_bytes > 5, "{smallest_bytes}");
}

#[test]
fn the_same_number_gives_the_same_event() {
    let case = case(vec![part(EventKind::Network, 300, 1)], Correlate::Numbered);
    let make = || Workload::new(&case, 0, &payload_bytes).expect("valid").event(9);
    assert_eq!(make(), make());
}

#[test]
fn parts_are_interleaved_by_weight_in_every_cycle() {
    let mix = vec![part(EventKind::Process, 300, 3), part(EventKind::Audit, 300, 1)];
    let workload = Workload::new(&case(mix, Correlate::Fresh), 0, &payload_bytes).expect("valid");
    let audits_in = |cycle: u64| {
        let numbers = cycle * 4 + 1..=cycle * 4 + 4;
        numbers.filter(|n| workload.event(*n).event.kind() == EventKind::Audit).count()
    };
    assert!((0..50).all(|cycle| audits_in(cycle) == 1));
}

#[test]
fn a_numbered_correlation_tells_the_number_in_every_part() {
    let case = case(vec![part(EventKind::Process, 300, 1)], Correlate::Numbered);
    let workload = Workload::new(&case, 0, &payload_bytes).expect("valid");
    let correlation = workload.event(7).correlation.expect("numbered");
    assert!(correlation.id.is("procmond-7"));
    assert_eq!(correlation.stage.as_deref(), Some("stage-1"));
    assert_eq!(correlation.sequence, 7);
    assert!(correlation.tags.contains(&("parity".into(), "odd".into())));
}

#[test]
fn the_records_of_a_table_are_full_and_their_own() {
    let records = table("procmond", 3);
    let pids: Vec<_> = records
        .iter()
        .map(|record| match record {
            CollectionEvent::Process(process) => {
                assert!(process.executable_path.is_some() && !process.arguments.is_empty());
                process.pid
            }
            other => panic!("{other:?} is no process record"),
        })
        .collect();
    assert_eq!(pids, [100_001, 100_002, 100_003]);
    assert!(table("procmond", 0).is_empty());
}

#[test]
fn a_part_rotates_over_its_topics_one_each_cycle_and_all_are_as_long() {
    let rotating = MixPart { topics: Some(3), ..part(EventKind::Process, 300, 2) };
    let plain = MixPart { topic: Some("events.audit.x".to_owned()), ..MixPart::bare() };
    let case = case(vec![rotating.clone(), plain], Correlate::Fresh);
    let workload = Workload::new(&case, 0, &payload_bytes).expect("valid");
    let of_cycle = |cycle: u64| -> Vec<String> {
        let events = (cycle * 3 + 1..=cycle * 3 + 3).map(|number| workload.event(number).topic);
        let mut topics: Vec<String> =
            events.map(|topic| topic.expect("both name one").as_str().to_owned()).collect();
        topics.sort();
        topics
    };
    let named = |number: usize| {
        let own = format!("events.process.lifecycle.t000{number}");
        vec!["events.audit.x".to_owned(), own.clone(), own]
    };
    assert_eq!([0, 1, 2, 3].map(of_cycle), [0, 1, 2, 0].map(named));
    assert_eq!(topic_of(&rotating).expect("a topic").as_str(), "events.process.lifecycle.t0000");
    assert_eq!(topics(&rotating).map(|all| all.len()), Ok(3));
    assert_eq!(topics(&MixPart::bare()), Ok(Vec::new()), "the default one is not named");
}

#[test]
fn the_least_payload_is_one_that_can_be_made() {
    let small = part(EventKind::Process, 5, 1);
    let least = least_payload("procmond", &small, &payload_bytes).expect("there is one");
    assert!(least > 5);
    let of = |bytes| case(vec![part(EventKind::Process, bytes, 1)], Correlate::Fresh);
    let workload = Workload::new(&of(least), 0, &payload_bytes).expect("it can be made");
    assert_eq!(payload_bytes(&workload.event(1).event), least);
    assert!(Workload::new(&of(least - 1), 0, &payload_bytes).is_err(), "{least} is the least");
    let usual = part(EventKind::Process, 200, 1);
    assert_eq!(least_payload("procmond", &usual, &payload_bytes), Ok(200));
}

#[test]
fn a_replay_keeps_the_order_it_was_recorded_in() {
    let mut case = case(
        vec![part(EventKind::Process, 200, 3), part(EventKind::Network, 300, 1)],
        Correlate::Fresh,
    );
    let replay =
        Replay { file: "x.jsonl".to_owned(), order: vec![0, 1, 0, 0], moments_ns: vec![0; 4] };
    case.topology.publishers[0].replay = Some(replay);
    let workload = Workload::new(&case, 0, &payload_bytes).expect("valid");
    let kinds: Vec<EventKind> = (1..=6).map(|number| workload.event(number).event.kind()).collect();
    let (process, network) = (EventKind::Process, EventKind::Network);
    assert_eq!(kinds, [process, network, process, process, process, network]);
}

#[test]
fn a_topic_is_told_without_making_its_event() {
    let mut named = part(EventKind::Process, 200, 1);
    named.topic = Some("events.process.x".to_owned());
    let case = case(vec![part(EventKind::Network, 300, 1), named], Correlate::Fresh);
    let workload = Workload::new(&case, 0, &payload_bytes).expect("valid");
    for number in 1..=4 {
        let PlannedEvent { topic, event, .. } = workload.event(number);
        let topic = topic.unwrap_or_else(|| default_topic(&event));
        assert_eq!(*workload.topic(number), topic);
    }
}
