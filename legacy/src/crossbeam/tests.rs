//! What the conformance suite does not ask: the exact figures of the reference, its divergences
//! (V1–V5), its ends, and its settings.

mod ends;
mod faithful;
mod model;

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::hops::{Hop, HopLog};
use daemoneye_eventbus::{
    BusEvent, EventBus, EventReceiver, EventSubscription, OverflowPolicy, PublishError,
    conformance::events,
};

use super::{CrossbeamConfig, HandOff, LocalEventBus, Sharing};

/// Far above what any step needs; turns a hang into a failure.
const WATCHDOG: Duration = Duration::from_secs(20);
const TOPIC: &str = "events.process.lifecycle";

fn bus(config: &CrossbeamConfig) -> LocalEventBus {
    LocalEventBus::new(config).expect("the configuration is valid")
}

async fn publish(bus: &LocalEventBus, pid: u32) -> Result<(), PublishError> {
    let topic = TOPIC.parse().expect("a valid topic");
    let publishing = bus.publish_to(topic, events::process(pid), None);
    tokio::time::timeout(WATCHDOG, publishing).await.expect("publishing does not hang")
}

async fn listen(bus: &LocalEventBus, id: &str, capacity: usize) -> EventReceiver {
    let subscription = EventSubscription::new(id).with_pattern("events.#").with_capacity(capacity);
    bus.subscribe(subscription).await.expect("the subscription is valid")
}

async fn next(receiver: &mut EventReceiver) -> Option<Arc<BusEvent>> {
    tokio::time::timeout(WATCHDOG, receiver.recv()).await.expect("receiving does not hang")
}

async fn next_pid(receiver: &mut EventReceiver) -> u32 {
    let event = next(receiver).await.expect("the subscription is live");
    event.event.pid().expect("these events are about processes")
}

async fn accepted_until_refused(config: &CrossbeamConfig, capacity: usize) -> usize {
    let bus = bus(config);
    let _stalled = listen(&bus, "stalled", capacity).await;
    let mut accepted = 0;
    loop {
        match publish(&bus, 1).await {
            Ok(()) => accepted += 1,
            Err(PublishError::Timeout { waited }) => {
                assert_eq!(waited, config.publish_limit);
                return accepted;
            }
            Err(error) => panic!("refused with {error}"),
        }
    }
}

#[tokio::test]
async fn a_stalled_subscriber_leaves_room_for_9217_events() {
    let config =
        CrossbeamConfig { publish_limit: Duration::from_millis(100), ..CrossbeamConfig::default() };
    assert_eq!(accepted_until_refused(&config, 1024).await, 8192 + 1024 + 1);
}

#[tokio::test]
async fn a_central_queue_of_one_event_works() {
    for hand_off in [HandOff::Blocking, HandOff::Spinning] {
        let config = CrossbeamConfig {
            central_capacity: Some(1),
            publish_limit: Duration::from_millis(100),
            hand_off,
            ..CrossbeamConfig::default()
        };
        assert_eq!(accepted_until_refused(&config, 1).await, 3);
    }
}

#[tokio::test]
async fn an_unbounded_central_queue_never_makes_a_publisher_wait() {
    let config = CrossbeamConfig {
        central_capacity: None,
        publish_limit: Duration::ZERO,
        ..CrossbeamConfig::default()
    };
    let bus = bus(&config);
    let mut stalled = listen(&bus, "stalled", 1).await;
    for pid in 0..20_000 {
        publish(&bus, pid).await.expect("there is always room");
    }
    for pid in 0..20_000 {
        assert_eq!(next_pid(&mut stalled).await, pid);
    }
}

#[tokio::test]
async fn many_publishers_that_wait_for_room_all_get_it() {
    let config = CrossbeamConfig { central_capacity: Some(2), ..CrossbeamConfig::default() };
    let bus = Arc::new(bus(&config));
    let mut receiver = listen(&bus, "slow", 1).await;
    let publishers: Vec<_> = (0..50)
        .map(|number| {
            let bus = Arc::clone(&bus);
            tokio::spawn(async move {
                for _ in 0..40 {
                    publish(&bus, number).await.expect("there will be room");
                }
            })
        })
        .collect();
    for _ in 0..50 * 40 {
        next(&mut receiver).await.expect("the subscription is live");
    }
    for publisher in publishers {
        publisher.await.expect("every publisher ends");
    }
}

/// The receiver sleeps and wakes for nearly every event: a lost wake-up would hang it.
#[test]
fn a_receiver_on_another_thread_misses_no_wake_up() {
    const EVENTS: u32 = 20_000;
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build();
    for hand_off in [HandOff::Blocking, HandOff::Spinning] {
        let config = CrossbeamConfig { hand_off, ..CrossbeamConfig::default() };
        let bus = Arc::new(bus(&config));
        let own = runtime().expect("a runtime");
        let mut receiver = own.block_on(listen(&bus, "sleeper", 16));
        let receiving = std::thread::spawn(move || {
            runtime().expect("a runtime").block_on(async {
                for pid in 0..EVENTS {
                    assert_eq!(next_pid(&mut receiver).await, pid);
                }
            });
        });
        own.block_on(async {
            for pid in 0..EVENTS {
                publish(&bus, pid).await.expect("the receiver reads");
            }
        });
        receiving.join().expect("every event arrives in order");
    }
}

