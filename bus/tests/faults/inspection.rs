//! Inspections over the wire: what they tell, how they are cut, and what is refused (W2, W3).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use daemoneye_eventbus::contract::{BrokerInspection, InspectError, InspectionQuery, Sections};
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, EventBus, EventBusClient, EventFilter, OverflowPolicy,
};

use crate::encode::{Found, Message, frame};
use crate::fake_broker::{Fake, HEARTBEAT_MS};
use crate::peer::{INCARNATION, Next, Peer, publish, subscribe};
use crate::served::{Served, all_processes, event, within};

const CONNECTIONS: u64 = 1;
const SUBSCRIPTIONS: u64 = 2;
const TOPICS: u64 = 4;
const INVALID: u64 = 2;

/// Asks by hand.
fn inspect(peer: &mut Peer, request: &Message) -> Found {
    peer.send(&request.framed(frame::INSPECT));
    peer.expect(frame::INSPECTED)
}

fn ask(sections: u64) -> Message {
    Message::default().number(1, 5).number(2, sections)
}

/// The messages in a repeated field.
fn rows(reply: &Found, field: u32) -> Vec<Found> {
    let rows = reply.bytes.iter().filter(|(found, _)| *found == field);
    rows.map(|(_, bytes)| Found::read(bytes)).collect()
}

#[test]
fn a_connection_is_told_with_its_counters() {
    let served = Served::new(BrokerConfig::default());
    let mut reader = served.raw("reader");
    // One delivery is allowed for; the next is held back, the third is lost.
    let policy = Message::default().number(1, 1);
    let wanted = subscribe("s", "events.process.#", 2).message(10, &policy);
    reader.send(&wanted.framed(frame::SUBSCRIBE));
    reader.expect(frame::SUBSCRIBED);
    let mut writer = served.raw("writer");
    for sequence in 1..=3 {
        writer.send(&publish("writer", sequence));
    }
    writer.fence();

    let reply = inspect(&mut writer, &ask(CONNECTIONS));
    assert_eq!((reply.number(1), reply.number(2), reply.number(6)), (5, 0, 0));
    let rows = rows(&reply, 5);
    let names: Vec<_> = rows.iter().map(|row| (row.number(1), row.text(2))).collect();
    assert_eq!(names, [(1, "reader".to_owned()), (2, "writer".to_owned())]);
    for row in &rows {
        assert_eq!(row.number(3), INCARNATION);
        #[cfg(target_os = "linux")]
        assert_eq!(row.number(4), u64::from(std::process::id()));
    }
    let counters = |row: &Found| [6, 7, 8, 9, 10].map(|field| row.number(field));
    assert_eq!(counters(&rows[0]), [1, 0, 1, 1, 1], "queued, published, delivered, dropped, owns");
    assert_eq!(counters(&rows[1]), [0, 3, 0, 0, 0]);
    assert!(rows[0].number(5) > 0, "bytes held back");
    assert_ne!(rows[0].number(11), 0, "something is held back, so there is a lag");
    assert_eq!(rows[1].number(11), 0);
}

#[tokio::test]
async fn counters_of_ended_subscriptions_stay_with_their_connection() {
    let served = Served::new(BrokerConfig::default());
    let client = EventBusClient::connect(&served.address, ClientConfig::new("c")).await.unwrap();
    let wanted = all_processes("s").with_capacity(2).with_policy(OverflowPolicy::DropNewest);
    let mut receiver = client.subscribe(wanted).await.unwrap();
    for number in 1..=5 {
        client.publish(event(number), None).await.unwrap();
    }
    client.statistics().await.unwrap();
    client.unsubscribe("s").await.unwrap();
    while receiver.recv().await.is_some() {}
    let seen = client.inspect(&InspectionQuery::of(Sections::CONNECTIONS)).await.unwrap();
    let row = &seen.connections[0];
    assert_eq!((row.events_published, row.subscriptions), (5, 0));
    assert_eq!(row.events_delivered + row.events_dropped, 5);
    assert_eq!(row.events_dropped, receiver.lagged());
}

