//! A broken connection to a broker that lives: what was lost is told exactly (W5).

use daemoneye_eventbus::contract::{Confirmation, Lost, Resumed};
use daemoneye_eventbus::{EventBus, OverflowPolicy, PublishError, SubscribeError};

use crate::stage::{
    Stage, WATCHDOG, all, behind, config, connect, event, number, numbers_to, publish, until,
    within,
};

#[tokio::test]
async fn a_subscription_goes_on_and_tells_exactly_what_it_lost() {
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let publisher = stage.near("p", Confirmation::Accepted).await;
    let subscriber = behind(&relay, "s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    publish(&publisher, 0..5).await;
    assert_eq!(numbers_to(&mut receiver, 4).await, [0, 1, 2, 3, 4]);
    let mut published = 5;
    for broken in 1..=3 {
        relay.close();
        stage.until_subscribers(0).await;
        publish(&publisher, published..published + 7).await;
        relay.open();
        stage.until_subscribers(1).await;
        published += 10;
        publish(&publisher, published - 3..published).await;
        assert_eq!(number(&mut receiver).await, published - 3);
        let lost = Resumed { times: broken, lost: Lost::Exactly(7 * broken) };
        assert_eq!(receiver.resumed(), lost);
        assert_eq!(receiver.position(), published - 2, "a gap where they were lost");
        assert_eq!(numbers_to(&mut receiver, published - 1).await, [published - 2, published - 1]);
    }
    assert_eq!(receiver.lagged(), 21);
    let statistics = stage.broker().statistics();
    let [row] = &statistics.subscriptions[..] else { panic!("{statistics:?}") };
    assert_eq!((row.matched, row.delivered, row.dropped), (35, 14, 21));
    assert_eq!((statistics.events_delivered, statistics.events_dropped), (14, 21));
    assert_eq!(subscriber.resumed().times, 3);
}

#[tokio::test]
async fn what_is_lost_amid_a_flood_is_told_exactly_too() {
    const EVENTS: u64 = 3_000;
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let publisher = stage.near("p", Confirmation::Fire).await;
    let subscriber = behind(&relay, "s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s").with_capacity(256)).await.unwrap();
    let mut received = Vec::new();
    let flood = async {
        for at in 0..EVENTS {
            publisher.publish(event(at), None).await.unwrap();
            if at % 1_000 == 500 {
                relay.cut();
                until(|| subscriber.resumed().times == 1 + at / 1_000).await;
            }
        }
        // Whoever comes back late is there for the last one.
        stage.until_subscribers(1).await;
        publisher.publish(event(EVENTS), None).await.unwrap();
    };
    let take = async { received = numbers_to(&mut receiver, EVENTS).await };
    within(async { tokio::join!(flood, take) }).await;
    assert!(received.is_sorted_by(|one, next| one < next), "out of order, or twice");
    let lost = EVENTS + 1 - received.len() as u64;
    let resumed = receiver.resumed();
    // The next cut may come before the subscription is known to be taken up again.
    assert!((1..=3).contains(&resumed.times), "{resumed:?}");
    assert_eq!(resumed.lost, Lost::Exactly(lost));
    // Every match of the whole time was delivered or dropped, and each row says the same (C12).
    let statistics = stage.broker().statistics();
    let [row] = &statistics.subscriptions[..] else { panic!("{statistics:?}") };
    assert_eq!((row.matched, row.queued), (EVENTS + 1, 0));
    assert_eq!(
        (row.delivered, row.dropped),
        (statistics.events_delivered, statistics.events_dropped)
    );
    assert_eq!(row.delivered + row.dropped, EVENTS + 1);
    assert!(row.delivered >= received.len() as u64, "more received than delivered");
}

#[tokio::test]
async fn a_publisher_goes_on_and_tells_how_many_may_be_lost() {
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    let publisher = behind(&relay, "p", Confirmation::Fire).await;
    let last = 400;
    for number in 0..=last {
        if number % 100 == 50 {
            relay.cut();
        }
        within(publisher.publish(event(number), None)).await.unwrap();
        if number % 100 == 50 {
            until(|| publisher.resumed().times == 1 + number / 100).await;
        }
    }
    let received = numbers_to(&mut receiver, last).await;
    assert!(received.is_sorted_by(|one, next| one < next), "out of order, or twice");
    let lost = last + 1 - received.len() as u64;
    let told = publisher.resumed().lost.at_most().unwrap();
    assert!(lost <= told, "{lost} lost, at most {told} told");
    let ended = within(publisher.shutdown(WATCHDOG)).await;
    assert_eq!(ended.is_ok(), told == 0, "{ended:?}");
}

