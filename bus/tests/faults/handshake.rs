//! Hello and its enemies (W1, W4, W8).

use std::time::Duration;

use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{BrokerConfig, SocketAddress};

use crate::encode::{Message, frame};
use crate::peer::{Next, Peer, WATCHDOG, hello, publish};
use crate::served::{Bystanders, SOON, Served, within};

/// `Refusal` codes of the schema.
const VERSION: u64 = 1;
const CONNECTION_LIMIT: u64 = 2;
const PROTOCOL: u64 = 3;
const TOO_LARGE: u64 = 5;
const TIMEOUT: u64 = 6;

#[test]
fn an_unknown_version_is_refused_with_the_brokers_range() {
    let served = Served::new(BrokerConfig::default());
    for (min, max) in [(2, 9), (0, 0), (5, 1)] {
        let mut peer = served.stranger();
        peer.send(&hello(min, max, "future"));
        let refusal = peer.expect(frame::REFUSAL);
        assert_eq!(refusal.number(1), VERSION, "{min} to {max}");
        assert_eq!((refusal.number(3), refusal.number(4)), (1, 1));
        assert!(matches!(peer.next(), Next::Closed));
    }
}

#[test]
fn a_range_that_holds_version_one_is_welcomed_with_it() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.stranger();
    peer.send(&hello(0, 7, "wide"));
    assert_eq!(peer.expect(frame::WELCOME).number(1), 1);
}

#[tokio::test]
async fn what_is_no_hello_is_refused_and_harms_nobody() {
    let served = Served::new(BrokerConfig::default());
    let mut bystanders = Bystanders::connect(&served).await;
    let long_name = "n".repeat(65);
    let too_long = u32::MAX.to_le_bytes().to_vec();
    let first_frames = [
        (PROTOCOL, publish("early", 1)),
        (PROTOCOL, Message::default().framed(frame::PING)),
        (PROTOCOL, Message::default().framed(frame::WELCOME)),
        (PROTOCOL, vec![0; 4]),
        (PROTOCOL, vec![3, 0, 0, 0, 0xff, 0xff, 0xff]),
        (PROTOCOL, hello(1, 1, "")),
        (PROTOCOL, hello(1, 1, &long_name)),
        (
            PROTOCOL,
            Message::default().number(1, 1).number(2, 1).bytes(3, [0xff]).framed(frame::HELLO),
        ),
        (TOO_LARGE, too_long),
    ];
    for (code, bytes) in first_frames {
        let mut peer = served.stranger();
        peer.send(&bytes);
        assert_eq!(peer.refusal().map(|(code, _)| code), Some(code), "{bytes:?}");
        bystanders.exchange().await;
    }
}

#[test]
fn a_second_hello_is_refused() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("twice");
    peer.send(&hello(1, 1, "twice"));
    assert_eq!(peer.refusal().map(|(code, _)| code), Some(PROTOCOL));
}

#[test]
fn a_hello_that_comes_too_late_is_refused_and_its_slot_is_free() {
    let config = BrokerConfig::default().with_connection_limit(1).with_handshake_limit(SOON);
    let served = Served::new(config);
    let mut slow = served.stranger();
    // A byte now and nothing more: dripping does not extend the limit.
    slow.send(&hello(1, 1, "slow")[..1]);
    assert_eq!(slow.refusal().map(|(code, _)| code), Some(TIMEOUT));
    introduced_once_there_is_room(&served);
}

#[test]
fn a_connection_over_the_limit_is_told_so_once_it_has_said_hello() {
    let served = Served::new(BrokerConfig::default().with_connection_limit(1));
    let first = served.raw("first");
    let mut second = served.stranger();
    second.send(&hello(1, 1, "second"));
    let (code, message) = second.refusal().unwrap();
    assert_eq!(code, CONNECTION_LIMIT, "{message}");
    assert!(message.contains("limit of 1"), "{message}");
    drop(first);
    introduced_once_there_is_room(&served);
}

#[test]
fn the_limit_of_connections_is_for_all_listeners_together() {
    let served = Served::new(BrokerConfig::default().with_connection_limit(1));
    let other = SocketAddress::from_path(served.folder.path().join("other.sock")).unwrap();
    served.broker.serve(Listener::bind(&other).unwrap()).unwrap();
    let _first = served.raw("first");
    let mut second = Peer::connect(other.path());
    second.send(&hello(1, 1, "second"));
    assert_eq!(second.refusal().map(|(code, _)| code), Some(CONNECTION_LIMIT));
}

#[test]
fn strangers_who_say_nothing_make_room_for_whoever_says_hello() {
    let config = BrokerConfig::default().with_connection_limit(2);
    let served = Served::new(config.with_handshake_limit(Duration::from_hours(1)));
    let mut silent: Vec<Peer> = (0..3).map(|_| served.stranger()).collect();
    let _first = served.raw("first");
    let _second = served.raw("second");
    // Five have come, and two at most are at the door.
    for told in silent.drain(..2) {
        let (code, message) = told.refusal().unwrap();
        assert_eq!(code, TIMEOUT);
        assert!(message.contains("makes room"), "{message}");
    }
}

#[test]
fn a_hello_split_at_every_byte_is_welcomed() {
    let served = Served::new(BrokerConfig::default());
    let bytes = hello(1, 1, "split");
    for at in 1..bytes.len() {
        let mut peer = served.stranger();
        peer.send(&bytes[..at]);
        peer.send(&bytes[at..]);
        peer.expect(frame::WELCOME);
    }
}

#[tokio::test]
async fn a_stranger_that_says_nothing_does_not_hold_up_a_shutdown() {
    let served = Served::new(BrokerConfig::default().with_handshake_limit(Duration::from_hours(1)));
    let mut silent = served.stranger();
    // Whoever came later and is through shows that the silent one was taken in.
    let mut known = served.raw("known");
    known.send(&Message::default().number(1, 1).framed(frame::GOODBYE));
    known.expect(frame::GOODBYE);
    drop(known);
    let ended = within(served.broker.shutdown(WATCHDOG)).await;
    assert_eq!(ended, Ok(()));
    assert!(matches!(silent.next(), Next::Closed));
}

#[test]
fn the_slot_of_a_publisher_is_free_while_its_events_still_wait() {
    let served = Served::new(BrokerConfig::default().with_connection_limit(2));
    let mut stuck = Peer::introduced(served.address.path(), "stuck");
    stuck.subscribe("stuck", 1);
    let mut publisher = Peer::introduced(served.address.path(), "publisher");
    for sequence in 1..=3 {
        publisher.send(&publish("publisher", sequence));
    }
    publisher.fence();
    drop(publisher);
    introduced_once_there_is_room(&served);
    let subscription = &served.broker.statistics().subscriptions[0];
    assert!(subscription.matched < 3, "nothing waited: {subscription:?}");
}

/// The slot of whoever was closed may take the broker a moment to free.
fn introduced_once_there_is_room(served: &Served) {
    for _ in 0..100_000 {
        let mut peer = Peer::connect(served.address.path());
        if peer.try_send(&hello(1, 1, "next"))
            && let Next::Frame(frame::WELCOME, _) = peer.next()
        {
            return;
        }
    }
    panic!("the slot was never free again");
}
