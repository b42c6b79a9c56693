//! How the bus ends: shutdown, deadline, drop (C13, C14).

use daemoneye_eventbus::ShutdownError;

use super::{
    CrossbeamConfig, Duration, EventBus, HandOff, PublishError, WATCHDOG, bus, listen, next,
    next_pid, publish,
};

#[tokio::test]
async fn shutdown_joins_the_routing_thread() {
    for hand_off in [HandOff::Blocking, HandOff::Spinning] {
        let bus = bus(&CrossbeamConfig { hand_off, ..CrossbeamConfig::default() });
        assert!(bus.is_running());
        bus.shutdown(WATCHDOG).await.expect("nothing is left");
        assert!(!bus.is_running());
    }
}

#[tokio::test]
async fn shutdown_waits_for_a_slow_subscriber() {
    let bus = bus(&CrossbeamConfig::default());
    let mut slow = listen(&bus, "slow", 1).await;
    for pid in 0..100 {
        publish(&bus, pid).await.expect("there is room");
    }
    let reading = async {
        for pid in 0..100 {
            assert_eq!(next_pid(&mut slow).await, pid);
        }
        assert_eq!(next(&mut slow).await, None);
    };
    let (ended, ()) = tokio::join!(bus.shutdown(WATCHDOG), reading);
    ended.expect("everything was handed over");
}

#[tokio::test]
async fn the_deadline_ends_a_shutdown_and_names_what_was_left() {
    for hand_off in [HandOff::Blocking, HandOff::Spinning] {
        let bus = bus(&CrossbeamConfig { hand_off, ..CrossbeamConfig::default() });
        let mut stalled = listen(&bus, "stalled", 2).await;
        for pid in 0..10 {
            publish(&bus, pid).await.expect("there is room");
        }
        let error = bus.shutdown(Duration::from_millis(50)).await.expect_err("time is up");
        let ShutdownError::Deadline { undelivered, .. } = error else {
            panic!("ended with {error}");
        };
        assert_eq!(undelivered, 8);
        assert_eq!(next_pid(&mut stalled).await, 0);
        assert_eq!(next_pid(&mut stalled).await, 1);
        assert_eq!(next(&mut stalled).await, None);
        bus.shutdown(WATCHDOG).await.expect("a second call succeeds");
    }
}

#[tokio::test]
async fn two_shutdowns_at_once_both_return() {
    let bus = bus(&CrossbeamConfig::default());
    let (one, other) = tokio::join!(bus.shutdown(WATCHDOG), bus.shutdown(WATCHDOG));
    assert_eq!((one, other), (Ok(()), Ok(())));
}

#[tokio::test]
async fn a_cancelled_shutdown_still_shuts_down() {
    let bus = bus(&CrossbeamConfig::default());
    let mut receiver = listen(&bus, "reader", 10).await;
    publish(&bus, 7).await.expect("there is room");
    drop(tokio::time::timeout(Duration::ZERO, bus.shutdown(WATCHDOG)).await);
    assert_eq!(next_pid(&mut receiver).await, 7);
    assert_eq!(next(&mut receiver).await, None);
    assert_eq!(publish(&bus, 8).await, Err(PublishError::Closed));
    bus.shutdown(WATCHDOG).await.expect("a second call succeeds");
}

#[tokio::test]
async fn a_publisher_that_waits_learns_of_the_shutdown() {
    let config = CrossbeamConfig { central_capacity: Some(1), ..CrossbeamConfig::default() };
    let bus = bus(&config);
    let _stalled = listen(&bus, "stalled", 1).await;
    for pid in 0..3 {
        publish(&bus, pid).await.expect("there is room");
    }
    let (waiting, ended) = tokio::join!(publish(&bus, 3), bus.shutdown(Duration::ZERO));
    assert_eq!(waiting, Err(PublishError::Closed));
    ended.expect_err("the subscriber did not read");
}

#[tokio::test]
async fn dropping_the_bus_ends_receivers_and_the_routing_thread() {
    for hand_off in [HandOff::Blocking, HandOff::Spinning] {
        let bus = bus(&CrossbeamConfig { hand_off, ..CrossbeamConfig::default() });
        let mut stalled = listen(&bus, "stalled", 1).await;
        let mut reading = listen(&bus, "reading", 10).await;
        for pid in 0..5 {
            publish(&bus, pid).await.expect("there is room");
        }
        let thread = bus.routing_thread();
        drop(bus);
        for pid in 0..5 {
            assert_eq!(next_pid(&mut reading).await, pid);
        }
        assert_eq!(next(&mut reading).await, None);
        assert_eq!(next_pid(&mut stalled).await, 0);
        assert_eq!(next(&mut stalled).await, None);
        thread.join().expect("the routing thread ends");
    }
}
