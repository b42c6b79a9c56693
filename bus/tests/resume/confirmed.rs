//! Publishing that is confirmed (W6): nothing lost and nothing twice while connections break, and
//! the truth where it cannot be kept.

use std::time::Duration;

use daemoneye_eventbus::contract::{Confirmation, InspectionQuery};
use daemoneye_eventbus::topic::default_topic;
use daemoneye_eventbus::{BrokerConfig, EventBus, EventSubscription, PublishError};
use tokio::task::JoinSet;

use crate::stage::{
    Stage, all, behind, config, connect, event, number, numbers_to, publish, until, within,
};

const EVENTS: u64 = 600;

#[tokio::test]
async fn delivered_is_told_once_every_blocking_subscription_has_taken_the_event() {
    let stage = Stage::usual();
    let publisher = stage.near("p", Confirmation::Delivered).await;
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut first = subscriber.subscribe(all("first")).await.unwrap();
    let mut second = subscriber.subscribe(all("second")).await.unwrap();
    let published = publisher.publish(event(1), None);
    tokio::pin!(published);
    tokio::select! {
        told = &mut published => panic!("told before anybody had taken it: {told:?}"),
        taken = number(&mut first) => assert_eq!(taken, 1),
    }
    // What is told of the first comes before the answers to these.
    let fences = async {
        within(subscriber.statistics()).await.unwrap();
        within(publisher.statistics()).await.unwrap();
    };
    tokio::select! {
        biased;
        told = &mut published => panic!("told before the second had taken it: {told:?}"),
        () = fences => {}
    }
    assert_eq!(number(&mut second).await, 1);
    assert_eq!(within(published).await, Ok(()));
}

#[tokio::test]
async fn accepted_waits_for_the_broker_alone_and_fire_for_nobody() {
    let stage = Stage::usual();
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let _unread = subscriber.subscribe(all("unread")).await.unwrap();
    let publisher = stage.near("p", Confirmation::Accepted).await;
    publish(&publisher, 0..10).await;
    assert_eq!(stage.broker().statistics().events_published, 10, "told of what it has not");
    let topic = default_topic(&event(0));
    let receipt = within(publisher.submit_to(topic, event(10), None, Confirmation::Fire)).await;
    assert_eq!(within(receipt.unwrap().confirmed()).await, Ok(()));
}

#[tokio::test]
async fn only_those_who_block_are_waited_for() {
    use daemoneye_eventbus::OverflowPolicy::{DropNewest, DropOldest};
    let stage = Stage::usual();
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut unread = Vec::new();
    for (id, policy) in [("newest", DropNewest), ("oldest", DropOldest)] {
        let wanted = all(id).with_policy(policy).with_capacity(2);
        unread.push(subscriber.subscribe(wanted).await.unwrap());
    }
    let other = EventSubscription::new("other").with_pattern("events.network.#");
    unread.push(subscriber.subscribe(other).await.unwrap());
    let publisher = stage.near("p", Confirmation::Delivered).await;
    publish(&publisher, 0..10).await;
}