#[tokio::test]
async fn a_subscription_is_told_with_what_it_asked_for() {
    let served = Served::new(BrokerConfig::default());
    let client = EventBusClient::connect(&served.address, ClientConfig::new("c")).await.unwrap();
    let filter = EventFilter { pids: vec![7], ..EventFilter::default() };
    let wanted = all_processes("near").with_event_filter(filter).with_capacity(9);
    let _near = client.subscribe(wanted.with_policy(OverflowPolicy::DropOldest)).await.unwrap();
    let embedded = daemoneye_eventbus::DaemoneyeEventBus::from_broker(&served.broker, "here");
    let _far = embedded.subscribe(all_processes("far").with_pattern("admin.#")).await.unwrap();
    embedded.publish(event(1), None).await.unwrap();

    let seen = client.inspect(&InspectionQuery::of(Sections::SUBSCRIPTIONS)).await.unwrap();
    let [far, near] = &seen.subscriptions[..] else { panic!("{seen:?}") };
    assert_eq!((far.connection, near.connection), (None, Some(1)));
    assert_eq!(far.topic_patterns, ["events.process.#", "admin.#"]);
    assert_eq!((far.filters.as_str(), near.filters.as_str()), ("", "pid 7"));
    assert_eq!((near.capacity, near.policy), (9, OverflowPolicy::DropOldest));
    assert_eq!((far.counters.matched, far.unread), (1, 1));
    assert!(seen.connections.is_empty() && seen.topics.is_empty(), "sections not asked for");

    let to = |topic: &str| InspectionQuery::to(topic.parse().unwrap());
    let seen = client.inspect(&to("admin.audit")).await.unwrap();
    assert_eq!(seen.subscriptions.len(), 1);
    assert_eq!(seen.subscriptions[0].counters.subscriber_id, "far");
    assert_eq!(served.broker.inspect(&to("admin.audit")).subscriptions, seen.subscriptions);
}

#[tokio::test]
async fn topics_in_use_are_told_and_survive_changes_of_subscriptions() {
    let served = Served::new(BrokerConfig::default());
    let client = EventBusClient::connect(&served.address, ClientConfig::new("c")).await.unwrap();
    for round in 0..2 {
        let receiver = client.subscribe(all_processes("s")).await.unwrap();
        client.publish(event(round), None).await.unwrap();
        client.publish_to("admin.x".parse().unwrap(), event(round), None).await.unwrap();
        drop(receiver);
        client.statistics().await.unwrap();
    }
    let seen = client.inspect(&InspectionQuery::of(Sections::TOPICS)).await.unwrap();
    let rows: Vec<_> = seen
        .topics
        .iter()
        .map(|row| (row.topic.as_str(), row.registered, row.events_published))
        .collect();
    assert_eq!(rows, [("admin.x", false, 2), ("events.process.lifecycle", true, 2)]);
    assert_eq!((seen.other_topics_published, seen.more_topics), (0, 0));
}

#[test]
fn a_topic_that_is_none_is_told_and_the_client_lives_on() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("asks");
    let reply = inspect(&mut peer, &ask(SUBSCRIPTIONS).bytes(3, "events..x"));
    assert_eq!((reply.number(1), reply.number(2)), (5, INVALID));
    assert!(reply.text(3).contains("level 2 is empty"), "{}", reply.text(3));
    // Bits nobody knows yet are no mistake, and no sections no rows.
    let reply = inspect(&mut peer, &ask(1 << 20));
    assert_eq!((reply.number(2), reply.bytes.len()), (0, 0));
}

