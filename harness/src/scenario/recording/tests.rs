//! The format: round trips, every malformed line, limits.

use std::time::Duration;

use daemoneye_eventbus::contract::{BreakerConfig, MAX_PATTERNS, MAX_SUBSCRIBER_ID_BYTES};
use daemoneye_eventbus::topic::{MAX_LEVEL_BYTES, MAX_TOPIC_BYTES};
use proptest::prelude::*;

use super::*;

const PATH: &str = "recorded/x.jsonl";

fn about() -> About {
    About { seconds: 1.5, ..About::sample() }
}

fn sort(bytes: usize, priority: Option<Priority>) -> RecordedSort {
    let topic = "events.process.lifecycle".to_owned();
    RecordedSort { topic, kind: EventKind::Process, bytes, priority }
}

fn recording() -> Recording {
    let mut recording = Recording::new(about());
    recording.publishers = vec!["procmond".to_owned(), "netmond".to_owned()];
    recording.subscribers = vec![RecordedSubscription {
        subscriber: "agent".to_owned(),
        patterns: vec!["events.process.#".to_owned()],
        filtered: true,
        policy: OverflowPolicy::DropOldest,
        capacity: 16,
    }];
    recording.push(0, 0, sort(201, None), false).expect("room");
    recording.push(7, 1, sort(300, Some(Priority::High)), true).expect("room");
    recording.push(7, 0, sort(201, None), false).expect("room");
    recording
}

/// The lines of the recording with one in the place of another.
fn with_line(number: usize, line: &str) -> String {
    let text = recording().text();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[number - 1] = line;
    lines.join("\n") + "\n"
}

fn refused(text: &str) -> String {
    Recording::parse(PATH, text).expect_err("it is wrong").to_string()
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let text = recording().text();
    assert_eq!(text.lines().count(), 1 + 2 + 1 + 3);
    assert_eq!(Recording::parse(PATH, &text), Ok(recording()));
    assert_eq!(recording().sorts().len(), 2, "equal events are of one sort");
    assert_eq!(recording().topics(), BTreeMap::from([("events.process.lifecycle", 3)]));
    assert_eq!(recording().span_ns(), 7);
    assert!(recording().is_complete());
}

#[test]
fn a_settled_recording_begins_with_its_first_event() {
    let mut late = Recording::new(about());
    late.publishers = recording().publishers;
    late.push(107, 1, sort(300, None), false).expect("room");
    late.push(100, 0, sort(201, None), false).expect("room");
    late.push(107, 0, sort(201, None), false).expect("room");
    let settled = late.settled();
    let events: Vec<_> =
        settled.events().iter().map(|event| (event.at_ns, event.publisher)).collect();
    assert_eq!(events, [(0, 0), (7, 1), (7, 0)]);
    assert!(Recording::parse(PATH, &settled.text()).is_ok());
}

