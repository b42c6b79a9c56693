//! What the conformance suite does not ask: laggards, the document's own calls, replay,
//! backpressure, and the end.

mod backpressure;
mod model;

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::conformance::events;
use daemoneye_eventbus::{
    AuditEvent, BusEvent, CollectionEvent, EventBus, EventFilter, EventKind, EventReceiver,
    EventSubscription, NetworkEvent, Priority, PublishError, SubscriptionStatistics, TryRecvError,
};

use super::{BroadcastConfig, BroadcastEventBus, EventError, MAX_RING_CAPACITY_EVENTS};

/// Far above what any step needs; turns a hang into a failure.
const WATCHDOG: Duration = Duration::from_secs(20);

fn bus(capacity: usize) -> BroadcastEventBus {
    let config = BroadcastConfig { capacity, ..BroadcastConfig::default() };
    BroadcastEventBus::new(&config).expect("a valid capacity")
}

fn wanted(id: &str, pattern: &str) -> EventSubscription {
    EventSubscription::new(id).with_pattern(pattern)
}

async fn listen(bus: &BroadcastEventBus, id: &str, pattern: &str) -> EventReceiver {
    bus.subscribe(wanted(id, pattern)).await.expect("a valid subscription")
}

fn everything(bus: &BroadcastEventBus) -> EventReceiver {
    bus.listen(EventFilter::default()).expect("there is room for a listener")
}

async fn next(receiver: &mut EventReceiver) -> Option<Arc<BusEvent>> {
    tokio::time::timeout(WATCHDOG, receiver.recv()).await.expect("receiving does not hang")
}

/// The processes of all events that wait, with their positions.
fn waiting(receiver: &mut EventReceiver) -> Vec<(u32, u64)> {
    let mut found = Vec::new();
    while let Ok(event) = receiver.try_recv() {
        found.push((event.event.pid().expect("an event about a process"), receiver.position()));
    }
    found
}

async fn figures(bus: &BroadcastEventBus, id: &str) -> SubscriptionStatistics {
    let all = bus.statistics().await.expect("this bus always answers").subscriptions;
    all.into_iter().find(|own| own.subscriber_id == id).expect("it is subscribed")
}

fn network() -> CollectionEvent {
    CollectionEvent::Network(NetworkEvent::default())
}

#[tokio::test]
async fn a_laggard_loses_the_oldest_is_told_how_many_and_reads_on() {
    let bus = bus(4);
    let mut slow = listen(&bus, "slow", "events.#").await;
    for pid in 0..10 {
        bus.send(events::process(pid));
    }
    let own = figures(&bus, "slow").await;
    assert_eq!((own.matched, own.delivered, own.dropped, own.queued), (10, 0, 6, 4));
    assert_eq!(waiting(&mut slow), [(6, 7), (7, 8), (8, 9), (9, 10)]);
    assert_eq!(slow.lagged(), 6);
    bus.send(events::process(10));
    assert_eq!(next(&mut slow).await.unwrap().event.pid(), Some(10));
    let own = figures(&bus, "slow").await;
    assert_eq!((own.matched, own.delivered, own.dropped, own.queued), (11, 5, 6, 0));
}

#[tokio::test]
async fn a_subscriber_loses_to_the_events_of_others_but_only_its_own_count() {
    let bus = bus(4);
    let mut picky = listen(&bus, "picky", "events.process.#").await;
    bus.send(events::process(1));
    bus.send_all((0..4).map(|_| network()));
    bus.send(events::process(2));
    assert_eq!(waiting(&mut picky), [(2, 2)]);
    assert_eq!(picky.lagged(), 1, "the events of others are no loss of its own");
}

#[tokio::test]
async fn a_capacity_that_is_no_power_of_two_is_kept_exactly() {
    let bus = bus(5);
    let mut slow = everything(&bus);
    bus.send_all((0..7).map(events::process));
    assert_eq!(waiting(&mut slow).len(), 5);
    assert_eq!(slow.lagged(), 2);
}

#[tokio::test]
async fn sending_never_fails_with_nobody_listening_or_after_the_end() {
    let bus = bus(4);
    bus.send(events::process(1));
    assert_eq!(bus.statistics().await.unwrap().events_published, 1);
    bus.shutdown(WATCHDOG).await.unwrap();
    bus.send(events::process(2));
    assert_eq!(bus.statistics().await.unwrap().events_published, 1);
    let topic = "events.process.lifecycle".parse().unwrap();
    let told = bus.publish_to(topic, events::process(3), None).await;
    assert_eq!(told, Err(PublishError::Closed), "whoever asks is told");
}

#[tokio::test]
async fn clones_are_one_bus_which_ends_with_the_last_of_them() {
    let bus = bus(8);
    let mut receiver = everything(&bus);
    let clone = bus.clone();
    drop(bus);
    clone.send(events::process(1));
    assert_eq!(next(&mut receiver).await.unwrap().event.pid(), Some(1));
    clone.send(events::process(2));
    let (last, ()) = tokio::join!(
        async { (next(&mut receiver).await, next(&mut receiver).await) },
        async move { drop(clone) }
    );
    assert_eq!(last.0.unwrap().event.pid(), Some(2));
    assert_eq!(last.1, None);
}

