//! What all protocols must do, by what each says: whole words are heard, torn ones waited for.

use daemoneye_eventbus::{Topic, TopicPattern};

use super::super::speech::{Heard, Next, number, put_number};
use super::*;

fn pattern(text: &str) -> TopicPattern {
    TopicPattern::new(text).expect("a pattern")
}

/// An event as each server sends it, with a payload of `seven b`.
const EVENTS: [(Bus, &[u8]); 4] = [
    (Bus::Nats, b"MSG events.process 1 7\r\nseven b\r\n"),
    (Bus::Redis, b"*4\r\n$8\r\npmessage\r\n$3\r\na.*\r\n$3\r\na.b\r\n$7\r\nseven b\r\n"),
    (Bus::Redis, b"*3\r\n$7\r\nmessage\r\n$3\r\na.b\r\n$7\r\nseven b\r\n"),
    (Bus::Mosquitto, b"\x30\x0c\x00\x03a/bseven b"),
];

/// The answer of each to a question.
const ANSWERS: [(Bus, &[u8]); 4] = [
    (Bus::Nats, b"PONG\r\n"),
    (Bus::Redis, b"+PONG\r\n"),
    (Bus::Redis, b"*2\r\n$4\r\npong\r\n$0\r\n\r\n"),
    (Bus::Mosquitto, b"\xd0\x00"),
];

/// What each says besides.
const COURTESIES: [(Bus, &[u8]); 6] = [
    (Bus::Nats, b"INFO {\"version\":\"2\"}\r\n"),
    (Bus::Nats, b"+OK\r\n"),
    (Bus::Redis, b":4\r\n"),
    (Bus::Redis, b"*3\r\n$9\r\nsubscribe\r\n$3\r\na.b\r\n:1\r\n"),
    (Bus::Mosquitto, b"\x20\x02\x00\x00"),
    (Bus::Mosquitto, b"\x90\x03\x00\x01\x00"),
];

/// How each refuses.
const REFUSALS: [(Bus, &[u8]); 4] = [
    (Bus::Nats, b"-ERR 'Slow Consumer'\r\n"),
    (Bus::Redis, b"-ERR unknown command\r\n"),
    (Bus::Mosquitto, b"\x20\x02\x00\x05"),
    (Bus::Mosquitto, b"\x90\x03\x00\x01\x80"),
];

fn next(bus: Bus, bytes: &[u8]) -> Next {
    by(bus).expect("a peer").next(bytes)
}

#[test]
fn an_event_is_heard_whole_with_its_payload_whatever_follows() {
    for (bus, bytes) in EVENTS {
        let followed = [bytes, bytes].concat();
        let heard = next(bus, &followed).expect("sound").expect("whole");
        let (Heard::Event(payload), used) = heard else { panic!("{bus:?}: {heard:?}") };
        assert_eq!(&followed[payload], b"seven b", "{bus:?}");
        assert_eq!(used, bytes.len(), "{bus:?}");
    }
}

#[test]
fn what_is_not_whole_is_waited_for() {
    let all = EVENTS.into_iter().chain(ANSWERS).chain(COURTESIES);
    for (bus, bytes) in all {
        for length in 0..bytes.len() {
            assert_eq!(next(bus, &bytes[..length]), Ok(None), "{bus:?}: {length} of {bytes:?}");
        }
    }
}

#[test]
fn answers_and_courtesies_are_told_apart_and_refusals_are_errors() {
    for (bus, bytes) in ANSWERS {
        assert_eq!(next(bus, bytes), Ok(Some((Heard::Answer, bytes.len()))), "{bus:?}");
    }
    for (bus, bytes) in COURTESIES {
        assert_eq!(next(bus, bytes), Ok(Some((Heard::Courtesy, bytes.len()))), "{bus:?}");
    }
    for (bus, bytes) in REFUSALS {
        assert!(next(bus, bytes).is_err(), "{bus:?}: {bytes:?}");
    }
    assert_eq!(next(Bus::Nats, b"PING\r\n"), Ok(Some((Heard::Question, 6))));
    assert!(by(Bus::Process).is_err());
}

#[test]
fn a_pattern_that_ends_in_all_is_asked_for_with_and_without_further_levels() {
    let asked = |bus, text: &str| {
        let mut out = Vec::new();
        let result = by(bus).expect("a peer").subscribe(&mut out, &pattern(text));
        result.map(|()| String::from_utf8_lossy(&out).into_owned())
    };
    let nats = asked(Bus::Nats, "events.+.#").expect("asked");
    assert_eq!(nats, "SUB events.* 1\r\nSUB events.*.> 2\r\n");
    assert_eq!(asked(Bus::Nats, "#").expect("asked"), "SUB > 2\r\n");
    let redis = asked(Bus::Redis, "events.process.#").expect("asked");
    assert!(redis.contains("SUBSCRIBE\r\n$14\r\nevents.process\r\n"), "{redis}");
    assert!(redis.contains("PSUBSCRIBE\r\n$16\r\nevents.process.*\r\n"), "{redis}");
    assert!(asked(Bus::Redis, "events.+").is_err(), "its `*` would take several levels");
    let mqtt = asked(Bus::Mosquitto, "events.+.#").expect("asked");
    assert!(mqtt.ends_with("\0\u{a}events/+/#\0"), "{mqtt:?}");
}

#[test]
fn a_publish_is_said_as_the_server_reads_it() {
    let topic = Topic::new("events.process").expect("a topic");
    let said = |bus| {
        let (mut out, speech) = (Vec::new(), by(bus).expect("a peer"));
        speech.publish_head(&mut out, &topic, 200);
        out.extend_from_slice(b"...");
        speech.publish_tail(&mut out);
        out
    };
    assert_eq!(said(Bus::Nats), b"PUB events.process 200\r\n...\r\n");
    let redis = b"*3\r\n$7\r\nPUBLISH\r\n$14\r\nevents.process\r\n$200\r\n...\r\n";
    assert_eq!(said(Bus::Redis), redis);
    // 2 + 14 + 200 bytes are left after a length of two bytes.
    assert_eq!(said(Bus::Mosquitto), b"\x30\xd8\x01\x00\x0eevents/process...");
}

#[test]
fn numbers_are_read_as_they_are_written() {
    for value in [0, 7, 10, 65_535, usize::MAX] {
        let mut out = Vec::new();
        put_number(&mut out, value);
        assert_eq!(out, value.to_string().into_bytes());
        assert_eq!(number(&out), Ok(value));
    }
    for bad in ["", "-1", "1x", "99999999999999999999999"] {
        assert!(number(bad.as_bytes()).is_err(), "{bad}");
    }
}
