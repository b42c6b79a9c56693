//! Collectors on real buses, chosen by configuration: one value changes, nothing else does.

use std::sync::Arc;
use std::time::Duration;

use collector_core::factory::HostedBus;
use collector_core::test_utils::{MockEnding, MockEventSource, TestCollector, create_test_config};
use collector_core::{
    Collector, EventBusConfig, EventBusFactory, EventBusType, EventSource, SourceCaps,
};
use daemoneye_eventbus::acl::{CollectorKind, Principal, Role};
use daemoneye_eventbus::{
    BusEvent, CollectionEvent, Credential, EventReceiver, EventSubscription, ProcessEvent,
};

const LIMIT: Duration = Duration::from_secs(30);
/// Every bus that loses nothing, in this build.
const BUSES: &[EventBusType] = &[
    #[cfg(feature = "legacy")]
    EventBusType::Local,
    EventBusType::DaemonEye,
];

/// A hosted bus of each type that loses nothing; the folder holds its socket.
fn buses() -> Vec<(EventBusConfig, HostedBus, tempfile::TempDir)> {
    let host = |&bus_type: &EventBusType| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = EventBusConfig::default()
            .with_bus_type(bus_type)
            .with_socket_path(folder.path().join("run/broker.sock"));
        let hosted = EventBusFactory::host(&config, "agent").expect("the bus starts");
        (config, hosted, folder)
    };
    BUSES.iter().map(host).collect()
}

fn source(name: &'static str, pids: std::ops::Range<u32>) -> MockEventSource {
    let event = |pid| CollectionEvent::Process(ProcessEvent { pid, ..ProcessEvent::default() });
    MockEventSource::new(name, SourceCaps::PROCESS).with_events(pids.map(event))
}

fn boxed(source: &MockEventSource) -> Box<dyn EventSource> {
    Box::new(source.clone())
}

async fn subscribe(hosted: &HostedBus, capacity: usize) -> EventReceiver {
    let wanted = EventSubscription::new("test").with_pattern("events.#").with_capacity(capacity);
    hosted.bus().subscribe(wanted).await.expect("the subscription is valid")
}

async fn drain(mut receiver: EventReceiver) -> Vec<Arc<BusEvent>> {
    let mut events = Vec::new();
    while let Some(event) = receiver.recv().await {
        events.push(event);
    }
    events
}

fn pids(events: &[Arc<BusEvent>]) -> Vec<u32> {
    events.iter().filter_map(|event| event.event.pid()).collect()
}

#[tokio::test]
async fn everything_sent_before_a_stop_arrives_in_order_on_a_bus_that_loses_nothing() {
    for (config, hosted, _folder) in buses() {
        let receiver = subscribe(&hosted, 4096).await;
        let source = source("a", 0..2000);
        let bus = Arc::clone(hosted.bus());
        let mut collector = TestCollector::start(create_test_config(), bus, [boxed(&source)]);
        // The source sends all of its events whatever the signal says: most are still to come.
        collector.wait_for(|status| status.events_accepted > 0).await;
        let status = collector.stop().await.unwrap();
        hosted.shutdown(LIMIT).await.unwrap();

        let expected: Vec<_> = (0..2000).collect();
        assert_eq!(pids(&drain(receiver).await), expected, "{}", config.bus_type);
        assert_eq!((status.events_published, status.events_lost), (2000, 0));
    }
}

#[cfg(feature = "legacy")]
#[tokio::test]
async fn a_collector_runs_on_the_other_buses_inside_a_process_too() {
    for bus_type in [EventBusType::Broadcast, EventBusType::Sharing] {
        let config = EventBusConfig::default().with_bus_type(bus_type);
        let hosted = EventBusFactory::host(&config, "agent").expect("the bus starts");
        assert_eq!(hosted.socket_path(), None, "{bus_type}");
        let receiver = subscribe(&hosted, 1024).await;
        let source = source("a", 0..500);
        let bus = Arc::clone(hosted.bus());
        let mut collector = TestCollector::start(create_test_config(), bus, [boxed(&source)]);
        collector.wait_for(|status| status.events_published == 500).await;
        collector.stop().await.unwrap();
        hosted.shutdown(LIMIT).await.unwrap();
        let expected: Vec<_> = (0..500).collect();
        assert_eq!(pids(&drain(receiver).await), expected, "{bus_type}");
    }
}