#[test]
fn a_subscription_is_reached_where_one_pattern_matches_one_topic() {
    let mut recording = recording();
    let row = recording.subscribers.remove(0);
    for (subscriber, patterns) in [
        ("either", &["control.#", "events.+.lifecycle"][..]),
        ("neither", &["control.#", "events.process"]),
        ("nothing", &[]),
        ("both", &["#", "events.#"]),
    ] {
        let patterns = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let subscriber = subscriber.to_owned();
        recording.subscribers.push(RecordedSubscription { subscriber, patterns, ..row.clone() });
    }
    let (there, elsewhere) = recording.reached();
    let names = |rows: Vec<&RecordedSubscription>| {
        rows.into_iter().map(|row| row.subscriber.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(there), ["either", "both"]);
    assert_eq!(names(elsewhere), ["neither", "nothing"]);
}

#[test]
fn line_ends_of_another_system_are_read_too() {
    let text = recording().text().replace('\n', "\r\n");
    assert_eq!(Recording::parse(PATH, &text), Ok(recording()));
}

#[test]
fn losses_and_an_early_end_leave_it_incomplete() {
    let mut lossy = recording();
    lossy.about.lost = 1;
    assert!(!lossy.is_complete());
    let mut cut = recording();
    cut.about.ended = Ended::Broker;
    assert!(!cut.is_complete());
}

#[test]
fn what_a_recording_has_and_lacks_is_said() {
    let mut recording = recording();
    assert_eq!(recording.extent(), "3 events of 2 publishers on 1 topic");
    assert_eq!(recording.lacks(), Vec::<String>::new());
    recording.about = About { lost: 3, enlarged: 2, inspected: false, ..about() };
    for (ended, why) in [
        (Ended::Broker, Some("INCOMPLETE: the broker ended first")),
        (Ended::Sorts, Some("It ended at the most sorts")),
        (Ended::Publishers, Some("It ended at the most publishers")),
        (Ended::Time, None),
    ] {
        recording.about.ended = ended;
        let told = recording.lacks().join(" ");
        let parts =
            ["missed 3 events", "larger than it was in 2 events", "did not tell who subscribed"];
        for part in parts.into_iter().chain(why) {
            assert!(told.contains(part), "{told} has no {part:?}");
        }
    }
}

#[test]
fn every_malformed_line_is_refused_with_its_number() {
    const EVENT: &str =
        r#"{"at_ns":7,"publisher":0,"topic":"events.process","kind":"process","bytes":9}"#;
    assert!(Recording::parse(PATH, &with_line(7, EVENT)).is_ok(), "the pattern of what follows");
    let head = |from: &str, to: &str| {
        let text = recording().text();
        let first = text.lines().next().expect("a first line");
        assert!(first.contains(from), "{first}");
        first.replacen(from, to, 1)
    };
    let event = |from: &str, to: &str| {
        assert!(EVENT.contains(from));
        EVENT.replacen(from, to, 1)
    };
    for (number, line, why) in [
        (1, "no JSON".to_owned(), "expected its first line"),
        (1, head("equivalence-recording", "eventbus-tap"), "is this a recording?"),
        (1, head(r#""version":1"#, r#""version":2"#), "version 2, expected 1"),
        (1, head(r#""events":3"#, r#""events":0"#), "0 events, expected 1 to 100000"),
        (1, head(r#""publishers":2"#, r#""publishers":1001"#), "at most 1000 each"),
        (1, head("events.#", "events.*"), "pattern \"events.*\""),
        (1, head("seconds", "minutes"), "unknown field `minutes`"),
        (2, r#"{"publisher":"Proc Mond"}"#.to_owned(), "expected a-z, 0-9"),
        (3, r#"{"publisher":"procmond"}"#.to_owned(), "names are unique"),
        (3, r#"{"subscriber":"x"}"#.to_owned(), "expected a publisher: unknown field"),
        (4, r#"{"publisher":"x"}"#.to_owned(), "expected a subscription: unknown field"),
        (5, event(r#""at_ns":7"#, r#""at_ns":8"#), "counted from the first event"),
        (7, event(r#""at_ns":7"#, r#""at_ns":6"#), "the event before it has 7"),
        (7, event(r#""at_ns":7"#, r#""at_ns":600000000001"#), "spans at most 600000000000"),
        (7, event(r#""at_ns":7"#, r#""at_ns":-7"#), "expected an event: invalid value"),
        (7, event(r#""publisher":0"#, r#""publisher":2"#), "there are 2, counted from 0"),
        (7, event("events.process", "events..process"), "topic \"events..process\""),
        (7, event(r#""kind":"process""#, r#""kind":"proces""#), "unknown variant `proces`"),
        (7, event(r#""bytes":9"#, r#""bytes":16777217"#), "at most 16777216"),
        (7, event(r#""bytes":9"#, r#""bytes":9,"payload":"x""#), "unknown field `payload`"),
        (
            7,
            event(r#""bytes":9"#, &format!(r#""bytes":{}9"#, " ".repeat(MAX_LINE_BYTES))),
            "a line has at most",
        ),
    ] {
        let told = refused(&with_line(number, &line));
        let place = format!("{PATH}:{number}: ");
        assert!(told.starts_with(&place) && told.contains(why), "{told} has no {why:?}");
    }
}

#[test]
fn a_file_that_was_cut_or_has_more_is_refused_where_that_shows() {
    let text = recording().text();
    let last = text.trim_end().rfind('\n').expect("several lines") + 1;
    let told = refused(&text[..last]);
    assert!(told.starts_with("recorded/x.jsonl:7: the file ends here"), "{told}");
    let told = refused(text.trim_end());
    assert!(told.starts_with("recorded/x.jsonl:7: the line is cut off"), "{told}");
    let told = refused(&format!("{text}{{}}\n"));
    assert!(told.starts_with("recorded/x.jsonl:8: there is more than the 3 events"), "{told}");
    let told = refused("");
    assert!(told.starts_with("recorded/x.jsonl:1: the file ends here"), "{told}");
}

#[test]
fn a_publisher_without_events_is_refused_at_its_line() {
    let mut recording = recording();
    recording.publishers.push("idle".to_owned());
    let told = refused(&recording.text());
    assert!(told.starts_with("recorded/x.jsonl:4: publisher \"idle\" has no event"), "{told}");
}

#[test]
fn a_settled_recording_has_the_publishers_that_have_events_in_their_order() {
    let mut late = Recording::new(about());
    late.publishers = ["idle", "second", "silent", "first"].map(str::to_owned).to_vec();
    late.push(9, 1, sort(201, None), false).expect("room");
    late.push(5, 3, sort(201, None), false).expect("room");
    late.push(7, 1, sort(201, None), false).expect("room");
    let settled = late.settled();
    assert_eq!(settled.publishers, ["first", "second"]);
    let events = settled.events().iter().map(|event| (event.at_ns, event.publisher));
    assert_eq!(events.collect::<Vec<_>>(), [(0, 0), (2, 1), (4, 1)]);
    assert_eq!(Recording::parse(PATH, &settled.text()), Ok(settled));
}

/// A topic of so many bytes.
fn long(begin: &str, bytes: usize) -> String {
    let mut text = begin.to_owned();
    while text.len() < bytes {
        let is_full = text.len() - text.rfind('.').map_or(0, |dot| dot + 1) == MAX_LEVEL_BYTES;
        text.push(if is_full { '.' } else { 'x' });
    }
    text
}

#[test]
fn a_recording_at_all_its_limits_can_be_read() {
    /// Bytes of the patterns that a broker tells of one subscription, and what a name may get for being
    /// taken.
    const PATTERN_BYTES: usize = 4096;
    const SUFFIX_BYTES: usize = "-1000".len();
    let mut recording = Recording::new(About {
        patterns: vec![long("events.", MAX_TOPIC_BYTES); MAX_PATTERNS],
        seconds: 0.1 + 0.2,
        ended: Ended::Publishers,
        lost: u64::MAX,
        enlarged: u64::MAX,
        inspected: false,
    });
    let name = "n".repeat(MAX_SUBSCRIBER_ID_BYTES + SUFFIX_BYTES);
    recording.publishers.push(name.clone());
    let one_level = MAX_PATTERNS - 1;
    let mut patterns = vec!["#".to_owned(); one_level];
    patterns.push("p".repeat(PATTERN_BYTES - one_level));
    recording.subscribers.push(RecordedSubscription {
        subscriber: name,
        patterns,
        filtered: false,
        policy: OverflowPolicy::CircuitBreak(BreakerConfig {
            losses: u32::MAX,
            window: Duration::MAX,
            cool_down: Duration::MAX,
        }),
        capacity: usize::MAX,
    });
    let sort = RecordedSort {
        topic: long("events.", MAX_TOPIC_BYTES),
        kind: EventKind::TriggerRequest,
        bytes: MAX_BYTES,
        priority: Some(Priority::Critical),
    };
    Topic::new(sort.topic.as_str()).expect("the longest topic is one");
    recording.push(MAX_RECORDED_NS, 0, sort, true).expect("room");
    // The line is as long as that of the last publisher.
    recording.events[0].publisher = u32::try_from(MAX_RECORDED_ROLES - 1).expect("few");
    let text = recording.text();
    let lines: Vec<usize> = text.lines().map(|line| line.len() + 1).collect();
    let [head, publisher, subscriber, event] = lines[..] else { panic!("{} lines", lines.len()) };
    assert!(lines.iter().all(|bytes| *bytes <= MAX_LINE_BYTES), "{lines:?}");
    // The head has one more digit for each of its counts, at most.
    let most =
        head + 20 + (publisher + subscriber) * MAX_RECORDED_ROLES + event * MAX_RECORDED_EVENTS;
    assert!(most as u64 <= MAX_RECORDING_BYTES, "{most} bytes: {lines:?}");
}

#[test]
fn a_recording_takes_no_more_than_its_limits() {
    let mut recording = Recording::new(about());
    for bytes in 0..MAX_RECORDED_SORTS {
        recording.push(0, 0, sort(bytes, None), false).expect("room");
    }
    assert_eq!(recording.push(0, 0, sort(MAX_RECORDED_SORTS, None), false), Err(Full::Sorts));
    while recording.events().len() < MAX_RECORDED_EVENTS {
        recording.push(0, 0, sort(0, None), false).expect("room");
    }
    assert_eq!(recording.push(0, 0, sort(0, None), false), Err(Full::Events));
}

#[test]
fn a_file_that_is_not_there_is_told_by_its_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = Recording::load(&folder.path().join("x.jsonl")).expect_err("none").to_string();
    assert!(told.starts_with("cannot read ") && told.contains("x.jsonl"), "{told}");
}

#[test]
fn recordings_lie_beside_their_scenario() {
    for name in ["agent.jsonl", "a-1_b.jsonl", "A"] {
        assert!(is_beside(name), "{name}");
    }
    for name in ["", ".", "..", ".hidden", "../a.jsonl", "a/b.jsonl", r"a\b", "c:a", "${x}"] {
        assert!(!is_beside(name), "{name}");
    }
}

proptest! {
    /// Whatever becomes of a file, it is a recording or is refused, and never more than that.
    #[test]
    fn a_damaged_file_is_read_or_refused(
        at in any::<prop::sample::Index>(),
        length in 0_usize..40,
        put in "[\\PC\\n]{0,12}",
    ) {
        let mut text = recording().text();
        let start = text.floor_char_boundary(at.index(text.len()));
        let end = text.floor_char_boundary((start + length).min(text.len()));
        text.replace_range(start..end, &put);
        if let Ok(read) = Recording::parse(PATH, &text) {
            prop_assert_eq!(Recording::parse(PATH, &read.text()), Ok(read));
        }
    }
}
