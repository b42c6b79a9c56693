//! A broker that is killed and comes back (W6): what was confirmed arrives once, what was not is not
//! passed over in silence (W5).

use std::time::Duration;

use daemoneye_eventbus::acl::{Principal, Role};
use daemoneye_eventbus::contract::{Confirmation, Lost};
use daemoneye_eventbus::{
    BrokerConfig, ConnectError, Credential, EventBus, EventBusClient, PublishError,
};
use tokio::task::JoinSet;

use crate::stage::{
    Stage, WATCHDOG, all, behind, config, connect, event, number, numbers_to, publish, until,
    within,
};

const EVENTS: u64 = 400;

/// Publishes and waits for each, in order.
async fn send(publisher: EventBusClient, numbers: std::ops::Range<u64>) -> EventBusClient {
    publish(&publisher, numbers).await;
    publisher
}

#[tokio::test]
async fn delivered_events_outlive_their_brokers_and_arrive_once() {
    let mut stage = Stage::usual();
    let mut receivers = Vec::new();
    let mut subscribers = Vec::new();
    for name in ["one", "other"] {
        let subscriber = stage.near(name, Confirmation::Fire).await;
        receivers.push(subscriber.subscribe(all(name).with_capacity(32)).await.unwrap());
        subscribers.push(subscriber);
    }
    let mut publishers = JoinSet::new();
    for (name, first) in [("p", 0), ("q", EVENTS)] {
        let publisher = stage.near(name, Confirmation::Delivered).await;
        publishers.spawn(send(publisher, first..first + EVENTS));
    }
    let mut received: Vec<Vec<u64>> = vec![Vec::new(); 2];
    let mut brokers = 1;
    for _ in 0..2 * EVENTS {
        for (receiver, received) in receivers.iter_mut().zip(&mut received) {
            received.push(number(receiver).await);
        }
        if received[0].len() % 150 == 100 {
            stage.kill();
            stage.start();
            brokers += 1;
        }
    }
    assert!(brokers > 5);
    assert_eq!(within(publishers.join_all()).await.len(), 2);
    for received in &received {
        let of =
            |first: u64| received.iter().filter(move |at| (first..first + EVENTS).contains(at));
        assert!(of(0).copied().eq(0..EVENTS) && of(EVENTS).copied().eq(EVENTS..2 * EVENTS));
    }
    for receiver in &mut receivers {
        assert_eq!(receiver.resumed().times, brokers - 1);
        assert_eq!(receiver.resumed().lost, Lost::Unknown, "nobody counted");
        assert_eq!(receiver.lagged(), 0);
        assert_eq!(receiver.position(), 2 * EVENTS, "a gap though nothing was lost");
    }
}

