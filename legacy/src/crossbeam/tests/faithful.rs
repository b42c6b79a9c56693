//! `faithful = true` brings the old bus's divergences back (V1–V5); without it they are gone.

use std::time::Instant;

use daemoneye_eventbus::TryRecvError;

use super::{CrossbeamConfig, Duration, EventBus, WATCHDOG, bus, listen, next, next_pid, publish};

fn faithful() -> CrossbeamConfig {
    CrossbeamConfig { faithful: true, ..CrossbeamConfig::default() }
}

/// Losses counted and subscribers listed after three events for a dropped receiver.
async fn after_three_events_for_a_dropped_receiver(config: &CrossbeamConfig) -> (u64, usize) {
    let bus = bus(config);
    drop(listen(&bus, "dead", 10).await);
    let mut alive = listen(&bus, "alive", 10).await;
    for pid in 0..3 {
        publish(&bus, pid).await.expect("there is room");
        next_pid(&mut alive).await;
    }
    let figures = bus.statistics().await.expect("the bus answers");
    assert_eq!(figures.events_delivered, 3);
    (figures.events_dropped, figures.active_subscribers)
}

#[tokio::test]
async fn v1_and_v2_a_dead_receiver_stays_and_every_loss_counts_twice() {
    assert_eq!(after_three_events_for_a_dropped_receiver(&faithful()).await, (6, 2));
}

#[tokio::test]
async fn obeying_a_dead_receiver_is_removed() {
    let (dropped, active) =
        after_three_events_for_a_dropped_receiver(&CrossbeamConfig::default()).await;
    assert_eq!(active, 1);
    assert!(dropped <= 1, "one event at most was for it, {dropped} were counted");
}

/// Published, delivered and dropped after a shutdown with five events in the central queue.
async fn after_shutdown_with_a_backlog(config: &CrossbeamConfig) -> (u64, u64, u64) {
    let bus = bus(config);
    let _stalled = listen(&bus, "stalled", 1).await;
    // One in the subscriber's queue, one in the routing thread's hand, five behind.
    for pid in 0..7 {
        publish(&bus, pid).await.expect("there is room");
    }
    // The second was offered, so the third lies in the central queue.
    while bus.statistics().await.expect("the bus answers").subscriptions[0].matched < 2 {
        tokio::task::yield_now().await;
    }
    bus.shutdown(Duration::ZERO).await.expect_err("the deadline comes first");
    let figures = bus.statistics().await.expect("the figures remain");
    (figures.events_published, figures.events_delivered, figures.events_dropped)
}

#[tokio::test]
async fn v3_the_central_queue_is_discarded_uncounted_at_shutdown() {
    assert_eq!(after_shutdown_with_a_backlog(&faithful()).await, (7, 1, 1));
}

#[tokio::test]
async fn obeying_what_the_deadline_cuts_off_is_counted() {
    assert_eq!(after_shutdown_with_a_backlog(&CrossbeamConfig::default()).await, (7, 1, 6));
}

#[tokio::test]
async fn v4_receivers_end_only_when_the_bus_is_dropped() {
    let bus = bus(&faithful());
    let mut receiver = listen(&bus, "patient", 10).await;
    publish(&bus, 7).await.expect("there is room");
    assert_eq!(next_pid(&mut receiver).await, 7);
    bus.shutdown(WATCHDOG).await.expect("nothing is left");
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    drop(bus);
    assert_eq!(next(&mut receiver).await, None);
}

#[tokio::test]
async fn v5_a_stalled_subscriber_stalls_all_and_then_loses() {
    let limit = Duration::from_millis(50);
    let bus = bus(&CrossbeamConfig { hand_off_limit: limit, ..faithful() });
    let _stalled = listen(&bus, "stalled", 1).await;
    let mut reading = listen(&bus, "reading", 10).await;
    let before = Instant::now();
    for pid in 0..3 {
        publish(&bus, pid).await.expect("there is room");
    }
    for pid in 0..3 {
        assert_eq!(next_pid(&mut reading).await, pid);
    }
    assert!(before.elapsed() >= limit, "the third event overtook the stalled second one");
    let figures = bus.statistics().await.expect("the bus answers");
    assert!(figures.events_dropped >= 1, "a `block` subscriber lost nothing");
}
