//! Connections that end without a word (C10, W8).

use daemoneye_eventbus::{BrokerConfig, DaemoneyeEventBus, EventBus, EventSubscription};

use crate::encode::{Message, frame};
use crate::peer::publish;
use crate::served::{Bystanders, Served, all_processes, event, recv_number};

#[tokio::test]
async fn a_client_killed_at_any_byte_of_a_frame_leaves_nothing_behind() {
    let served = Served::new(BrokerConfig::default());
    let mut bystanders = Bystanders::connect(&served).await;
    let length = publish("torn", 1).len();
    for at in 0..length {
        let mut peer = served.raw("torn");
        peer.subscribe("torn", 8);
        peer.send(&publish("torn", 1)[..at]);
        drop(peer);
        served.until_subscribers(1).await;
    }
    bystanders.exchange().await;
    assert_eq!(served.broker.statistics().events_published, 3, "a torn frame counted");
}

#[tokio::test]
async fn a_subscriber_killed_amid_its_deliveries_releases_its_publishers() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("victim");
    peer.subscribe("victim", 2);
    let publisher = served.connect("p").await;
    let mut other = served.connect("o").await.subscribe(all_processes("other")).await.unwrap();
    // The victim takes nothing, so from the third on they wait for it.
    for number in 0..10 {
        publisher.publish(event(number), None).await.unwrap();
    }
    drop(peer);
    for number in 0..10 {
        assert_eq!(recv_number(&mut other).await, Some(number));
    }
    served.until_subscribers(1).await;
    assert_eq!(served.broker.statistics().events_published, 10);
}

/// Where one direction can end alone.
#[cfg(unix)]
#[tokio::test]
async fn what_somebody_sent_who_takes_nothing_any_more_arrives() {
    const ROUNDS: u64 = 20;
    let served = Served::new(BrokerConfig::default());
    let bus = served.connect("bus").await;
    let wanted = EventSubscription::new("x").with_pattern("events.process.x");
    let mut receiver = bus.subscribe(wanted).await.unwrap();
    for round in 1..=ROUNDS {
        let mut peer = served.raw("deaf");
        peer.subscribe("deaf", 8);
        peer.stop_reading();
        bus.publish(event(0), None).await.unwrap();
        // From here on the broker knows: it has written to the peer, and failed.
        served.until_published(2 * round - 1).await;
        peer.send(&publish("deaf", round));
        drop(peer);
        assert_eq!(recv_number(&mut receiver).await, Some(round));
        served.until_subscribers(1).await;
    }
}

#[tokio::test]
async fn an_id_is_free_as_soon_as_its_client_is_known_to_be_dead() {
    let served = Served::new(BrokerConfig::default());
    let bus = served.connect("heir").await;
    for _ in 0..50 {
        let mut peer = served.raw("short-lived");
        peer.subscribe("same", 8);
        drop(peer);
        served.until_subscribers(0).await;
        drop(bus.subscribe(all_processes("same")).await.unwrap());
        served.until_subscribers(0).await;
    }
}

#[tokio::test]
async fn what_a_killed_publisher_had_sent_waits_for_a_full_subscriber() {
    const EVENTS: u64 = 100;
    let served = Served::new(BrokerConfig::default());
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "embedded");
    let small = EventSubscription::new("small").with_pattern("events.process.x").with_capacity(1);
    let mut receiver = embedded.subscribe(small).await.unwrap();
    let mut peer = served.raw("killed");
    for sequence in 1..=EVENTS {
        peer.send(&publish("killed", sequence));
    }
    peer.fence();
    // Unread bytes and half a frame: the worst way to go.
    peer.send(&Message::default().number(1, 1).framed(frame::STATISTICS_REQUEST));
    peer.send(&publish("killed", EVENTS + 1)[..9]);
    drop(peer);
    for number in 1..=EVENTS {
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
}
