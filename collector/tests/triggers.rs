//! Triggers on real buses: the same triggers, whichever bus events travel on.

use std::sync::Arc;
use std::time::Duration;

use collector_core::factory::HostedBus;
use collector_core::trigger::{
    Trigger, TriggerCondition, TriggerManager, TriggerService, TriggerServiceConfig,
};
use collector_core::{EventBusConfig, EventBusFactory, EventBusType, TriggerPriority};
use daemoneye_eventbus::{
    CollectionEvent, CorrelationId, EventSubscription, Priority, ProcessEvent,
};

const LIMIT: Duration = Duration::from_secs(30);
/// Every bus that loses nothing, in this build.
const BUSES: &[EventBusType] = &[
    #[cfg(feature = "legacy")]
    EventBusType::Local,
    EventBusType::DaemonEye,
];

/// A hosted bus; the folder holds its socket.
fn host(bus_type: EventBusType) -> (HostedBus, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = EventBusConfig::default()
        .with_bus_type(bus_type)
        .with_socket_path(folder.path().join("run/broker.sock"));
    (EventBusFactory::host(&config, "agent").expect("the bus starts"), folder)
}

fn busy(pid: u32, cpu_percent: f64) -> CollectionEvent {
    let cpu_percent = Some(cpu_percent);
    let name = "x".into();
    CollectionEvent::Process(ProcessEvent { pid, name, cpu_percent, ..ProcessEvent::default() })
}

#[tokio::test]
async fn a_request_follows_what_was_observed_on_every_bus() {
    for &bus_type in BUSES {
        let (hosted, _folder) = host(bus_type);
        let bus = Arc::clone(hosted.bus());
        let wanted = EventSubscription::new("test").with_pattern("control.trigger.request");
        let mut requests = bus.subscribe(wanted).await.unwrap();

        let sql = "SELECT * WHERE name = 'x' AND cpu_usage > 50";
        let condition = TriggerCondition::new(sql).with_priority(TriggerPriority::Critical);
        let mut manager = TriggerManager::new("agent");
        manager.register(Trigger::new("busy", condition, "procmond", "binary_hash")).unwrap();
        let config = TriggerServiceConfig::default();
        let (service, mut handle) =
            TriggerService::subscribe(Arc::clone(&bus), manager, config).await.unwrap();
        let run = tokio::spawn(service.run());

        bus.publish(busy(6, 10.0), None).await.unwrap();
        bus.publish(busy(7, 90.0), Some("scan-7".into())).await.unwrap();
        let request = requests.recv().await.expect("the bus is open");
        assert_eq!(request.event.pid(), Some(7), "{bus_type}");
        assert_eq!(request.event.priority(), Priority::Critical, "{bus_type}");
        assert_eq!(&*request.event.header().source, "agent", "{bus_type}");
        assert_eq!(request.correlation.root, CorrelationId::from("scan-7"), "{bus_type}");
        assert_eq!(request.correlation.parent, Some("scan-7".into()), "{bus_type}");

        handle.wait_for(|statistics| statistics.requests_published == 1).await.unwrap();
        hosted.shutdown(LIMIT).await.unwrap();
        let statistics = run.await.unwrap().unwrap();
        // The request is no event that triggers look at.
        assert_eq!((statistics.events_received, statistics.triggers.fired), (2, 1), "{bus_type}");
        assert_eq!((statistics.events_lost, statistics.requests_lost), (0, 0), "{bus_type}");
    }
}