#[tokio::test]
async fn many_may_be_on_their_way_at_once_and_are_told_each() {
    let stage = Stage::usual();
    let publisher = stage.near("p", Confirmation::Delivered).await;
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let mut told = JoinSet::new();
    let send = async {
        for number in 0..EVENTS {
            let (topic, event) = (default_topic(&event(number)), event(number));
            let delivered = Confirmation::Delivered;
            let receipt = publisher.submit_to(topic, event, None, delivered).await.unwrap();
            told.spawn(receipt.confirmed());
        }
    };
    let ((), received) =
        within(async { tokio::join!(send, numbers_to(&mut receiver, EVENTS - 1)) }).await;
    assert!(received.into_iter().eq(0..EVENTS));
    let told = within(told.join_all()).await;
    assert!(told.len() as u64 == EVENTS && told.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_publisher_whose_connections_break_loses_nothing_and_repeats_nothing() {
    for confirmation in [Confirmation::Accepted, Confirmation::Delivered] {
        let stage = Stage::usual();
        let relay = stage.relay("relay.sock");
        let subscriber = stage.near("s", Confirmation::Fire).await;
        let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
        let publisher = behind(&relay, "p", confirmation).await;
        let send = async {
            for number in 0..EVENTS {
                if number % 50 == 25 {
                    relay.cut();
                }
                publisher.publish(event(number), None).await.unwrap();
            }
        };
        let ((), received) =
            within(async { tokio::join!(send, numbers_to(&mut receiver, EVENTS - 1)) }).await;
        assert!(received.into_iter().eq(0..EVENTS), "{confirmation:?}");
        let statistics = stage.broker().statistics();
        assert_eq!(statistics.events_published, EVENTS, "what was sent again counted again");
        assert!(relay.admitted() > 5, "the connection hardly ever broke");
    }
}

#[tokio::test]
async fn a_subscriber_whose_connections_break_gets_everything_delivered_once() {
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let subscriber = behind(&relay, "s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s").with_capacity(16)).await.unwrap();
    let publisher = stage.near("p", Confirmation::Delivered).await;
    let mut told = JoinSet::new();
    let send = async {
        for number in 0..EVENTS {
            if number % 50 == 25 {
                relay.cut();
                until(|| subscriber.resumed().times == 1 + number / 50).await;
            }
            let (topic, event) = (default_topic(&event(number)), event(number));
            let delivered = Confirmation::Delivered;
            let receipt = publisher.submit_to(topic, event, None, delivered).await.unwrap();
            told.spawn(receipt.confirmed());
        }
    };
    let ((), received) =
        within(async { tokio::join!(send, numbers_to(&mut receiver, EVENTS - 1)) }).await;
    assert!(received.into_iter().eq(0..EVENTS));
    assert!(within(told.join_all()).await.iter().all(Result::is_ok));
    assert!(subscriber.resumed().times > 3, "the connection hardly ever broke");
    assert_eq!(receiver.lagged(), 0);
    assert_eq!(receiver.resumed().lost.at_most(), Some(0));
}

#[tokio::test]
async fn an_event_taken_while_the_connection_was_gone_is_confirmed_by_the_next() {
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let subscriber = behind(&relay, "s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let publisher = stage.near("p", Confirmation::Delivered).await;
    let topic = default_topic(&event(1));
    let receipt =
        publisher.submit_to(topic, event(1), None, Confirmation::Delivered).await.unwrap();
    // It is in the subscriber's process when the answer to this is.
    while within(publisher.statistics()).await.unwrap().events_delivered == 0 {}
    within(subscriber.statistics()).await.unwrap();
    relay.close();
    stage.until_subscribers(0).await;
    assert_eq!(number(&mut receiver).await, 1);
    relay.open();
    assert_eq!(within(receipt.confirmed()).await, Ok(()));
    assert_eq!(receiver.resumed().lost.at_most(), Some(0));
}

#[tokio::test]
async fn a_subscriber_that_never_comes_back_is_told_to_its_publishers() {
    let window = Duration::from_millis(100);
    let stage = Stage::new(BrokerConfig::default().with_recovery_window(window));
    let relay = stage.relay("relay.sock");
    let gone = behind(&relay, "gone", Confirmation::Fire).await;
    let _unread = gone.subscribe(all("gone")).await.unwrap();
    let near = stage.near("near", Confirmation::Fire).await;
    let mut stays = near.subscribe(all("stays")).await.unwrap();
    let publisher = stage.near("p", Confirmation::Delivered).await;
    let on_its_way = publisher.publish(event(1), None);
    tokio::pin!(on_its_way);
    tokio::select! {
        told = &mut on_its_way => panic!("told before it was taken: {told:?}"),
        taken = number(&mut stays) => assert_eq!(taken, 1),
    }
    let seen = || {
        let seen = stage.broker().inspect(&InspectionQuery::default());
        (seen.parked_subscriptions, seen.expired_subscriptions)
    };
    assert_eq!(seen(), (0, 0));
    relay.close();
    stage.until_subscribers(1).await;
    assert_eq!(seen().0 + seen().1, 1, "neither waited for nor given up");
    // One is on its way to whoever is gone, the other waits for it to come back.
    let (first, second, received) = within(async {
        tokio::join!(on_its_way, publisher.publish(event(2), None), number(&mut stays))
    })
    .await;
    assert_eq!(first, Err(PublishError::Undelivered));
    assert_eq!((second, received), (Err(PublishError::Undelivered), 2));
    let (third, received) =
        within(async { tokio::join!(publisher.publish(event(3), None), number(&mut stays)) }).await;
    assert_eq!((third, received), (Ok(()), 3), "nobody waits for it any more");
    assert_eq!(seen(), (0, 1));
}

#[tokio::test]
async fn a_receiver_that_was_dropped_while_its_connection_was_gone_holds_nobody_up() {
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let client = behind(&relay, "s", Confirmation::Fire).await;
    let dropped = client.subscribe(all("dropped")).await.unwrap();
    let publisher = stage.near("p", Confirmation::Delivered).await;
    relay.close();
    stage.until_subscribers(0).await;
    drop(dropped);
    let opened = async {
        tokio::task::yield_now().await;
        relay.open();
    };
    let (told, ()) =
        within(async { tokio::join!(publisher.publish(event(1), None), opened) }).await;
    assert_eq!(told, Ok(()));
    assert!(client.subscribe(all("dropped")).await.is_ok(), "its id is free");
}

#[tokio::test]
async fn a_confirmation_that_does_not_come_is_told_at_the_limit_and_the_event_arrives() {
    let stage = Stage::usual();
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let waited = Duration::from_millis(50);
    let impatient =
        config("p").with_confirmation(Confirmation::Delivered).with_confirm_limit(waited);
    let publisher = connect(&stage.address(), impatient).await;
    let told = within(publisher.publish(event(1), None)).await;
    assert_eq!(told, Err(PublishError::Unconfirmed { waited }));
    assert_eq!(number(&mut receiver).await, 1);
}

#[tokio::test]
async fn events_that_wait_to_be_confirmed_have_a_limit_and_so_has_the_wait() {
    let stage = Stage::usual();
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let waited = Duration::from_millis(50);
    let mut few = config("p").with_publish_limit(waited);
    few.unconfirmed_limit_events = 3;
    let publisher = connect(&stage.address(), few).await;
    let submit = |number| {
        let topic = default_topic(&event(number));
        publisher.submit_to(topic, event(number), None, Confirmation::Delivered)
    };
    let mut receipts = Vec::new();
    for number in 1..=3 {
        receipts.push(submit(number).await.unwrap());
    }
    let refused = within(submit(4)).await.unwrap_err();
    assert_eq!(refused, PublishError::Timeout { waited });
    assert_eq!(numbers_to(&mut receiver, 3).await, [1, 2, 3]);
    for receipt in receipts {
        assert_eq!(within(receipt.confirmed()).await, Ok(()));
    }
    assert!(within(submit(4)).await.is_ok());
}

#[tokio::test]
async fn a_shutdown_waits_for_what_is_to_be_confirmed() {
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let publisher = behind(&relay, "p", Confirmation::Delivered).await;
    let topic = default_topic(&event(1));
    let receipt =
        publisher.submit_to(topic, event(1), None, Confirmation::Delivered).await.unwrap();
    relay.cut();
    let (ended, taken) = within(async {
        tokio::join!(publisher.shutdown(crate::stage::WATCHDOG), number(&mut receiver))
    })
    .await;
    assert_eq!((ended, taken), (Ok(()), 1));
    assert_eq!(within(receipt.confirmed()).await, Ok(()));
    until(|| stage.broker().statistics().events_published == 1).await;
}
