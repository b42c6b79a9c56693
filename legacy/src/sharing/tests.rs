//! What the conformance suite does not ask: native subscriptions, sessions filled in, losses of one
//! queue, and the end.

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::conformance::events;
use daemoneye_eventbus::event::ControlSubject;
use daemoneye_eventbus::{
    BusEvent, CollectionEvent, ControlMessage, CorrelationMetadata, EventBus, EventKind,
    EventReceiver, EventSubscription, PublishError, Routing, SubscribeError,
};

use super::{
    DEFAULT_QUEUE_CAPACITY_EVENTS, MAX_RING_CAPACITY_EVENTS, SessionId, SharingConfig,
    SharingEventBus, SharingFilter, StartError,
};

/// Far above what any step needs; turns a hang into a failure.
const WATCHDOG: Duration = Duration::from_secs(20);

fn bus() -> SharingEventBus {
    SharingEventBus::new(&SharingConfig::default()).expect("the configuration is valid")
}

async fn publish(bus: &SharingEventBus, event: CollectionEvent) {
    publish_under(bus, event, None).await;
}

async fn publish_under(
    bus: &SharingEventBus,
    event: CollectionEvent,
    correlation: Option<CorrelationMetadata>,
) {
    let publishing = bus.publish(event, correlation);
    let published = tokio::time::timeout(WATCHDOG, publishing).await;
    published.expect("publishing does not hang").expect("the bus is open");
}

async fn next(receiver: &mut EventReceiver) -> Option<Arc<BusEvent>> {
    tokio::time::timeout(WATCHDOG, receiver.recv()).await.expect("receiving does not hang")
}

async fn next_pid(receiver: &mut EventReceiver) -> Option<u32> {
    next(receiver).await.expect("the subscription is live").event.pid()
}

/// All that was published has been shared out: requests go the same way.
async fn settle(bus: &SharingEventBus) {
    bus.statistics().await.expect("the worker answers");
}

fn carried(mut event: CollectionEvent, connector: &'static str) -> CollectionEvent {
    event.header_mut().routing = Routing {
        connector_id: Some(connector.into()),
        native_session_id: Some("native".into()),
        ..Routing::default()
    };
    event
}

fn registration() -> CollectionEvent {
    CollectionEvent::Control(ControlMessage {
        subject: ControlSubject::Registration,
        operation: "register".into(),
        ..ControlMessage::default()
    })
}

fn session(event: &BusEvent) -> Option<&str> {
    event.event.header().routing.session_id.as_deref()
}

#[tokio::test]
async fn a_full_queue_loses_its_own_events_and_delays_nobody() {
    let bus = bus();
    let mut stopped = bus.subscribe_filtered(SharingFilter::All, 4).await.unwrap();
    let patient = EventSubscription::new("patient").with_pattern("#").with_capacity(2);
    let mut patient = bus.subscribe(patient).await.unwrap();
    let mut reading = bus.subscribe_all().await.unwrap().receiver;
    for pid in 0..10 {
        publish(&bus, events::process(pid)).await;
        assert_eq!(next_pid(&mut reading).await, Some(pid));
    }
    let own = [&stopped.receiver, &patient, &reading].map(EventReceiver::lagged);
    assert_eq!(own, [6, 8, 0], "the policy `block` waits for nobody either");
    for pid in 0..4 {
        assert_eq!(next_pid(&mut stopped.receiver).await, Some(pid));
    }
    publish(&bus, events::process(10)).await;
    assert_eq!(next_pid(&mut stopped.receiver).await, Some(10));
    assert_eq!(stopped.receiver.position(), 11, "the gap is seen");
    assert_eq!([next_pid(&mut patient).await, next_pid(&mut patient).await], [Some(0), Some(1)]);
}

#[tokio::test]
async fn a_subscription_to_everything_holds_256_events() {
    let bus = bus();
    let all = bus.subscribe_all().await.unwrap().receiver;
    for pid in 0..300 {
        publish(&bus, events::process(pid)).await;
    }
    settle(&bus).await;
    assert_eq!(DEFAULT_QUEUE_CAPACITY_EVENTS, 256);
    assert_eq!(all.lagged(), 300 - 256);
}

#[tokio::test]
async fn filters_select_by_connector_session_and_kind() {
    let bus = bus();
    let session_id = SessionId::new("s-1").unwrap();
    let filters = [
        SharingFilter::All,
        SharingFilter::Connector("first".into()),
        SharingFilter::Session(session_id),
        SharingFilter::Kind(EventKind::Control),
    ];
    let mut receivers = Vec::new();
    for filter in filters {
        receivers.push(bus.subscribe_filtered(filter, 16).await.unwrap().receiver);
    }
    publish(&bus, carried(events::process(1), "first")).await;
    publish_under(&bus, carried(registration(), "second"), Some("s-1".into())).await;
    publish(&bus, carried(events::process(2), "second")).await;
    publish(&bus, events::process(3)).await;
    settle(&bus).await;
    let numbers = receivers.iter_mut().map(|receiver| {
        let events = std::iter::from_fn(|| receiver.try_recv().ok());
        events.map(|event| event.id.sequence).collect::<Vec<u64>>()
    });
    let numbers: Vec<Vec<u64>> = numbers.collect();
    assert_eq!(numbers, [vec![1, 2, 3, 4], vec![1], vec![2, 3], vec![2]]);
}

