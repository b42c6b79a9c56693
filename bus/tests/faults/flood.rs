//! Clients that ask, publish or subscribe more than they may or read (W3, C11).

use std::time::{Duration, Instant};

use daemoneye_eventbus::contract::{InspectionQuery, Sections};
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, CollectionEvent, DaemoneyeEventBus, EventBus, EventBusClient,
    EventHeader, EventSubscription, ProcessEvent, SubscribeError,
};

use crate::encode::{Message, frame};
use crate::peer::{INCARNATION, envelope, publish, subscribe};
use crate::served::{Bystanders, SOON, Served, all_processes, event, recv_number, within};

const PROTOCOL: u64 = 3;

fn requests(many: usize) -> Vec<u8> {
    Message::default().number(1, 1).framed(frame::STATISTICS_REQUEST).repeat(many)
}

#[tokio::test]
async fn a_client_that_asks_and_never_reads_is_closed() {
    // Each answer has several KiB: together far more than the limit and the socket hold.
    asks_and_never_reads(&requests(5_000)).await;
    let inspect = Message::default().number(1, 1).number(2, 7).framed(frame::INSPECT);
    asks_and_never_reads(&inspect.repeat(5_000)).await;
}

async fn asks_and_never_reads(requests: &[u8]) {
    let served = Served::new(BrokerConfig::default().with_reply_limit_bytes(64 << 10));
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "embedded");
    let mut receivers = Vec::new();
    for number in 0..100 {
        let id = format!("a subscription with a rather long name, number {number}");
        let wanted = EventSubscription::new(id).with_pattern("admin.#");
        receivers.push(embedded.subscribe(wanted).await.unwrap());
    }
    let mut bystanders = Bystanders::connect(&served).await;
    let mut peer = served.raw("curious");
    peer.subscribe("curious", 8);
    peer.send(requests);
    served.until_subscribers(101).await;
    bystanders.exchange().await;
    // It is told if it begins to read while it is being closed.
    if let Some((code, message)) = peer.refusal() {
        assert_eq!(code, PROTOCOL, "{message}");
        assert!(message.contains("asked"), "{message}");
    }
}

#[tokio::test]
#[cfg_attr(
    windows,
    ignore = "a pipe takes one write at a time, and what waits behind it counts as unread"
)]
async fn a_client_that_reads_may_ask_as_often_as_it_likes() {
    let served = Served::new(BrokerConfig::default().with_reply_limit_bytes(1));
    let mut peer = served.raw("curious");
    for _ in 0..100 {
        peer.send(&requests(10));
        for _ in 0..10 {
            peer.expect(frame::STATISTICS);
        }
    }
}

#[tokio::test]
#[cfg_attr(
    windows,
    ignore = "a write that is cut off keeps its pipe open until its peer has read or closes"
)]
async fn subscribing_and_unsubscribing_without_reading_ends_the_same_way() {
    let served = Served::new(BrokerConfig::default().with_reply_limit_bytes(64 << 10));
    let mut bystanders = Bystanders::connect(&served).await;
    let mut peer = served.raw("fickle");
    let mut pair = subscribe("s", "events.#", 8).framed(frame::SUBSCRIBE);
    pair.extend(Message::default().bytes(2, "s").framed(frame::UNSUBSCRIBE));
    let burst = pair.repeat(1_000);
    // The socket holds some hundred KiB of answers; a hundred bursts are several MiB.
    let closed = (0..100).any(|_| !peer.try_send(&burst));
    assert!(closed, "a hundred thousand answers were kept for a client that reads none");
    bystanders.exchange().await;
    served.until_subscribers(1).await;
}