#[tokio::test]
async fn a_delivered_event_waits_for_those_who_had_subscribed_with_the_broker_before() {
    let mut stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let subscriber = behind(&relay, "s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let publisher = stage.near("p", Confirmation::Delivered).await;
    relay.close();
    stage.kill();
    stage.start();
    let published = publisher.publish(event(1), None);
    tokio::pin!(published);
    // It has come to the broker when the answer to this is there.
    let fence = async { within(publisher.statistics()).await.unwrap() };
    tokio::select! {
        biased;
        told = &mut published => panic!("told though nobody has it: {told:?}"),
        statistics = fence => assert_eq!(statistics.events_published, 0, "it did not wait"),
    }
    relay.open();
    let (told, taken) = within(async { tokio::join!(published, number(&mut receiver)) }).await;
    assert_eq!((told, taken), (Ok(()), 1));
}

#[tokio::test]
async fn fire_events_that_were_lost_with_a_broker_are_never_more_than_told() {
    let mut stage = Stage::usual();
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let publisher = stage.near("p", Confirmation::Fire).await;
    for number in 0..=EVENTS {
        within(publisher.publish(event(number), None)).await.unwrap();
        if number % 100 == 50 {
            stage.kill();
            stage.start();
        }
        if number == EVENTS - 1 {
            until(|| publisher.resumed().times > 0 && subscriber.resumed().times > 0).await;
            stage.until_subscribers(1).await;
        }
    }
    let received = numbers_to(&mut receiver, EVENTS).await;
    assert!(received.is_sorted_by(|one, next| one < next), "out of order, or twice");
    let lost = EVENTS + 1 - received.len() as u64;
    let told = receiver.resumed().lost;
    assert!(told.at_most().is_none_or(|most| lost <= most), "{lost} lost, {told:?} told");
}

#[tokio::test]
async fn a_session_key_outlives_its_broker_and_a_token_does_not() {
    let mut stage = Stage::usual();
    let principal = Principal::new("watcher", Role::Agent).unwrap();
    let token = stage.broker().issue_token(principal, WATCHDOG).unwrap();
    let proven = config("watcher").with_credential(Credential::SpawnToken(token.clone()));
    let client = connect(&stage.address(), proven.clone()).await;
    let mut receiver = client.subscribe(all("s")).await.unwrap();
    stage.kill();
    stage.start();
    stage.until_subscribers(1).await;
    publish(&client, 1..2).await;
    assert_eq!(number(&mut receiver).await, 1);
    let stranger = within(EventBusClient::connect(&stage.address(), config("watcher"))).await;
    assert!(matches!(stranger, Err(ConnectError::Identity { .. })), "its name is taken");
    let again = within(EventBusClient::connect(&stage.address(), proven)).await;
    assert!(matches!(again, Err(ConnectError::Identity { .. })), "the token was used");
}

#[tokio::test]
async fn a_client_whose_key_nobody_knows_any_more_ends_and_says_why() {
    let mut stage = Stage::usual();
    let principal = Principal::new("watcher", Role::Agent).unwrap();
    let token = stage.broker().issue_token(principal, WATCHDOG).unwrap();
    let proven = config("watcher").with_credential(Credential::SpawnToken(token));
    let client = connect(&stage.address(), proven).await;
    let mut receiver = client.subscribe(all("s")).await.unwrap();
    stage.kill();
    while std::fs::remove_file(stage.folder.path().join("journal")).is_err() {}
    stage.start();
    assert!(within(receiver.recv()).await.is_none());
    within(client.ended()).await;
    let refused = within(client.publish(event(1), None)).await.unwrap_err();
    assert!(refused.to_string().contains("the session key is not known here"), "{refused}");
}

#[tokio::test]
async fn a_broker_that_ended_in_order_leaves_nobody_to_wait_for() {
    let mut stage = Stage::usual();
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    within(stage.broker().shutdown(WATCHDOG)).await.unwrap();
    assert!(within(receiver.recv()).await.is_none());
    stage.kill();
    stage.start();
    let publisher = stage.near("p", Confirmation::Delivered).await;
    publish(&publisher, 0..1).await;
    assert_eq!(subscriber.resumed().times, 0, "it was told that the broker ends");
}

#[tokio::test]
async fn nobody_is_waited_for_longer_than_the_recovery_window() {
    let window = Duration::from_millis(100);
    let mut stage = Stage::new(BrokerConfig::default().with_recovery_window(window));
    let relay = stage.relay("relay.sock");
    let gone = behind(&relay, "gone", Confirmation::Fire).await;
    let _unread = gone.subscribe(all("gone")).await.unwrap();
    relay.close();
    stage.kill();
    stage.start();
    let publisher = stage.near("p", Confirmation::Delivered).await;
    let told = within(publisher.publish(event(1), None)).await;
    assert_eq!(told, Err(PublishError::Undelivered));
    publish(&publisher, 2..3).await;
}

#[tokio::test]
async fn a_flood_goes_on_with_the_next_broker() {
    const FLOOD: u64 = 6_000;
    let mut stage = Stage::usual();
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let publisher = stage.near("p", Confirmation::Fire).await;
    let mut received = Vec::new();
    for number in 0..FLOOD {
        within(publisher.publish(event(number), None)).await.unwrap();
        if number == FLOOD / 3 {
            stage.kill();
        }
        if number == 2 * FLOOD / 3 {
            stage.start();
        }
        while let Ok(event) = receiver.try_recv() {
            received.push(event.event.header().source_sequence);
        }
    }
    until(|| publisher.resumed().times == 1).await;
    stage.until_subscribers(1).await;
    within(publisher.publish(event(FLOOD), None)).await.unwrap();
    received.extend(numbers_to(&mut receiver, FLOOD).await);
    assert!(received.is_sorted_by(|one, next| one < next), "out of order, or twice");
}
