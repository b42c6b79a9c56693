//! What is to be confirmed has limits, and whoever keeps to them is served whatever breaks (W6, C14).

use std::time::Duration;

use daemoneye_eventbus::contract::{Confirmation, InspectionQuery};
use daemoneye_eventbus::topic::default_topic;
use daemoneye_eventbus::{
    BrokerConfig, CollectionEvent, DaemoneyeEventBus, EventBus, EventBusClient, EventHeader,
    ProcessEvent, PublishError, SubscribeError,
};
use tokio::task::JoinSet;

use crate::stage::{Stage, all, behind, event, number, numbers_to, until, within};

type Told = JoinSet<Result<(), PublishError>>;

fn large(number: u64) -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent {
        header: EventHeader { source_sequence: number, ..EventHeader::default() },
        name: "x".repeat(32 << 10).into(),
        ..ProcessEvent::default()
    })
}

async fn submit(publisher: &EventBusClient, told: &mut Told, event: CollectionEvent) {
    let topic = default_topic(&event);
    let receipt = publisher.submit_to(topic, event, None, Confirmation::Delivered);
    told.spawn(within(receipt).await.unwrap().confirmed());
}

async fn all_delivered(told: Told) {
    assert!(within(told.join_all()).await.iter().all(Result::is_ok));
}

/// What this client had said before has come to the broker.
async fn fence(client: &EventBusClient) {
    for _ in 0..2 {
        within(client.statistics()).await.unwrap();
    }
}

#[tokio::test]
async fn large_events_wait_for_room_and_break_no_limit_of_the_broker() {
    let stage = Stage::usual();
    let publisher = stage.near("p", Confirmation::Delivered).await;
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let mut told = Told::new();
    let send = async {
        for number in 0..200 {
            submit(&publisher, &mut told, large(number)).await;
        }
    };
    let both = async { tokio::join!(send, numbers_to(&mut receiver, 199)) };
    let ((), received) = within(Box::pin(both)).await;
    assert!(received.into_iter().eq(0..200));
    all_delivered(told).await;
}

#[tokio::test]
async fn what_is_sent_again_at_the_limit_breaks_none() {
    let mut config = BrokerConfig::default();
    config.unconfirmed_limit_events = 4;
    let stage = Stage::new(config);
    let relay = stage.relay("relay.sock");
    let publisher = behind(&relay, "p", Confirmation::Delivered).await;
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let mut told = Told::new();
    for number in 0..4 {
        submit(&publisher, &mut told, event(number)).await;
    }
    until(|| stage.broker().statistics().events_published == 4).await;
    relay.cut();
    until(|| publisher.resumed().times == 1).await;
    fence(&publisher).await;
    assert_eq!(numbers_to(&mut receiver, 3).await, [0, 1, 2, 3]);
    all_delivered(told).await;
}

#[tokio::test]
async fn what_is_confirmed_while_it_is_sent_again_is_sent_no_third_time() {
    const EVENTS: u64 = 30;
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let publisher = behind(&relay, "p", Confirmation::Delivered).await;
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let mut told = Told::new();
    for number in 0..EVENTS {
        submit(&publisher, &mut told, large(number)).await;
    }
    until(|| stage.broker().statistics().events_published == EVENTS).await;
    relay.close();
    assert!(numbers_to(&mut receiver, EVENTS - 1).await.into_iter().eq(0..EVENTS));
    fence(&subscriber).await;
    relay.open();
    until(|| publisher.resumed().times == 1).await;
    // The word has come; most frames are still to be written when the connection breaks again.
    within(told.join_next()).await.unwrap().unwrap().unwrap();
    relay.cut();
    until(|| publisher.resumed().times == 2).await;
    all_delivered(told).await;
    let mut told = Told::new();
    submit(&publisher, &mut told, event(EVENTS)).await;
    assert_eq!(number(&mut receiver).await, EVENTS);
    all_delivered(told).await;
}

