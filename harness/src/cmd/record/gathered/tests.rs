//! What is taken of events, what is not, and what becomes of a recording that is full.

use bytestring::ByteString;
use daemoneye_eventbus::contract::{EventId, SubscriptionStatistics};
use daemoneye_eventbus::{
    CollectionEvent, EventHeader, EventKind, OverflowPolicy, Priority, ProcessEvent, Topic,
};

use super::*;
use crate::scenario::{MAX_RECORDED_EVENTS, MAX_RECORDED_SORTS};

/// What nobody may find in a recording.
const SECRET: &str = "hunter2";

fn secret() -> ByteString {
    ByteString::from(SECRET)
}

/// An event that has the secret wherever it can have text, and a number that is one.
fn event(publisher: &str, published_monotonic_ns: u64) -> BusEvent {
    let id = EventId { publisher: publisher.into(), incarnation: 1, sequence: 1 };
    let header = EventHeader {
        source: secret(),
        priority: Some(Priority::High),
        metadata: vec![(secret(), secret())],
        ..EventHeader::default()
    };
    let process = ProcessEvent {
        pid: 271_828,
        ppid: Some(271_828),
        name: secret(),
        executable_path: Some(secret()),
        arguments: vec![secret(); 4],
        user_id: Some(secret()),
        user_name: Some(secret()),
        executable_sha256: Some(secret()),
        header,
        ..ProcessEvent::default()
    };
    let mut correlation = CorrelationMetadata::root(secret());
    correlation.parent = Some(secret().into());
    correlation.trace = Some(secret());
    correlation.stage = Some(secret());
    correlation.tags = vec![(secret(), secret())];
    let topic = Topic::new("events.process.lifecycle").expect("a topic");
    let event = CollectionEvent::Process(process);
    BusEvent { id, topic, published_monotonic_ns, correlation, event }
}

fn gathered(wanted: Option<u64>) -> Gathered {
    Gathered::new(&["events.#".to_owned()], wanted)
}

fn row(id: &str, filters: &str) -> SubscriptionInspection {
    let subscriber_id = id.to_owned();
    SubscriptionInspection {
        counters: SubscriptionStatistics { subscriber_id, ..Default::default() },
        topic_patterns: vec!["events.process.#".to_owned()],
        filters: filters.to_owned(),
        capacity: 16,
        policy: OverflowPolicy::Block,
        ..Default::default()
    }
}

#[test]
fn nothing_that_an_event_says_is_in_the_file() {
    let mut gathered = gathered(None);
    assert!(gathered.take(&event("procmond", monotonic_ns())));
    gathered.subscriptions(Some(vec![row("agent", &format!("metadata {SECRET}={SECRET}"))]));
    let bytes = wire::payload_bytes(&event("procmond", 0).event);
    let (recording, renamed) = gathered.finished();
    let text = recording.text();
    assert!(!text.contains(SECRET) && !text.contains("271828"), "{text}");
    let line = format!(
        r#""topic":"events.process.lifecycle","kind":"process","bytes":{bytes},"priority":"high","correlated":true"#
    );
    assert!(text.contains(&line), "{text}");
    assert!(recording.subscribers[0].filtered);
    assert_eq!(renamed, []);
    assert!(Recording::parse("x.jsonl", &text).is_ok());
}

#[test]
fn a_moment_is_when_it_was_published_and_not_beyond_the_recording() {
    let mut gathered = gathered(None);
    let began_ns = gathered.began_ns;
    for published_ns in [began_ns + 7, 0, u64::MAX] {
        assert!(gathered.take(&event("procmond", published_ns)));
    }
    let now_ns = monotonic_ns();
    let events = gathered.recording.events();
    assert_eq!((events[0].at_ns, events[1].at_ns), (began_ns + 7, began_ns));
    assert!(events[2].at_ns <= now_ns);
}

#[test]
fn a_correlation_the_bus_made_is_none_of_the_publisher() {
    let mut gathered = gathered(None);
    let mut fresh = event("procmond", 0);
    fresh.correlation = CorrelationMetadata::derived(&fresh.id);
    gathered.take(&fresh);
    assert!(!gathered.recording.events()[0].correlated);
}