#[tokio::test]
async fn publishing_beyond_the_window_is_refused_and_what_was_taken_is_counted() {
    let mut config = BrokerConfig::default().with_payload_limit_bytes(1024).with_stall_limit(SOON);
    config.publish_window_bytes = 4096;
    let served = Served::new(config);
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "embedded");
    let full = EventSubscription::new("full").with_pattern("events.process.x").with_capacity(1);
    let _receiver = embedded.subscribe(full).await.unwrap();
    let mut bystanders = Bystanders::connect(&served).await;
    let mut peer = served.raw("pushy");
    let mut sequence = 0;
    let closed = (0..100).any(|_| {
        let mut burst = Vec::new();
        for _ in 0..100 {
            sequence += 1;
            burst.extend(publish("pushy", sequence));
        }
        !peer.try_send(&burst)
    });
    assert!(closed, "the window does not bind");
    bystanders.exchange().await;
    // Nothing it published vanishes: one event found room, the others count as lost.
    within(async {
        loop {
            let statistics = served.broker.statistics();
            let full = statistics.subscriptions.iter().find(|s| s.subscriber_id == "full").unwrap();
            assert_eq!(full.matched, full.delivered + full.dropped + full.queued);
            if full.dropped > 500 {
                break;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_forged_event_behind_waiting_ones_is_refused_and_reaches_nobody() {
    const IDENTITY: u64 = 4;
    let served = Served::new(BrokerConfig::default().with_stall_limit(SOON));
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "embedded");
    let full = EventSubscription::new("full").with_pattern("events.process.x").with_capacity(1);
    let _receiver = embedded.subscribe(full).await.unwrap();
    let mut peer = served.raw("forger");
    for sequence in 1..=3 {
        peer.send(&publish("forger", sequence));
    }
    let forged = envelope("agent", INCARNATION, 4, "events.process.x", b"");
    peer.send(&forged.framed(frame::PUBLISH));
    peer.send(&publish("forger", 5));
    assert_eq!(peer.refusal().map(|(code, _)| code), Some(IDENTITY));
    // One found room, two were dropped at the stall limit, the forged one and its follower are not
    // events.
    let statistics = served.broker.statistics();
    assert_eq!((statistics.events_published, statistics.events_dropped), (3, 2));
}

#[tokio::test]
async fn large_events_displace_as_many_small_ones_as_they_need_room() {
    const BACKLOG_BYTES: usize = 4096;
    let served = Served::new(BrokerConfig::default().with_backlog_limit_bytes(BACKLOG_BYTES));
    let mut peer = served.raw("slow");
    let drop_oldest = Message::default().number(1, 2);
    let request = subscribe("slow", "events.process.#", 200).message(10, &drop_oldest);
    peer.send(&request.framed(frame::SUBSCRIBE));
    assert_eq!(peer.expect(frame::SUBSCRIBED).number(6), 100);
    for sequence in 1..=200 {
        peer.send(&publish("slow", sequence));
    }
    for sequence in 201..=300 {
        let payload = vec![0; BACKLOG_BYTES];
        let large = envelope("slow", INCARNATION, sequence, "events.process.x", &payload);
        peer.send(&large.framed(frame::PUBLISH));
    }
    peer.fence();
    let statistics = served.broker.statistics();
    let slow = &statistics.subscriptions[0];
    assert_eq!(slow.queued, 1, "more than the limit is held back: {slow:?}");
    assert_eq!((slow.matched, slow.delivered, slow.dropped), (300, 100, 199));
}

#[tokio::test]
async fn a_subscriber_that_never_reads_leaves_embedded_publishers_alone() {
    let served = Served::new(BrokerConfig::default());
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "embedded");
    let mut peer = served.raw("deaf");
    let drop_newest = Message::default().number(1, 1);
    let request = subscribe("deaf", "events.process.#", 8).message(10, &drop_newest);
    peer.send(&request.framed(frame::SUBSCRIBE));
    let number = peer.expect(frame::SUBSCRIBED).number(5);
    peer.send(&Message::default().number(1, number).number(2, u64::MAX).framed(frame::CREDIT));
    peer.fence();
    for number in 0..20_000 {
        embedded.publish(event(number), None).await.unwrap();
    }
    let statistics = served.broker.statistics();
    let deaf = &statistics.subscriptions[0];
    assert_eq!(deaf.matched, 20_000);
    assert_eq!(deaf.matched, deaf.delivered + deaf.dropped + deaf.queued);
    // Four are held back; the others fill the outbox, each with a frame of at least 64 bytes.
    let outbox = BrokerConfig::default().outbox_limit_bytes as u64 / 64;
    assert!(deaf.dropped > 0 && deaf.queued <= 4 + outbox, "{deaf:?}");
}

#[tokio::test]
async fn a_subscriber_that_takes_nothing_is_waited_for_once() {
    const LIMIT: Duration = Duration::from_millis(400);
    const EVENTS: u64 = 50;
    let served = Served::new(BrokerConfig::default().with_stall_limit(LIMIT));
    let mut stuck = served.raw("stuck");
    let (number, _) = stuck.subscribe("stuck", 1);
    let reader = served.connect("reader").await;
    let mut receiver = reader.subscribe(all_processes("reader")).await.unwrap();
    let publisher = served.connect("publisher").await;
    let began = Instant::now();
    for number in 0..EVENTS {
        within(publisher.publish(event(number), None)).await.unwrap();
    }
    for number in 0..EVENTS {
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
    assert!(began.elapsed() >= LIMIT, "it was waited for");
    assert!(began.elapsed() < 10 * LIMIT, "it was waited for again: {:?}", began.elapsed());
    // Once it takes something it is waited for as before.
    stuck.send(&Message::default().number(1, number).number(2, 1).framed(frame::CREDIT));
    stuck.fence();
    for number in EVENTS..EVENTS + 2 {
        within(publisher.publish(event(number), None)).await.unwrap();
    }
    assert_eq!(recv_number(&mut receiver).await, Some(EVENTS));
    let next = tokio::time::timeout(SOON, recv_number(&mut receiver)).await;
    assert!(next.is_err(), "it was not waited for: {next:?}");
    assert_eq!(recv_number(&mut receiver).await, Some(EVENTS + 1));
}

#[tokio::test]
async fn a_connection_has_one_budget_for_all_it_subscribes_to() {
    const BACKLOG_BYTES: usize = 64 << 10;
    const SUBSCRIPTIONS: u64 = 20;
    let served = Served::new(BrokerConfig::default().with_backlog_limit_bytes(BACKLOG_BYTES));
    let mut peer = served.raw("greedy");
    for number in 0..SUBSCRIPTIONS {
        let drop_oldest = Message::default().number(1, 2);
        let request = subscribe(&format!("greedy-{number}"), "events.process.#", 1_000_000);
        peer.send(&request.message(10, &drop_oldest).framed(frame::SUBSCRIBE));
        // Its window is given away at once, so that all is held back.
        assert_eq!(peer.expect(frame::SUBSCRIBED).number(2), 0);
    }
    let publisher = DaemoneyeEventBus::from_broker(&served.broker, "publisher");
    let large = |number: u64| {
        let name = "x".repeat(32 << 10);
        let event = ProcessEvent { pid: 1, name: name.into(), ..ProcessEvent::default() };
        let header = EventHeader { source_sequence: number, ..EventHeader::default() };
        CollectionEvent::Process(ProcessEvent { header, ..event })
    };
    // The socket and the outbox take some MiB; then it is held back.
    for number in 0..200 {
        within(publisher.publish(large(number), None)).await.unwrap();
    }
    let config = ClientConfig::new("operator");
    let operator = within(EventBusClient::connect(&served.address, config)).await.unwrap();
    let query = InspectionQuery { sections: Sections::all(), ..InspectionQuery::default() };
    let seen = within(operator.inspect(&query)).await.unwrap();
    let greedy = seen.connections.iter().find(|row| row.name == "greedy").unwrap();
    let outbox_bytes = BrokerConfig::default().outbox_limit_bytes;
    let most = outbox_bytes + BACKLOG_BYTES + 2 * (33 << 10);
    let held = usize::try_from(greedy.queued_bytes).unwrap();
    assert!((BACKLOG_BYTES..=most).contains(&held), "{held} bytes are held, at most {most} may be");
    let statistics = served.broker.statistics();
    for row in &statistics.subscriptions {
        assert_eq!(row.matched, row.delivered + row.dropped + row.queued, "{row:?}");
    }
    assert!(statistics.events_dropped > 0, "nothing was beyond the budget");
}

#[tokio::test]
async fn a_connection_may_not_take_all_subscriptions_there_are() {
    let mut config = BrokerConfig::default();
    config.connection_subscriber_limit = 3;
    let served = Served::new(config);
    let greedy = served.connect("greedy").await;
    let mut receivers = Vec::new();
    for number in 0..3 {
        receivers.push(greedy.subscribe(all_processes(&format!("s{number}"))).await.unwrap());
    }
    let refused = greedy.subscribe(all_processes("one-more")).await.unwrap_err();
    assert_eq!(refused, SubscribeError::LimitReached { limit: 3 });
    let other = served.connect("other").await;
    other.subscribe(all_processes("other")).await.unwrap();
    // One that has ended makes room.
    greedy.unsubscribe("s0").await.unwrap();
    greedy.subscribe(all_processes("one-more")).await.unwrap();
}