#[cfg(feature = "legacy")]
#[tokio::test]
async fn a_ring_that_holds_nothing_is_a_mistake_of_the_configuration() {
    use collector_core::config::{BroadcastConfig, SharingConfig};

    let broadcast = BroadcastConfig { capacity: 0, ..BroadcastConfig::default() };
    let sharing = SharingConfig { ring_capacity: 0, ..SharingConfig::default() };
    for bus_type in [EventBusType::Broadcast, EventBusType::Sharing] {
        let config = EventBusConfig {
            bus_type,
            broadcast: Some(broadcast.clone()),
            sharing: Some(sharing.clone()),
            ..EventBusConfig::default()
        };
        let refused = EventBusFactory::host(&config, "agent").expect_err("nothing fits");
        assert!(refused.is_configuration(), "{refused}");
    }
}

#[tokio::test]
async fn a_flooding_source_does_not_keep_another_from_publishing() {
    for (_config, hosted, _folder) in buses() {
        let receiver = subscribe(&hosted, 64).await;
        let received = tokio::spawn(drain(receiver));
        let flood = source("flood", 1000..9000);
        let quiet = source("quiet", 0..10);
        let bus = Arc::clone(hosted.bus());
        let mut collector =
            TestCollector::start(create_test_config(), bus, [boxed(&flood), boxed(&quiet)]);
        let status = collector
            .wait_for(|status| status.source("quiet").unwrap().events_accepted == 10)
            .await;
        let flooded = status.source("flood").unwrap().events_accepted;
        assert!(flooded < 8000, "the quiet source had to wait for all of the flood");
        collector.wait_for(|status| status.events_published == 8010).await;
        collector.stop().await.unwrap();
        hosted.shutdown(LIMIT).await.unwrap();
        assert_eq!(received.await.unwrap().len(), 8010);
    }
}

#[tokio::test]
async fn a_collector_connects_to_the_broker_of_its_configuration_under_its_own_name() {
    for (config, hosted, _folder) in buses() {
        if config.bus_type.is_in_process() {
            continue; // A bus inside a process cannot be connected to.
        }
        let receiver = subscribe(&hosted, 64).await;
        let own = create_test_config().with_component_name("procmond").with_event_bus(config);
        let procmond = Principal::new("procmond", Role::Collector(CollectorKind::Process)).unwrap();
        let token = hosted.issue_token(procmond, LIMIT).unwrap().unwrap();
        let mut collector = Collector::new(own).with_credential(Credential::SpawnToken(token));
        let source = source("a", 0..5).with_ending(MockEnding::AtOnce);
        collector.register(boxed(&source)).unwrap();
        let status = collector.run().await.unwrap();
        hosted.shutdown(LIMIT).await.unwrap();

        assert_eq!(status.events_published, 5);
        let events = drain(receiver).await;
        assert_eq!(pids(&events), [0, 1, 2, 3, 4]);
        assert!(events.iter().all(|event| &*event.id.publisher == "procmond"));
    }
}

#[tokio::test]
async fn a_collector_leaves_a_bus_it_was_given_open() {
    for (_config, hosted, _folder) in buses() {
        let bus = Arc::clone(hosted.bus());
        let source = source("a", 0..1).with_ending(MockEnding::AtOnce);
        let first = TestCollector::start(create_test_config(), bus.clone(), [boxed(&source)]);
        first.wait().await.unwrap();
        let second = TestCollector::start(create_test_config(), bus, [boxed(&source)]);
        assert_eq!(second.wait().await.unwrap().events_published, 1);
        hosted.shutdown(LIMIT).await.unwrap();
    }
}
