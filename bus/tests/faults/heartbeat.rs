//! Signs of life, both ways (W4).

use std::time::{Duration, Instant};

use daemoneye_eventbus::{
    BrokerConfig, CollectionEvent, DaemoneyeEventBus, EventBus, EventSubscription, OverflowPolicy,
    ProcessEvent,
};

use crate::encode::{Message, frame};
use crate::peer::{WATCHDOG, subscribe};
use crate::served::{SOON, Served, all_processes, event, recv_number};

const TIMEOUT: u64 = 6;

/// For peers that will fall silent.
fn lively() -> BrokerConfig {
    BrokerConfig::default().with_heartbeat_interval(SOON)
}

/// For peers that must answer in time on a busy machine, too.
const CALM: Duration = Duration::from_millis(500);

fn calm() -> BrokerConfig {
    BrokerConfig::default().with_heartbeat_interval(CALM)
}

#[tokio::test]
async fn a_silent_client_is_pinged_then_told_and_closed() {
    let served = Served::new(lively());
    let mut peer = served.raw("silent");
    peer.subscribe("s", 8);
    peer.expect(frame::PING);
    assert_eq!(peer.refusal().map(|(code, _)| code), Some(TIMEOUT));
    served.until_subscribers(0).await;
}

#[test]
fn a_client_that_answers_every_ping_stays() {
    let served = Served::new(calm());
    let mut peer = served.raw("lively");
    for _ in 0..5 {
        peer.expect(frame::PING);
        peer.send(&Message::default().framed(frame::PING));
    }
    peer.fence();
}

#[tokio::test]
#[cfg_attr(
    windows,
    ignore = "a write that is cut off keeps its pipe open until its peer has read or closes"
)]
async fn a_client_that_talks_and_takes_nothing_is_closed() {
    let served = Served::new(lively());
    let mut peer = served.raw("deaf");
    let (number, _) = peer.subscribe("deaf", 64);
    peer.send(&Message::default().number(1, number).number(2, u64::MAX).framed(frame::CREDIT));
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "embedded");
    let large = CollectionEvent::Process(ProcessEvent {
        name: "n".repeat(64 << 10).into(),
        ..ProcessEvent::default()
    });
    peer.fence();
    // More than the socket holds, less than would make the publisher wait.
    for _ in 0..16 {
        embedded.publish(large.clone(), None).await.unwrap();
    }
    let began = Instant::now();
    while peer.try_send(&Message::default().framed(frame::PING)) {
        assert!(began.elapsed() < WATCHDOG, "a deaf client is kept for ever");
    }
    served.until_subscribers(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_longer_than_three_heartbeats_breaks_no_connection() {
    let served = Served::new(calm());
    let publisher = served.connect("p").await;
    let subscriber = served.connect("s").await;
    let wanted = all_processes("s").with_capacity(256);
    let mut receiver = subscriber.subscribe(wanted).await.unwrap();
    let flood = tokio::spawn(async move {
        let began = Instant::now();
        let mut sent = 0;
        while began.elapsed() < CALM * 5 {
            publisher.publish(event(sent), None).await.unwrap();
            sent += 1;
        }
        publisher.publish(event(u64::MAX), None).await.unwrap();
        (publisher, sent)
    });
    let mut received = 0;
    loop {
        match recv_number(&mut receiver).await {
            Some(u64::MAX) => break,
            number => assert_eq!(number, Some(received)),
        }
        received += 1;
    }
    assert_eq!(flood.await.unwrap().1, received);
}

#[tokio::test]
async fn an_idle_client_stays_connected_by_its_own_pings() {
    let served = Served::new(calm());
    let idle = served.connect("idle").await;
    let wanted = EventSubscription::new("idle")
        .with_pattern("events.#")
        .with_policy(OverflowPolicy::DropNewest);
    let mut receiver = idle.subscribe(wanted).await.unwrap();
    // Another client's heartbeats measure the time.
    let mut clock = served.raw("clock");
    let ticking = tokio::task::spawn_blocking(move || {
        for _ in 0..5 {
            clock.expect(frame::PING);
            clock.send(&Message::default().framed(frame::PING));
        }
    });
    ticking.await.unwrap();
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "embedded");
    embedded.publish(event(1), None).await.unwrap();
    assert_eq!(recv_number(&mut receiver).await, Some(1));
}

fn large() -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent {
        name: "n".repeat(16 << 10).into(),
        ..ProcessEvent::default()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_slowly_but_steadily_stays() {
    let served = Served::new(calm());
    let mut peer = served.raw("slow");
    let drop_newest = Message::default().number(1, 1);
    let request = subscribe("slow", "events.process.#", 64).message(10, &drop_newest);
    peer.send(&request.framed(frame::SUBSCRIBE));
    let number = peer.expect(frame::SUBSCRIBED).number(5);
    peer.send(&Message::default().number(1, number).number(2, u64::MAX).framed(frame::CREDIT));
    peer.fence();
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "embedded");
    let flood = tokio::spawn(async move {
        loop {
            embedded.publish(large(), None).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let ping = Message::default().framed(frame::PING);
    let sipping = tokio::task::spawn_blocking(move || {
        peer.sip(CALM * 5, &ping);
        peer
    });
    let mut peer = sipping.await.unwrap();
    flood.abort();
    // What it read may have been in its socket for long; an answer is fresh.
    assert_eq!(peer.fence().number(5), 1);
}