#[tokio::test]
async fn events_leave_with_the_session_that_a_registration_bound_theirs_to() {
    let bus = bus();
    let mut all = bus.subscribe_all().await.unwrap().receiver;
    let early = carried(events::process(1), "connector");
    publish(&bus, early.clone()).await;
    publish_under(&bus, carried(registration(), "connector"), Some("root-7".into())).await;
    publish(&bus, early.clone()).await;
    publish(&bus, carried(events::process(1), "stranger")).await;
    let expected = [None, Some("root-7"), Some("root-7"), None];
    for expected in expected {
        let event = next(&mut all).await.unwrap();
        assert_eq!(session(&event), expected, "{event:?}");
    }
    // Nothing else of it is touched.
    publish(&bus, early.clone()).await;
    let mut completed = next(&mut all).await.unwrap().event.clone();
    completed.header_mut().routing.session_id = None;
    assert_eq!(completed, early);
}

#[tokio::test]
async fn a_registration_without_a_correlation_is_bound_to_the_root_it_becomes() {
    let bus = bus();
    let mut all = bus.subscribe_all().await.unwrap().receiver;
    publish(&bus, carried(registration(), "connector")).await;
    let bound = next(&mut all).await.unwrap();
    assert_eq!(session(&bound), Some(&*bound.correlation.root.to_string()));
}

#[tokio::test]
async fn leaving_twice_is_harmless_and_what_was_queued_is_kept() {
    let bus = bus();
    let mut leaving = bus.subscribe_all().await.unwrap();
    let mut staying = bus.subscribe_all().await.unwrap().receiver;
    publish(&bus, events::process(1)).await;
    for _ in 0..2 {
        bus.leave(&leaving.id).await;
    }
    publish(&bus, events::process(2)).await;
    assert_eq!(next_pid(&mut leaving.receiver).await, Some(1));
    assert_eq!(next(&mut leaving.receiver).await, None);
    assert_eq!(next_pid(&mut staying).await, Some(1));
    assert_eq!(next_pid(&mut staying).await, Some(2));
}

#[tokio::test]
async fn a_closed_queue_is_removed_after_the_event_that_found_it() {
    let bus = bus();
    let mut staying = bus.subscribe_all().await.unwrap().receiver;
    drop(bus.subscribe_all().await.unwrap());
    publish(&bus, events::process(1)).await;
    assert_eq!(next_pid(&mut staying).await, Some(1));
    let figures = bus.statistics().await.unwrap();
    assert_eq!(figures.active_subscribers, 1);
    assert_eq!((figures.events_delivered, figures.events_dropped), (1, 1));
}

#[tokio::test]
async fn whatever_the_deadline_a_shutdown_hands_over_what_is_in_the_ring() {
    let bus = bus();
    let mut all = bus.subscribe_all().await.unwrap().receiver;
    for pid in 0..200 {
        publish(&bus, events::process(pid)).await;
    }
    let (one, other) = tokio::join!(bus.shutdown(Duration::ZERO), bus.shutdown(Duration::ZERO));
    assert_eq!((one, other), (Ok(()), Ok(())));
    let refused = bus.publish(events::process(200), None).await;
    assert_eq!(refused, Err(PublishError::Closed));
    assert_eq!(bus.subscribe_all().await.unwrap_err(), SubscribeError::Closed);
    for pid in 0..200 {
        assert_eq!(next_pid(&mut all).await, Some(pid));
    }
    assert_eq!(next(&mut all).await, None);
    let figures = bus.statistics().await.unwrap();
    assert_eq!((figures.events_published, figures.events_delivered), (200, 200));
}

#[tokio::test]
async fn a_bus_that_is_dropped_hands_over_what_is_in_the_ring_and_ends() {
    let bus = bus();
    let mut all = bus.subscribe_all().await.unwrap().receiver;
    for pid in 0..100 {
        publish(&bus, events::process(pid)).await;
    }
    drop(bus);
    for pid in 0..100 {
        assert_eq!(next_pid(&mut all).await, Some(pid));
    }
    assert_eq!(next(&mut all).await, None);
}

#[tokio::test]
async fn a_ring_of_one_event_is_enough_for_many_publishers() {
    let config = SharingConfig { ring_capacity: 1, ..SharingConfig::default() };
    let bus = Arc::new(SharingEventBus::new(&config).unwrap());
    let mut all = bus.subscribe_filtered(SharingFilter::All, 2000).await.unwrap().receiver;
    let publishers: Vec<_> = (0..20)
        .map(|pid| {
            let bus = Arc::clone(&bus);
            tokio::spawn(async move {
                for _ in 0..50 {
                    publish(&bus, events::process(pid)).await;
                }
            })
        })
        .collect();
    for sequence in 1..=1000 {
        assert_eq!(next(&mut all).await.unwrap().id.sequence, sequence);
    }
    for publisher in publishers {
        publisher.await.expect("a publisher ends");
    }
}

#[test]
fn a_ring_of_nothing_or_too_much_is_refused() {
    for ring_capacity in [0, MAX_RING_CAPACITY_EVENTS + 1] {
        let config = SharingConfig { ring_capacity, ..SharingConfig::default() };
        let refused = SharingEventBus::new(&config).unwrap_err();
        let StartError::InvalidCapacity { events, .. } = refused else { panic!("{refused}") };
        assert_eq!(events, ring_capacity);
    }
}

#[test]
fn settings_are_read_with_defaults() {
    let parse = |text: &str| toml::from_str::<SharingConfig>(text);
    assert_eq!(parse("").expect("all defaults"), SharingConfig::default());
    let small = parse("ring_capacity = 16\nsubscriber_limit = 3").expect("valid settings");
    assert_eq!((small.ring_capacity, small.subscriber_limit), (16, 3));
    let text = toml::to_string(&small).expect("settings can be written");
    assert_eq!(parse(&text).expect("and read again"), small);
    parse("capacity = 3").expect_err("an unknown key");
}
