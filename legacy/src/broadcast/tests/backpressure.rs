//! With backpressure a publisher waits for `block` subscriptions, and for nobody else (C11, C14).

use daemoneye_eventbus::{EventBus, OverflowPolicy, PublishError};

use super::{
    BroadcastConfig, BroadcastEventBus, Duration, WATCHDOG, events, everything, listen, next,
    waiting, wanted,
};

const CAPACITY: usize = 4;

fn holding(publish_limit: Duration) -> BroadcastEventBus {
    let config = BroadcastConfig {
        capacity: CAPACITY,
        backpressure: true,
        publish_limit,
        ..BroadcastConfig::default()
    };
    BroadcastEventBus::new(&config).expect("a valid capacity")
}

async fn publish(bus: &BroadcastEventBus, pid: u32) -> Result<(), PublishError> {
    let publishing = bus.publish(events::process(pid), None);
    tokio::time::timeout(WATCHDOG, publishing).await.expect("publishing does not hang")
}

#[tokio::test]
async fn a_publisher_waits_for_a_block_subscriber_up_to_its_limit() {
    let waited = Duration::from_millis(50);
    let bus = holding(waited);
    let mut stalled = listen(&bus, "stalled", "events.#").await;
    for pid in 0..4 {
        publish(&bus, pid).await.expect("there is room in the ring");
    }
    assert_eq!(publish(&bus, 4).await, Err(PublishError::Timeout { waited }));
    assert_eq!(waiting(&mut stalled), [(0, 1), (1, 2), (2, 3), (3, 4)]);
    publish(&bus, 5).await.expect("everything was received");
    assert_eq!(waiting(&mut stalled), [(5, 5)], "what was refused is nowhere");
    assert_eq!(stalled.lagged(), 0);
}

#[tokio::test]
async fn a_publisher_that_waits_goes_on_when_the_event_it_waits_for_is_received() {
    let bus = holding(WATCHDOG);
    let mut slow = listen(&bus, "slow", "events.#").await;
    let publishing = async {
        for pid in 0..100 {
            publish(&bus, pid).await.expect("there will be room");
        }
    };
    let receiving = async {
        for pid in 0..100 {
            assert_eq!(next(&mut slow).await.expect("live").event.pid(), Some(pid));
        }
    };
    tokio::join!(publishing, receiving);
    assert_eq!(slow.lagged(), 0);
}

#[tokio::test]
async fn whoever_leaves_or_ends_frees_those_that_wait() {
    let bus = holding(WATCHDOG);
    for unsubscribes in [true, false] {
        let stalled = listen(&bus, "stalled", "events.#").await;
        for pid in 0..4 {
            publish(&bus, pid).await.expect("there is room in the ring");
        }
        let leaving = async {
            if unsubscribes {
                bus.unsubscribe("stalled").await.expect("it is subscribed");
            }
            drop(stalled);
        };
        let (published, ()) = tokio::join!(publish(&bus, 4), leaving);
        assert_eq!(published, Ok(()));
    }
    let _stalled = listen(&bus, "stalled", "events.#").await;
    for pid in 0..4 {
        publish(&bus, pid).await.expect("what is in the ring is nobody's");
    }
    let (published, ended) = tokio::join!(publish(&bus, 4), bus.shutdown(WATCHDOG));
    assert_eq!((published, ended), (Err(PublishError::Closed), Ok(())));
}

#[tokio::test]
async fn nobody_waits_for_a_lossy_subscriber_or_for_events_it_does_not_want() {
    let bus = holding(Duration::ZERO);
    let lossy = wanted("lossy", "events.#").with_policy(OverflowPolicy::DropOldest);
    let mut lossy = bus.subscribe(lossy).await.expect("a valid subscription");
    let _elsewhere = listen(&bus, "elsewhere", "events.network.#").await;
    for pid in 0..10 {
        publish(&bus, pid).await.expect("nobody holds it");
    }
    assert_eq!(waiting(&mut lossy).len(), CAPACITY);
    assert_eq!(lossy.lagged(), 6);
}

#[tokio::test]
async fn sending_waits_for_nobody_here_either() {
    let bus = holding(WATCHDOG);
    let mut stalled = everything(&bus);
    bus.send_all((0..10).map(events::process));
    assert_eq!(waiting(&mut stalled).len(), CAPACITY);
    assert_eq!(stalled.lagged(), 6);
}
