//! Subscribers that come late and ask for the last events.

use std::time::Duration;

use daemoneye_eventbus::broker::Retention;
use daemoneye_eventbus::contract::Confirmation;
use daemoneye_eventbus::{
    BrokerConfig, DaemoneyeEventBus, EventBus, EventFilter, EventSubscription, Topic, TryRecvError,
};

use crate::stage::{Stage, all, behind, event, number, numbers_to, publish, until, within};

fn keeping() -> Stage {
    Stage::new(BrokerConfig::default().with_retention(Retention::default()))
}

async fn publish_on(bus: &dyn EventBus, topic: &str, numbers: std::ops::Range<u64>) {
    for number in numbers {
        within(bus.publish_to(Topic::new(topic).unwrap(), event(number), None)).await.unwrap();
    }
}

#[tokio::test]
async fn the_last_events_come_first_in_their_order_and_then_all_others() {
    let stage = keeping();
    let publisher = stage.near("p", Confirmation::Accepted).await;
    // Across topics the order is the broker's.
    for round in 0..10 {
        let from = 2 * round;
        publish_on(&publisher, "events.process.tree", from..from + 1).await;
        publish_on(&publisher, "events.process.metadata", from + 1..from + 2).await;
        publish_on(&publisher, "events.network.dns", 1_000..1_001).await;
    }
    let far = stage.near("s", Confirmation::Fire).await;
    let near = DaemoneyeEventBus::from_broker(stage.broker(), "near");
    let buses: [&dyn EventBus; 2] = [&far, &near];
    for (next, (id, bus)) in (20..).zip(["far", "near"].into_iter().zip(buses)) {
        let mut late = bus.subscribe(all(id).replay_last(5)).await.unwrap();
        publish_on(&publisher, "events.process.tree", next..next + 1).await;
        assert!(numbers_to(&mut late, next).await.into_iter().eq(next - 5..=next), "{id}");
        assert_eq!(late.position(), 6);
        within(bus.unsubscribe(id)).await.unwrap();
    }
    let statistics = stage.broker().statistics();
    assert_eq!(statistics.events_delivered, 12, "what came first counts like the rest");
}

#[tokio::test]
async fn what_did_not_match_is_not_among_the_last() {
    let stage = keeping();
    let publisher = stage.near("p", Confirmation::Accepted).await;
    publish(&publisher, 0..10).await;
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let nobody = EventFilter { pids: vec![77], ..EventFilter::default() };
    let filtered = all("filtered").with_event_filter(nobody).replay_last(5);
    let mut filtered = subscriber.subscribe(filtered).await.unwrap();
    let elsewhere = EventSubscription::new("elsewhere").with_pattern("events.network.#");
    let mut elsewhere = subscriber.subscribe(elsewhere.replay_last(5)).await.unwrap();
    let mut all = subscriber.subscribe(all("all").replay_last(3)).await.unwrap();
    assert_eq!(numbers_to(&mut all, 9).await, [7, 8, 9]);
    // What the others were sent came before.
    for receiver in [&mut filtered, &mut elsewhere] {
        assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Empty);
    }
}

#[tokio::test]
async fn a_broker_that_keeps_nothing_and_one_whose_time_is_over_have_nothing_to_give() {
    let mut short = Retention::default();
    short.age = Duration::from_nanos(1);
    for config in [BrokerConfig::default(), BrokerConfig::default().with_retention(short)] {
        let stage = Stage::new(config);
        let publisher = stage.near("p", Confirmation::Accepted).await;
        publish(&publisher, 0..10).await;
        let mut late = publisher.subscribe(all("late").replay_last(5)).await.unwrap();
        publish(&publisher, 10..11).await;
        assert_eq!(number(&mut late).await, 10);
    }
}

#[tokio::test]
async fn what_came_first_does_not_come_again_after_a_broken_connection() {
    let stage = keeping();
    let relay = stage.relay("relay.sock");
    let publisher = stage.near("p", Confirmation::Accepted).await;
    publish(&publisher, 0..10).await;
    let subscriber = behind(&relay, "s", Confirmation::Fire).await;
    let mut late = subscriber.subscribe(all("late").replay_last(3)).await.unwrap();
    assert_eq!(numbers_to(&mut late, 9).await, [7, 8, 9]);
    relay.cut();
    until(|| subscriber.resumed().times == 1).await;
    stage.until_subscribers(1).await;
    publish(&publisher, 10..11).await;
    assert_eq!(number(&mut late).await, 10);
}

#[tokio::test]
async fn more_than_the_window_of_a_subscription_is_sent_as_it_takes_them() {
    let stage = keeping();
    let publisher = stage.near("p", Confirmation::Accepted).await;
    publish(&publisher, 0..64).await;
    let late = all("late").with_capacity(64).replay_last(64);
    let mut late = publisher.subscribe(late).await.unwrap();
    assert!(numbers_to(&mut late, 63).await.into_iter().eq(0..64));
}

#[tokio::test]
async fn no_more_comes_first_than_a_connection_may_have_held_back() {
    let config = BrokerConfig::default().with_retention(Retention::default());
    // Each takes more than 40 bytes, so that not all fit.
    let stage = Stage::new(config.with_backlog_limit_bytes(40 * 50));
    let publisher = stage.near("p", Confirmation::Accepted).await;
    publish(&publisher, 0..60).await;
    let subscriber = stage.near("s", Confirmation::Fire).await;
    let mut late = subscriber.subscribe(all("late").replay_last(50)).await.unwrap();
    publish(&publisher, 60..61).await;
    let seen = numbers_to(&mut late, 60).await;
    assert!((2..=50).contains(&seen.len()), "{seen:?}");
    assert!(seen.iter().copied().eq(61 - seen.len() as u64..61), "the newest, in order: {seen:?}");
}
