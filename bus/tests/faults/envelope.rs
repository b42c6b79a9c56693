//! Envelopes that could mean two things: refused, or given one meaning that every matcher shares
//! (C8, M3, W3).

use daemoneye_eventbus::{
    BrokerConfig, CorrelationFilter, CorrelationMetadata, DaemoneyeEventBus, EventBus, EventFilter,
    EventSubscription,
};

use crate::encode::{Message, frame};
use crate::peer::{INCARNATION, Peer, envelope, publish};
use crate::served::{Served, all_processes, event, recv_number, within};

const PROTOCOL: u64 = 3;
const TOPIC: &str = "events.process.x";

/// Everything before the breach has been published, nothing of it or after it.
fn expect_breach(served: &Served, mut peer: Peer, mut frames: Vec<u8>, published: u64) {
    frames.extend(publish("bad", u64::MAX));
    // In one piece, as the broker may close once it has read the breach.
    peer.send(&frames);
    assert_eq!(peer.refusal().map(|(code, _)| code), Some(PROTOCOL));
    assert_eq!(served.broker.statistics().events_published, published);
}

#[tokio::test]
async fn a_sequence_that_does_not_increase_is_refused() {
    for (sequences, published) in [(&[0][..], 0), (&[1, 1], 1), (&[1, 2, 7, 3], 3)] {
        let served = Served::new(BrokerConfig::default());
        let peer = served.raw("bad");
        let frames = sequences.iter().flat_map(|sequence| publish("bad", *sequence)).collect();
        expect_breach(&served, peer, frames, published);
    }
}

#[tokio::test]
async fn a_repeated_sequence_is_found_also_behind_a_full_subscriber() {
    let served = Served::new(BrokerConfig::default());
    let subscriber = served.connect("s").await;
    let mut receiver = subscriber.subscribe(all_processes("s").with_capacity(2)).await.unwrap();
    let mut peer = served.raw("bad");
    for sequence in [1, 2, 3, 4, 4, 5] {
        peer.send(&publish("bad", sequence));
    }
    // The third and what follows had to wait.
    assert_eq!(peer.fence().number(2), 2);
    for number in 1..=4 {
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
    assert_eq!(peer.refusal().map(|(code, _)| code), Some(PROTOCOL));
    assert_eq!(served.broker.statistics().events_published, 4);
}

#[tokio::test]
async fn fresh_correlations_of_one_connection_never_collide() {
    let served = Served::new(BrokerConfig::default());
    let subscriber = served.connect("s").await;
    let mut receiver = subscriber.subscribe(all_processes("s")).await.unwrap();
    let mut peer = served.raw("gaps");
    for sequence in [1, 5, 1 << 40, u64::MAX] {
        peer.send(&publish("gaps", sequence));
    }
    let mut ids = std::collections::HashSet::new();
    for _ in 0..4 {
        let event = within(receiver.recv()).await.unwrap();
        assert!(ids.insert(event.correlation.id.to_byte_string()));
    }
}

#[tokio::test]
async fn an_envelope_no_receiver_could_read_alike_is_refused() {
    let whole = || envelope("bad", INCARNATION, 1, TOPIC, b"");
    let correlation = Message::default().bytes(1, "scan-7");
    let breaches = [
        whole().number(7, 5),
        whole().number(7, u64::from(u32::MAX)),
        // The last one counts, but none may be wrong.
        whole().number(7, 5).number(7, 1),
        // Two payloads, of one kind and of two.
        whole().bytes(11, b""),
        whole().bytes(12, b""),
        whole().message(9, &correlation).message(9, &correlation),
    ];
    for breach in breaches {
        let served = Served::new(BrokerConfig::default());
        let peer = served.raw("bad");
        expect_breach(&served, peer, breach.framed(frame::PUBLISH), 0);
    }
}

/// A publish frame with metadata, each entry in an observation of its own if `apart`.
fn publish_with(sequence: u64, metadata: &[(&str, &str)], apart: bool) -> Vec<u8> {
    let entry = |(key, value): &(&str, &str)| Message::default().bytes(1, key).bytes(2, value);
    let mut observation = Message::default().number(1, sequence);
    let mut payload = Message::default();
    for pair in metadata {
        observation = observation.message(4, &entry(pair));
        if apart {
            payload = payload.message(1, &std::mem::take(&mut observation));
        }
    }
    // A field that no schema knows stands between the parts.
    payload = payload.number(1000, 1).message(1, &observation);
    envelope("raw", INCARNATION, sequence, TOPIC, &payload.0).framed(frame::PUBLISH)
}

fn with_metadata(id: &str, value: &str) -> EventSubscription {
    all_processes(id).with_event_filter(EventFilter {
        metadata: vec![("k".into(), value.to_owned().into())],
        ..EventFilter::default()
    })
}

#[tokio::test]
async fn of_a_metadata_key_given_twice_the_first_counts_over_a_socket_and_in_process() {
    let served = Served::new(BrokerConfig::default());
    let subscriber = served.connect("s").await;
    let mut first = subscriber.subscribe(with_metadata("first", "a")).await.unwrap();
    let mut second = subscriber.subscribe(with_metadata("second", "b")).await.unwrap();
    let mut peer = served.raw("raw");
    peer.send(&publish_with(1, &[("k", "a"), ("k", "b")], false));
    peer.send(&publish_with(2, &[("x", "b"), ("k", "a"), ("k", "b")], true));
    peer.fence();
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "here");
    let mut twice = event(3);
    twice.header_mut().metadata = vec![("k".into(), "a".into()), ("k".into(), "b".into())];
    embedded.publish_to(TOPIC.parse().unwrap(), twice, None).await.unwrap();
    peer.send(&publish_with(4, &[("k", "b")], true));
    for number in 1..=3 {
        assert_eq!(recv_number(&mut first).await, Some(number));
    }
    assert_eq!(recv_number(&mut second).await, Some(4));
}

#[tokio::test]
async fn of_a_tag_key_given_twice_both_count_over_a_socket_and_in_process() {
    let served = Served::new(BrokerConfig::default());
    let subscriber = served.connect("s").await;
    let tagged = |id: &str, value: &'static str| {
        let all_tags = vec![("k".into(), value.into())];
        let filter = CorrelationFilter { all_tags, ..CorrelationFilter::default() };
        all_processes(id).with_correlation_filter(filter)
    };
    let mut first = subscriber.subscribe(tagged("first", "a")).await.unwrap();
    let mut second = subscriber.subscribe(tagged("second", "b")).await.unwrap();
    let tag = |value: &str| Message::default().bytes(1, "k").bytes(2, value);
    let correlation = Message::default().bytes(1, "scan").message(7, &tag("a"));
    let correlation = correlation.message(7, &tag("b"));
    let payload = Message::default().message(1, &Message::default().number(1, 1));
    let mut peer = served.raw("raw");
    let twice = envelope("raw", INCARNATION, 1, TOPIC, &payload.0).message(9, &correlation);
    peer.send(&twice.framed(frame::PUBLISH));
    peer.fence();
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "here");
    let mut correlation = CorrelationMetadata::root("scan");
    correlation.tags = vec![("k".into(), "a".into()), ("k".into(), "b".into())];
    embedded.publish_to(TOPIC.parse().unwrap(), event(2), Some(correlation)).await.unwrap();
    for number in 1..=2 {
        assert_eq!(recv_number(&mut first).await, Some(number));
        assert_eq!(recv_number(&mut second).await, Some(number));
    }
}