/// A frame has room for 64 KiB beside the payload; the subscriptions need several.
#[tokio::test]
async fn what_does_not_fit_a_frame_is_counted_and_asked_for_again() {
    const SUBSCRIPTIONS_IN_ALL: usize = 900;
    let mut config = BrokerConfig::default().with_payload_limit_bytes(1);
    config.connection_subscriber_limit = SUBSCRIPTIONS_IN_ALL;
    let served = Served::new(config);
    let client = EventBusClient::connect(&served.address, ClientConfig::new("c")).await.unwrap();
    let mut receivers = Vec::new();
    for number in 0..SUBSCRIPTIONS_IN_ALL {
        let id = format!("{number:04}-{}", "x".repeat(100));
        receivers.push(client.subscribe(all_processes(&id)).await.unwrap());
    }
    let mut peer = served.raw("by hand");
    let reply = inspect(&mut peer, &ask(CONNECTIONS | SUBSCRIPTIONS | TOPICS));
    let (here, more) = (rows(&reply, 7).len(), reply.number(8));
    assert!(here > 0 && more > 0, "{here} and {more}");
    assert_eq!(here as u64 + more, SUBSCRIPTIONS_IN_ALL as u64);
    assert_eq!((rows(&reply, 5).len(), reply.number(6)), (2, 0), "connections come first");

    let seen = client.inspect(&InspectionQuery::default()).await.unwrap();
    assert!(!seen.is_cut());
    let ids: Vec<_> = seen.subscriptions.iter().map(|row| &row.counters.subscriber_id).collect();
    assert_eq!(ids.len(), SUBSCRIPTIONS_IN_ALL);
    assert!(ids.is_sorted());
    assert_eq!(seen.connections.len(), 2);
}

/// What a client makes of these answers, the last one again and again; and how often it asked.
async fn told(answers: Vec<Message>) -> (Result<BrokerInspection, InspectError>, usize) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let fake = Fake::welcoming(HEARTBEAT_MS, move |mut peer| {
        while let Next::Frame(field, request) = peer.next() {
            if field == frame::GOODBYE {
                return;
            }
            let asked = counted.fetch_add(1, Ordering::Relaxed);
            let answer = &answers[asked.min(answers.len() - 1)].0;
            let number = Message::default().number(1, request.number(1)).0;
            peer.try_send(&Message([&number[..], answer].concat()).framed(frame::INSPECTED));
        }
    });
    let client = fake.connect().await.unwrap();
    let told = within(client.inspect(&InspectionQuery::default())).await;
    drop(client);
    // The script ends with the goodbye, which leaves while this thread waits for nothing.
    fake.ended().await;
    (told, asked.load(Ordering::Relaxed))
}

fn one_connection(number: u64) -> Message {
    Message::default().message(5, &Message::default().number(1, number).bytes(2, "c"))
}

#[tokio::test]
async fn a_refusal_is_told_in_the_brokers_words() {
    let refused = Message::default().number(2, 1).bytes(3, "observers may not");
    let (told, asked) = told(vec![refused]).await;
    let reason = "observers may not".to_owned();
    assert_eq!((told, asked), (Err(InspectError::Refused { reason }), 1));
}

#[tokio::test]
async fn an_answer_nobody_can_read_ends_the_session_with_its_reason() {
    let policy = Message::default().number(1, 99);
    let unknown_policy = Message::default().message(7, &Message::default().message(7, &policy));
    let breaker = Message::default().number(6, 99);
    let unknown_breaker = Message::default().message(7, &Message::default().message(1, &breaker));
    let not_text = Message::default().message(5, &Message::default().bytes(2, [0xff]));
    for answer in [unknown_policy, unknown_breaker, not_text] {
        let (told, _) = told(vec![answer]).await;
        assert!(matches!(told, Err(InspectError::Disconnected { .. })), "{told:?}");
    }
}

#[tokio::test]
async fn a_broker_that_promises_more_and_sends_nothing_is_asked_once_more_and_no_longer() {
    let more = || one_connection(1).number(6, 5);
    let (told_so, asked) = told(vec![more(), Message::default().number(6, 5)]).await;
    let seen = told_so.unwrap();
    assert_eq!((asked, seen.connections.len(), seen.more_connections), (2, 1, 5));
    assert!(seen.is_cut(), "what is missing is told");
    // Nor is one that always has another row asked for ever.
    let (endless, asked) = told(vec![more()]).await;
    assert!(endless.unwrap().is_cut());
    assert_eq!(asked, 128);
}
