//! The end of a broker, a client, a handle, a call (C13, C14).

use std::time::Duration;

use daemoneye_eventbus::broker::ServeError;
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, DaemoneyeBroker, EventBus, PublishError, ShutdownError, SocketAddress,
};

use crate::encode::{Message, frame};
use crate::peer::{Next, Peer, WATCHDOG, publish};
use crate::served::{SOON, Served, all_processes, event, is_pending_at_first, recv_number, within};

#[tokio::test]
async fn a_client_that_never_says_goodbye_ends_a_shutdown_at_its_deadline() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("rude");
    peer.fence();
    let ended = within(served.broker.shutdown(SOON)).await;
    assert_eq!(ended, Err(ShutdownError::Deadline { undelivered: 0, waited: SOON }));
    assert_eq!(peer.expect(frame::GOODBYE).number(1), 0);
    assert_eq!(peer.expect(frame::GOODBYE).number(1), 1);
    assert_eq!(served.broker.shutdown(SOON).await, Ok(()));
    assert_eq!(std::fs::read_dir(served.folder.path()).unwrap().count(), 0);
}

/// More than a socket holds.
const TOO_MANY: u64 = 20_000;

/// A client that reads nothing, with more on its way to it than its socket holds.
async fn deaf_client(served: &Served) -> Peer {
    let mut peer = served.raw("deaf");
    let (_, window) = peer.subscribe("deaf", 2 * TOO_MANY);
    assert_eq!(window, TOO_MANY);
    let publisher = served.connect("p").await;
    for number in 0..TOO_MANY {
        publisher.publish(event(number), None).await.unwrap();
    }
    publisher.shutdown(WATCHDOG).await.unwrap();
    peer
}

/// What the client still finds in its socket.
fn deliveries(mut peer: Peer) -> u64 {
    let mut found = 0;
    while let Next::Frame(field, _) = peer.next() {
        found += u64::from(field == frame::DELIVER);
    }
    found
}

fn undelivered(ended: &Result<(), ShutdownError>) -> u64 {
    match ended {
        Err(ShutdownError::Deadline { undelivered, .. }) => *undelivered,
        _ => panic!("the socket held everything: {ended:?}"),
    }
}

#[tokio::test]
#[cfg_attr(
    windows,
    ignore = "a write that is cut off keeps its pipe open until its peer has read or closes"
)]
async fn a_shutdown_tells_how_many_events_a_deaf_client_did_not_take() {
    let served = Served::new(BrokerConfig::default());
    let peer = deaf_client(&served).await;
    let ended = within(served.broker.shutdown(SOON)).await;
    assert_eq!(deliveries(peer) + undelivered(&ended), TOO_MANY);
}

#[tokio::test]
#[cfg_attr(
    windows,
    ignore = "a write that is cut off keeps its pipe open until its peer has read or closes"
)]
async fn a_shutdown_called_again_after_a_cancelled_one_waits_for_the_same_end() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = deaf_client(&served).await;
    // It says goodbye, so the first call has nothing to wait for but the connections' end.
    peer.send(&Message::default().number(1, 1).framed(frame::GOODBYE));
    served.until_subscribers(0).await;
    let mut ending = Box::pin(served.broker.shutdown(WATCHDOG));
    assert!(is_pending_at_first(&mut ending));
    drop(ending);
    let ended = within(served.broker.shutdown(SOON)).await;
    assert_eq!(std::fs::read_dir(served.folder.path()).unwrap().count(), 0);
    assert_eq!(deliveries(peer) + undelivered(&ended), TOO_MANY);
    assert_eq!(served.broker.shutdown(SOON).await, Ok(()));
}

#[tokio::test]
#[cfg_attr(
    windows,
    ignore = "a write that is cut off keeps its pipe open until its peer has read or closes"
)]
async fn shutdowns_at_the_same_time_return_when_it_is_over_and_say_the_same() {
    let served = Served::new(BrokerConfig::default());
    let peer = deaf_client(&served).await;
    let served = &served;
    let files_after = |deadline| async move {
        let ended = within(served.broker.shutdown(deadline)).await;
        (ended, std::fs::read_dir(served.folder.path()).unwrap().count())
    };
    let (patient, hasty) = tokio::join!(files_after(WATCHDOG), files_after(SOON));
    assert_eq!(patient, hasty);
    let (ended, files) = hasty;
    let undelivered = undelivered(&ended);
    assert_eq!(ended, Err(ShutdownError::Deadline { undelivered, waited: SOON }));
    assert_eq!(files, 0);
    assert_eq!(deliveries(peer) + undelivered, TOO_MANY);
}