#[test]
fn it_ends_itself_after_the_events_asked_for() {
    let mut gathered = gathered(Some(2));
    assert!(gathered.take(&event("procmond", 0)) && !gathered.is_full());
    assert!(!gathered.take(&event("procmond", 0)) && gathered.is_full());
    assert!(!gathered.take(&event("procmond", 0)));
    assert_eq!(gathered.recording.events().len(), 2);
    assert_eq!(gathered.recording.about.ended, Ended::Events);
}

#[test]
fn publishers_end_where_a_recording_has_no_more() {
    let mut gathered = gathered(None);
    for number in 0..MAX_RECORDED_ROLES {
        assert!(gathered.take(&event(&format!("p{number}"), 0)));
    }
    assert!(!gathered.take(&event("one-more", 0)));
    assert_eq!(gathered.recording.about.ended, Ended::Publishers);
    assert_eq!(gathered.recording.publishers.len(), MAX_RECORDED_ROLES);
}

/// What is written of it, read again.
fn written(gathered: Gathered) -> Recording {
    let text = gathered.finished().0.text();
    Recording::parse("x.jsonl", &text).unwrap_or_else(|wrong| panic!("{wrong}"))
}

#[test]
fn a_publisher_whose_first_event_is_one_too_many_is_left_out() {
    let mut gathered = gathered(None);
    let full = event("procmond", 0);
    while gathered.recording.events().len() < MAX_RECORDED_EVENTS {
        assert!(gathered.take(&full));
    }
    assert!(!gathered.take(&event("late", 0)));
    let read = written(gathered);
    assert_eq!((read.publishers.len(), read.about.ended), (1, Ended::Events));
    assert_eq!(read.events().len(), MAX_RECORDED_EVENTS);
}

/// A small event on a topic of this number.
fn small(publisher: &str, number: usize) -> BusEvent {
    let topic = Topic::new(format!("events.t{number}")).expect("a topic");
    let event_of_it = CollectionEvent::Process(ProcessEvent::default());
    BusEvent { topic, event: event_of_it, ..event(publisher, 0) }
}

#[test]
fn a_publisher_whose_first_event_is_of_one_sort_too_many_is_left_out() {
    let mut gathered = gathered(None);
    for number in 0..MAX_RECORDED_SORTS {
        assert!(gathered.take(&small("procmond", number)));
    }
    assert!(!gathered.take(&small("late", MAX_RECORDED_SORTS)));
    let read = written(gathered);
    assert_eq!((&*read.publishers, read.about.ended), (&["procmond".into()][..], Ended::Sorts));
    assert_eq!(read.events().len(), MAX_RECORDED_SORTS);
    assert_eq!(read.about.enlarged, MAX_RECORDED_SORTS as u64);
}

#[test]
fn who_publishes_an_event_is_no_part_of_its_payload() {
    for kind in [
        EventKind::Process,
        EventKind::Network,
        EventKind::Filesystem,
        EventKind::Performance,
        EventKind::TriggerRequest,
        EventKind::Audit,
        EventKind::Control,
    ] {
        let sort = RecordedSort { topic: "events.t".into(), kind, bytes: 0, priority: None };
        let least = |name| least_payload(name, &part(&sort), &wire::payload_bytes);
        assert_eq!(least(""), least("a-publisher-of-some-length"), "{kind:?}");
    }
}

#[test]
fn what_cannot_be_made_so_small_is_larger_and_counted() {
    let mut gathered = gathered(None);
    let mut small = event("a-publisher-of-some-length", 0);
    small.event = CollectionEvent::Process(ProcessEvent::default());
    let bytes = wire::payload_bytes(&small.event);
    gathered.take(&small);
    gathered.take(&event("a-publisher-of-some-length", 0));
    let (recording, _) = gathered.finished();
    assert_eq!(recording.about.enlarged, 1);
    let sizes: Vec<usize> = recording.sorts().iter().map(|sort| sort.bytes).collect();
    assert!(sizes.iter().all(|size| *size > bytes), "{sizes:?} and {bytes}");
}

#[test]
fn subscriptions_that_come_later_are_there_too_and_once() {
    let mut gathered = gathered(None);
    gathered.subscriptions(None);
    assert!(!gathered.recording.about.inspected);
    gathered.subscriptions(Some(vec![row("b", "")]));
    gathered.subscriptions(Some(vec![row("a", ""), row("b", "")]));
    let names: Vec<&str> =
        gathered.recording.subscribers.iter().map(|row| row.subscriber.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(gathered.recording.about.inspected);
}