#[tokio::test]
async fn drop_policies_and_filters_go_on_as_they_were() {
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let publisher = stage.near("p", Confirmation::Accepted).await;
    let subscriber = behind(&relay, "s", Confirmation::Fire).await;
    let wanted = all("s").with_policy(OverflowPolicy::DropNewest).with_capacity(4);
    let mut receiver = subscriber.subscribe(wanted).await.unwrap();
    relay.cut();
    until(|| subscriber.resumed().times == 1).await;
    stage.until_subscribers(1).await;
    publish(&publisher, 0..9).await;
    assert_eq!(numbers_to(&mut receiver, 3).await, [0, 1, 2, 3]);
    publish(&publisher, 9..10).await;
    assert_eq!(number(&mut receiver).await, 9, "the policy lost the rest");
    assert_eq!(receiver.resumed().lost, Lost::Exactly(0));
    assert_eq!(receiver.lagged(), 5);
}

#[tokio::test]
async fn calls_wait_for_the_next_connection() {
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let client = behind(&relay, "c", Confirmation::Fire).await;
    relay.close();
    stage.until_subscribers(0).await;
    let opened = async {
        tokio::task::yield_now().await;
        relay.open();
    };
    let (subscribed, ()) = within(async { tokio::join!(client.subscribe(all("s")), opened) }).await;
    let mut receiver = subscribed.unwrap();
    relay.cut();
    assert_eq!(within(client.statistics()).await.unwrap().active_subscribers, 1);
    relay.cut();
    within(client.unsubscribe("s")).await.unwrap();
    assert!(within(receiver.recv()).await.is_none());
}

#[tokio::test]
async fn a_handle_that_looks_for_no_connection_ends_with_the_one_it_has() {
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let address = daemoneye_eventbus::SocketAddress::from_path(relay.path().to_owned()).unwrap();
    let once = connect(&address, config("once").with_reconnect(None)).await;
    let mut receiver = once.subscribe(all("s")).await.unwrap();
    relay.cut();
    assert!(within(receiver.recv()).await.is_none());
    let refused = within(once.publish(event(0), None)).await;
    assert!(matches!(refused, Err(PublishError::Disconnected { .. })), "{refused:?}");
    assert_eq!(relay.admitted(), 1);
}

#[tokio::test]
async fn a_broker_that_stays_away_is_given_up_at_the_limit_and_said_so() {
    let mut stage = Stage::usual();
    let soon = std::time::Duration::from_millis(50);
    let reconnect = config("c").reconnect.unwrap().with_limit(soon);
    let client = connect(&stage.address(), config("c").with_reconnect(Some(reconnect))).await;
    let mut receiver = client.subscribe(all("s")).await.unwrap();
    stage.kill();
    assert!(within(receiver.recv()).await.is_none());
    let Err(SubscribeError::Disconnected { reason }) = within(client.subscribe(all("t"))).await
    else {
        panic!("still looking");
    };
    assert!(reason.contains("not connected again after"), "{reason}");
}

#[tokio::test]
async fn a_client_that_comes_back_before_its_end_was_seen_takes_its_place() {
    let stage = Stage::usual();
    let relay = stage.relay("relay.sock");
    let publisher = stage.near("p", Confirmation::Accepted).await;
    let subscriber = behind(&relay, "s", Confirmation::Fire).await;
    let mut receiver = subscriber.subscribe(all("s")).await.unwrap();
    for round in 0..20 {
        // The client sees its end of the relay go; the broker may not have seen the other.
        relay.cut();
        until(|| subscriber.resumed().times == round + 1).await;
        stage.until_subscribers(1).await;
        publish(&publisher, round..round + 1).await;
        assert_eq!(number(&mut receiver).await, round);
    }
    assert_eq!(receiver.resumed().lost, Lost::Exactly(0));
}