#[tokio::test]
async fn a_broker_dropped_without_shutdown_ends_its_connections_and_frees_its_name() {
    let served = Served::new(BrokerConfig::default());
    let client = served.connect_once("c").await;
    let mut receiver = client.subscribe(all_processes("s")).await.unwrap();
    let mut peer = served.raw("raw");
    let mut stranger = served.stranger();
    drop(served.broker);
    while !matches!(peer.next(), Next::Closed) {}
    assert!(matches!(stranger.next(), Next::Closed));
    assert_eq!(recv_number(&mut receiver).await, None);
    let refused = within(async {
        loop {
            if let Err(error) = client.publish(event(1), None).await {
                return error;
            }
        }
    });
    assert!(matches!(refused.await, PublishError::Disconnected { .. }));
    within(async {
        while std::fs::read_dir(served.folder.path()).unwrap().count() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_subscribe_leaves_no_subscription_behind() {
    let served = Served::new(BrokerConfig::default());
    let client = served.connect("c").await;
    for round in 0..50 {
        let id = format!("round {round}");
        let mut subscribing = Box::pin(client.subscribe(all_processes(&id)));
        // Polled once, so that the request is on its way, then dropped.
        assert!(is_pending_at_first(&mut subscribing));
        drop(subscribing);
    }
    client.statistics().await.unwrap();
    served.until_subscribers(0).await;
    drop(client.subscribe(all_processes("round 0")).await.unwrap());
}

#[tokio::test]
async fn receivers_outlive_their_handle_and_the_last_one_ends_the_connection() {
    let served = Served::new(BrokerConfig::default());
    let publisher = served.connect("p").await;
    let subscriber = served.connect("s").await;
    let mut first = subscriber.subscribe(all_processes("first")).await.unwrap();
    let mut second = subscriber.subscribe(all_processes("second")).await.unwrap();
    drop(subscriber);
    publisher.publish(event(1), None).await.unwrap();
    assert_eq!(recv_number(&mut first).await, Some(1));
    drop(first);
    publisher.publish(event(2), None).await.unwrap();
    assert_eq!(recv_number(&mut second).await, Some(1));
    assert_eq!(recv_number(&mut second).await, Some(2));
    served.until_subscribers(1).await;
    drop(second);
    served.until_subscribers(0).await;
    let mut raw = served.raw("fence");
    assert_eq!(raw.fence().number(5), 0);
}

#[tokio::test]
async fn events_of_a_dropped_handle_are_still_written() {
    const EVENTS: u64 = 1_000;
    let served = Served::new(BrokerConfig::default());
    let subscriber = served.connect("s").await;
    let mut receiver = subscriber.subscribe(all_processes("s")).await.unwrap();
    let publisher = served.connect("p").await;
    for number in 0..EVENTS {
        publisher.publish(event(number), None).await.unwrap();
    }
    drop(publisher);
    for number in 0..EVENTS {
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
}

#[tokio::test]
async fn a_goodbye_is_answered_after_everything_before_it_was_routed() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("polite");
    let mut bytes = Vec::new();
    for sequence in 1..=500 {
        bytes.extend(publish("polite", sequence));
    }
    bytes.extend(Message::default().number(1, 1).framed(frame::GOODBYE));
    peer.send(&bytes);
    assert_eq!(peer.expect(frame::GOODBYE).number(1), 1);
    assert_eq!(served.broker.statistics().events_published, 500);
}

#[tokio::test]
async fn a_cancelled_shutdown_can_be_called_again() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("undecided");
    peer.fence();
    let mut ending = Box::pin(served.broker.shutdown(WATCHDOG));
    assert!(is_pending_at_first(&mut ending));
    drop(ending);
    peer.send(&Message::default().number(1, 1).framed(frame::GOODBYE));
    within(served.broker.shutdown(WATCHDOG)).await.unwrap();
    assert_eq!(std::fs::read_dir(served.folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_broker_that_ends_or_has_ended_serves_no_more() {
    let served = Served::new(BrokerConfig::default());
    let mut undecided = served.raw("undecided");
    undecided.fence();
    let refused = || {
        let path = served.folder.path().join("late.sock");
        let listener = Listener::bind(&SocketAddress::from_path(path).unwrap()).unwrap();
        let outcome = served.broker.serve(listener);
        assert!(matches!(outcome, Err(ServeError::Closed)), "{outcome:?}");
    };
    let mut ending = Box::pin(served.broker.shutdown(WATCHDOG));
    assert!(is_pending_at_first(&mut ending));
    refused();
    drop(undecided);
    within(ending).await.unwrap();
    refused();
    assert_eq!(std::fs::read_dir(served.folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_broker_nobody_served_shuts_down_at_once() {
    let broker = DaemoneyeBroker::new(BrokerConfig::default());
    assert_eq!(broker.shutdown(Duration::ZERO).await, Ok(()));
}