#[tokio::test]
async fn cloned_events_are_equal_and_apart_and_shared_ones_the_same() {
    for (sharing, is_shared) in [(Sharing::Arc, true), (Sharing::Clone, false)] {
        let bus = bus(&CrossbeamConfig { sharing, ..CrossbeamConfig::default() });
        let (mut one, mut other) = (listen(&bus, "one", 4).await, listen(&bus, "other", 4).await);
        publish(&bus, 7).await.expect("there is room");
        let (one, other) = (next(&mut one).await, next(&mut other).await);
        let (one, other) = (one.expect("live"), other.expect("live"));
        assert_eq!(one, other);
        assert_eq!(Arc::ptr_eq(&one, &other), is_shared);
    }
}

#[tokio::test]
async fn an_event_published_before_the_subscription_never_arrives() {
    let bus = bus(&CrossbeamConfig::default());
    let stalled = listen(&bus, "stalled", 1).await;
    // The routing thread is held up, so the later ones lie in the central queue.
    for pid in 0..10 {
        publish(&bus, pid).await.expect("there is room");
    }
    let mut late = listen(&bus, "late", 100).await;
    publish(&bus, 10).await.expect("there is room");
    drop(stalled);
    assert_eq!(next_pid(&mut late).await, 10);
    assert_eq!(late.position(), 1);
}

#[tokio::test]
async fn the_subscribers_beside_a_stalled_one_get_the_event_it_waits_for() {
    let bus = bus(&CrossbeamConfig::default());
    let _stalled = listen(&bus, "stalled", 1).await;
    let mut reading = listen(&bus, "reading", 10).await;
    for pid in 0..2 {
        publish(&bus, pid).await.expect("there is room");
        assert_eq!(next_pid(&mut reading).await, pid);
    }
}

#[tokio::test]
async fn sequences_follow_the_order_of_delivery() {
    let bus = bus(&CrossbeamConfig::default());
    let mut receiver = listen(&bus, "all", 100).await;
    let mut ids = Vec::new();
    for pid in 0..50 {
        publish(&bus, pid).await.expect("there is room");
        ids.push(next(&mut receiver).await.expect("live").id.clone());
    }
    assert!(ids.iter().all(|id| id.publisher == "local" && id.incarnation == ids[0].incarnation));
    let sequences: Vec<u64> = ids.iter().map(|id| id.sequence).collect();
    assert_eq!(sequences, (1..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_thousand_subscribers_are_the_default_limit() {
    let bus = bus(&CrossbeamConfig::default());
    let mut receivers = Vec::new();
    for number in 0..1000 {
        receivers.push(listen(&bus, &format!("subscriber-{number}"), 1).await);
    }
    let subscription = EventSubscription::new("one-too-many")
        .with_pattern("events.#")
        .with_policy(OverflowPolicy::DropNewest);
    let error = bus.subscribe(subscription).await.expect_err("the limit is reached");
    assert_eq!(error.to_string(), "the limit of 1000 subscribers is reached");
    publish(&bus, 7).await.expect("there is room");
    for receiver in &mut receivers {
        assert_eq!(next_pid(receiver).await, 7);
    }
}

#[test]
fn settings_are_read_with_defaults_and_the_word_unbounded() {
    let parse = |text: &str| toml::from_str::<CrossbeamConfig>(text);
    assert_eq!(parse("").expect("all defaults"), CrossbeamConfig::default());
    let small = parse("central_capacity = 16\nhand_off = \"spinning\"\nsharing = \"clone\"");
    let small = small.expect("valid settings");
    assert_eq!(small.central_capacity, Some(16));
    assert_eq!((small.hand_off, small.sharing), (HandOff::Spinning, Sharing::Clone));
    let unbounded = parse("central_capacity = \"unbounded\"").expect("a valid setting");
    assert_eq!(unbounded.central_capacity, None);
    let limits = parse("publish_limit = \"10s\"\nhand_off_limit = \"1m\"").expect("valid limits");
    assert_eq!(limits.publish_limit, Duration::from_secs(10));
    assert_eq!(limits.hand_off_limit, Duration::from_mins(1));
    for config in [small, unbounded, limits, CrossbeamConfig::default()] {
        let text = toml::to_string(&config).expect("settings can be written");
        assert_eq!(parse(&text).expect("and read again"), config);
    }
    let error = parse("central_capacity = \"endless\"").expect_err("an unknown word");
    assert!(error.to_string().contains("endless"), "{error}");
    parse("capacity = 3").expect_err("an unknown key");
}

#[test]
fn a_central_queue_of_nothing_is_refused() {
    let config = CrossbeamConfig { central_capacity: Some(0), ..CrossbeamConfig::default() };
    let error = LocalEventBus::new(&config).expect_err("no capacity");
    assert_eq!(error.to_string(), "the central queue needs a capacity of at least 1 event");
}

#[tokio::test]
async fn a_log_of_hops_has_the_queue_the_thread_and_the_route_of_an_event_in_order() {
    let log = HopLog::new(NonZeroU64::MIN, 100);
    let bus = bus(&CrossbeamConfig { hops: Some(log.clone()), ..CrossbeamConfig::default() });
    let mut receivers = [listen(&bus, "one", 10).await, listen(&bus, "other", 10).await];
    let called_ns = monotonic_ns();
    publish(&bus, 1).await.expect("accepted");
    for receiver in &mut receivers {
        next(receiver).await.expect("an event");
    }
    let received_ns = monotonic_ns();
    let stamps = log.take().stamps;
    let hops: Vec<Hop> = stamps.iter().map(|stamp| stamp.hop).collect();
    assert_eq!(hops, [Hop::SendQueue, Hop::BrokerWake, Hop::Route], "once for both receivers");
    let ends = stamps.iter().map(|stamp| stamp.at_ns);
    let way: Vec<u64> = [called_ns].into_iter().chain(ends).chain([received_ns]).collect();
    assert!(way.is_sorted(), "{way:?}");
}