#[tokio::test]
async fn what_was_in_the_ring_for_somebody_who_unsubscribes_is_pushed_out_by_nobody() {
    let bus = bus(4);
    let mut leaving = listen(&bus, "leaving", "events.#").await;
    bus.send_all((0..6).map(events::process));
    bus.unsubscribe("leaving").await.unwrap();
    bus.send_all((6..20).map(events::process));
    assert_eq!(waiting(&mut leaving), [(2, 3), (3, 4), (4, 5), (5, 6)]);
    assert_eq!(leaving.try_recv(), Err(TryRecvError::Ended));
    assert_eq!(leaving.lagged(), 2);
    let figures = bus.statistics().await.unwrap();
    assert_eq!((figures.events_delivered, figures.events_dropped), (4, 2));
}

#[tokio::test]
async fn a_listener_hears_the_kinds_and_priorities_it_asks_for_on_every_topic() {
    let bus = bus(8);
    let of = |event_types| EventFilter { event_types, ..EventFilter::default() };
    let mut audits = bus.listen(of(vec![EventKind::Audit])).unwrap();
    let urgent = EventFilter { min_priority: Some(Priority::High), ..EventFilter::default() };
    let mut urgent = bus.listen(urgent).unwrap();
    bus.send(events::process(1));
    bus.send(CollectionEvent::Audit(AuditEvent { actor: "root".into(), ..AuditEvent::default() }));
    let mut process = events::process(2);
    process.header_mut().priority = Some(Priority::Critical);
    bus.send(process);
    let audit = audits.try_recv().unwrap();
    assert!(matches!(&audit.event, CollectionEvent::Audit(audit) if audit.actor == "root"));
    assert_eq!(audit.topic.to_string(), "events.audit.record");
    assert_eq!(audits.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(waiting(&mut urgent), [(2, 1)]);
}

#[test]
fn the_events_of_a_batch_follow_each_other_whoever_else_sends() {
    const BATCHES: u32 = 200;
    let bus = bus(4096);
    let mut receiver = everything(&bus);
    std::thread::scope(|scope| {
        for sender in 0..2 {
            let bus = bus.clone();
            scope.spawn(move || {
                for batch in 0..BATCHES {
                    let name = sender * BATCHES + batch;
                    bus.send_all((0..5).map(|_| events::process(name)));
                }
            });
        }
    });
    let names: Vec<u32> = waiting(&mut receiver).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 2000);
    assert!(names.chunks(5).all(|batch| batch.iter().all(|name| *name == batch[0])));
}

#[tokio::test]
async fn a_subscriber_can_begin_with_the_last_events_in_the_ring_that_match_it() {
    let bus = bus(6);
    bus.send_all((0..4).map(events::process));
    bus.send_all([network(), events::process(4), network()]);
    let late = |id, events| wanted(id, "events.process.#").with_capacity(8).replay_last(events);
    let mut two = bus.subscribe(late("two", 2)).await.unwrap();
    let mut many = bus.subscribe(late("many", 8)).await.unwrap();
    let mut none = listen(&bus, "none", "events.#").await;
    bus.send(events::process(5));
    assert_eq!(waiting(&mut two), [(3, 1), (4, 2), (5, 3)]);
    assert_eq!(waiting(&mut many), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)], "0 is forgotten");
    assert_eq!(waiting(&mut none), [(5, 1)]);
    let own = figures(&bus, "two").await;
    assert_eq!((own.matched, own.delivered, own.queued), (3, 3, 0));
}

/// A ring so small that the publisher pushes out what the receiver is about to take.
#[test]
fn in_a_race_every_event_is_received_or_counted_as_lost_and_never_both() {
    const EVENTS: u32 = 20_000;
    let bus = bus(2);
    let mut receiver = everything(&bus);
    let sender = bus.clone();
    let sending = std::thread::spawn(move || {
        (0..EVENTS).for_each(|pid| sender.send(events::process(pid)));
    });
    drop(bus);
    let (mut received, mut last) = (0, 0);
    loop {
        match receiver.try_recv() {
            Ok(event) => {
                assert!(receiver.position() > last, "in order, and once");
                last = receiver.position();
                assert_eq!(event.event.pid().map(u64::from), Some(last - 1));
                received += 1;
            }
            Err(TryRecvError::Empty) => std::thread::yield_now(),
            Err(TryRecvError::Ended) => break,
        }
    }
    sending.join().expect("the sender ends");
    assert_eq!(last, u64::from(EVENTS), "the last is never pushed out");
    assert_eq!(received + receiver.lagged(), u64::from(EVENTS));
}

#[test]
fn a_ring_of_nothing_or_too_much_is_refused() {
    for events in [0, MAX_RING_CAPACITY_EVENTS + 1] {
        let config = BroadcastConfig { capacity: events, ..BroadcastConfig::default() };
        let refused = BroadcastEventBus::new(&config).expect_err("outside the limits");
        let limit_events = MAX_RING_CAPACITY_EVENTS;
        assert_eq!(refused, EventError::InvalidCapacity { events, limit_events });
    }
}

#[test]
fn settings_are_read_with_defaults() {
    let parse = |text: &str| toml::from_str::<BroadcastConfig>(text);
    assert_eq!(parse("").expect("all defaults"), BroadcastConfig::default());
    let small = parse("capacity = 16\nbackpressure = true").expect("valid settings");
    assert_eq!((small.capacity, small.backpressure), (16, true));
    let text = toml::to_string(&small).expect("settings can be written");
    assert_eq!(parse(&text).expect("and read again"), small);
    parse("central_capacity = 3").expect_err("an unknown key");
}