#[tokio::test]
async fn a_client_that_waits_for_its_own_subscription_comes_back_to_it() {
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let client = behind(&relay, "own", Confirmation::Delivered).await;
    let mut receiver = client.subscribe(all("own").with_capacity(2)).await.unwrap();
    let mut told = Told::new();
    for number in 0..6 {
        submit(&client, &mut told, event(number)).await;
    }
    fence(&client).await;
    assert_eq!(stage.broker().statistics().events_published, 2, "the others wait");
    relay.cut();
    until(|| client.resumed().times == 1).await;
    assert_eq!(numbers_to(&mut receiver, 5).await, [0, 1, 2, 3, 4, 5]);
    all_delivered(told).await;
    assert_eq!(stage.broker().inspect(&InspectionQuery::default()).expired_subscriptions, 0);
}

#[tokio::test]
async fn a_publisher_that_comes_back_late_is_still_known() {
    let config = BrokerConfig::default().with_recovery_window(Duration::from_millis(100));
    let stage = Stage::new(config);
    let relay = stage.relay("relay.sock");
    let local = DaemoneyeEventBus::from_broker(stage.broker(), "inside");
    let mut inside = local.subscribe(all("inside")).await.unwrap();
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let publisher = behind(&relay, "p", Confirmation::Delivered).await;
    // It is given up when the recovery window of everything else behind the relay is over.
    let marker = behind(&relay, "marker", Confirmation::Fire).await;
    let unwanted = daemoneye_eventbus::EventSubscription::new("marker").with_pattern("events.x");
    let _marker = marker.subscribe(unwanted).await.unwrap();
    let mut told = Told::new();
    for number in 0..3 {
        submit(&publisher, &mut told, event(number)).await;
    }
    until(|| stage.broker().statistics().events_published == 3).await;
    relay.close();
    let expired = || stage.broker().inspect(&InspectionQuery::default()).expired_subscriptions;
    until(|| expired() == 1).await;
    relay.open();
    until(|| publisher.resumed().times == 1).await;
    let told = within(told.join_all()).await;
    assert!(told.iter().all(|told| matches!(told, Ok(()) | Err(PublishError::Undelivered))));
    assert_eq!(numbers_to(&mut inside, 2).await, [0, 1, 2]);
    assert_eq!(numbers_to(&mut receiver, 2).await, [0, 1, 2]);
    assert_eq!(stage.broker().statistics().events_published, 3, "it came twice");
}

#[tokio::test]
async fn nobody_else_gets_the_id_of_a_subscription_that_waits_for_its_client() {
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let subscriber = behind(&relay, "s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let other = stage.near("other", Confirmation::Accepted).await;
    relay.close();
    stage.until_subscribers(0).await;
    let refused = other.subscribe(all("s")).await.unwrap_err();
    assert_eq!(refused, SubscribeError::DuplicateId { id: "s".to_owned() });
    relay.open();
    stage.until_subscribers(1).await;
    within(other.publish(event(1), None)).await.unwrap();
    assert_eq!(number(&mut receiver).await, 1);
    // A client of the same name that was started anew takes its place.
    relay.close();
    stage.until_subscribers(0).await;
    let anew = stage.near("s", Confirmation::Fire).await;
    assert!(anew.subscribe(all("s")).await.is_ok());
}

#[tokio::test]
async fn a_subscriber_that_acknowledges_nothing_holds_nobody_up_for_ever() {
    let config = BrokerConfig::default().with_stall_limit(Duration::from_millis(200));
    let stage = Stage::new(config);
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let _unread = subscriber.subscribe(all("unread")).await.unwrap();
    let publisher = stage.near("p", Confirmation::Delivered).await;
    let told = within(publisher.publish(event(1), None)).await;
    assert_eq!(told, Err(PublishError::Undelivered));
    let mut told = Told::new();
    submit(&publisher, &mut told, event(2)).await;
    drop(publisher);
    let connections = || stage.broker().inspect(&InspectionQuery::default()).connections.len();
    until(|| connections() == 1).await;
}
