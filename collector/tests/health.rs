//! What a collector tells of itself on real buses: a limit that is crossed, and that it no longer
//! is, once each; and telemetry, for whoever listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use collector_core::config::HealthConfig;
use collector_core::control::HealthAnnouncer;
use collector_core::factory::HostedBus;
use collector_core::test_utils::{MockEventSource, TestCollector, create_test_config};
use collector_core::{
    CollectionEvent, Collector, EventBusConfig, EventBusFactory, EventBusType, EventSource,
    SourceCaps,
};
use daemoneye_eventbus::acl::{CollectorKind, Principal, Role};
use daemoneye_eventbus::rpc::{
    Announcement, HealthPart, HealthStatus, StatusMonitor, StatusReport, Telemetry,
};
use daemoneye_eventbus::{Credential, EventBus, EventReceiver, EventSubscription};
use tokio::sync::{Notify, mpsc};

/// Turns a hang into a failure.
const LIMIT: Duration = Duration::from_mins(1);
const MEMBER: &str = "procmond";
/// Long enough that it always holds several checks, however busy the host is.
const WINDOW: Duration = Duration::from_secs(3);
/// Every bus that loses nothing, in this build.
const BUSES: &[EventBusType] = &[
    #[cfg(feature = "legacy")]
    EventBusType::Local,
    EventBusType::DaemonEye,
];

/// A source that does nothing, and fails its health checks for as long as it is ill.
struct Patient {
    is_ill: Arc<AtomicBool>,
    stop: Notify,
}

#[async_trait]
impl EventSource for Patient {
    fn name(&self) -> &'static str {
        "patient"
    }

    fn capabilities(&self) -> SourceCaps {
        SourceCaps::PROCESS
    }

    async fn start(
        &self,
        _tx: mpsc::Sender<CollectionEvent>,
        _shutdown_signal: Arc<AtomicBool>,
    ) -> anyhow::Result<()> {
        self.stop.notified().await;
        Ok(())
    }

    async fn stop(&self) -> anyhow::Result<()> {
        self.stop.notify_one();
        Ok(())
    }

    async fn health_check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(!self.is_ill.load(Ordering::Relaxed), "it is ill");
        Ok(())
    }
}

/// Everything a listener of the agent hears.
struct Heard {
    receiver: EventReceiver,
    /// By whom the bus says it is told.
    publisher: String,
    telemetry: Vec<Telemetry>,
}

impl Heard {
    /// Changes of status up to one in which the error rate is like this.
    async fn until_error_rate(&mut self, status: HealthStatus) -> Vec<StatusReport> {
        let mut changes = Vec::new();
        loop {
            let change = self.next_status().await;
            let is_it = error_rate(&change).status == status;
            changes.push(change);
            if is_it {
                return changes;
            }
        }
    }

    /// The next change of status; telemetry before it is kept.
    async fn next_status(&mut self) -> StatusReport {
        loop {
            match self.next().await {
                Announcement::Status(status) => return status,
                Announcement::Telemetry(telemetry) => self.telemetry.push(telemetry),
            }
        }
    }

    async fn next(&mut self) -> Announcement {
        let event = tokio::time::timeout(LIMIT, self.receiver.recv()).await.expect("in time");
        let event = event.expect("the bus is open");
        assert_eq!(event.id.publisher, self.publisher);
        assert_eq!(event.event.header().source, MEMBER);
        Announcement::of(&event).expect("nothing else is told there")
    }

    /// Changes of status that are left when the bus has ended.
    async fn rest(mut self) -> (usize, Vec<Telemetry>) {
        let mut changes = 0;
        while let Some(event) = self.receiver.recv().await {
            match Announcement::of(&event).expect("nothing else is told there") {
                Announcement::Status(_) => changes += 1,
                Announcement::Telemetry(telemetry) => self.telemetry.push(telemetry),
            }
        }
        (changes, self.telemetry)
    }
}

/// A bus of this type, and the handle of a collector to it: its own connection where there is a
/// broker.
async fn bus(bus_type: EventBusType) -> (HostedBus, Arc<dyn EventBus>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = EventBusConfig::default()
        .with_bus_type(bus_type)
        .with_socket_path(folder.path().join("run/broker.sock"));
    let hosted = EventBusFactory::host(&config, "agent").expect("the bus is hosted");
    let member =
        Principal::new(MEMBER, Role::Collector(CollectorKind::Process)).expect("a sound name");
    let bus = match hosted.issue_token(member, LIMIT).expect("a token") {
        Some(token) => {
            let credential = Credential::SpawnToken(token);
            EventBusFactory::create_as(&config, MEMBER, credential).await.expect("the member joins")
        }
        None => Arc::clone(hosted.bus()),
    };
    (hosted, bus, folder)
}

/// By whom events are, as the bus says: handles inside a process have no names.
fn publisher(bus_type: EventBusType) -> String {
    let publisher = if bus_type.is_in_process() { "local" } else { MEMBER };
    publisher.to_owned()
}

/// Half of all checks fail: above the lower limit, below the other.
fn limits() -> HealthConfig {
    HealthConfig::default()
        .with_error_rates(0.4, 0.9)
        .with_window(WINDOW)
        .with_cpu_percent_limit(0.0)
        .with_memory_limit_bytes(0)
}

fn error_rate(status: &StatusReport) -> &HealthPart {
    let mut parts = status.report.parts.iter();
    parts.find(|part| part.name == "error_rate").expect("it is always a part")
}

#[tokio::test]
async fn a_limit_is_told_when_it_is_crossed_and_when_it_is_no_longer_once_each_on_every_bus() {
    for &bus_type in BUSES {
        let (hosted, bus, _folder) = bus(bus_type).await;
        let wanted = EventSubscription::new("test").with_pattern("control.health.status");
        let receiver = hosted.bus().subscribe(wanted).await.unwrap();
        let publisher = publisher(bus_type);
        let mut heard = Heard { receiver, publisher, telemetry: Vec::new() };

        let is_ill = Arc::new(AtomicBool::new(true));
        let mut collector = Collector::new(create_test_config().with_health(limits()));
        let patient = Patient { is_ill: Arc::clone(&is_ill), stop: Notify::new() };
        collector.register(Box::new(patient)).unwrap();
        collector.register(Box::new(MockEventSource::new("well", SourceCaps::PROCESS))).unwrap();
        let announcer =
            HealthAnnouncer::start(Arc::clone(&bus), MEMBER, true, collector.watch_status());
        let collector = TestCollector::run(collector.with_bus(Arc::clone(&bus)));

        let mut changes = heard.until_error_rate(HealthStatus::Degraded).await;
        let crossed = changes.last().unwrap();
        let part = error_rate(crossed);
        let reason = part.reason.as_deref().unwrap();
        assert!(reason.ends_with(" failed within 3s, the limit is 40 %"), "{reason}");
        let ill = crossed.report.parts.iter().find(|part| part.name == "patient").unwrap();
        assert_eq!(ill.reason.as_deref(), Some("it is ill"));

        is_ill.store(false, Ordering::Relaxed);
        changes.extend(heard.until_error_rate(HealthStatus::Healthy).await);
        assert_eq!(error_rate(changes.last().unwrap()).reason, None);
        // What else had changed was told as well, and never the same twice.
        assert!(changes.iter().map(|change| change.sequence).eq(1..=changes.len() as u64));
        let mut stands: Vec<_> = changes.iter().map(|change| error_rate(change).status).collect();
        stands.dedup();
        let crossings = [HealthStatus::Degraded, HealthStatus::Healthy];
        assert!(stands.ends_with(&crossings) && stands.len() <= 3, "{bus_type}: {stands:?}");

        collector.stop().await.unwrap();
        drop(announcer);
        bus.shutdown(LIMIT).await.unwrap();
        hosted.shutdown(LIMIT).await.unwrap();
        let (changes, telemetry) = heard.rest().await;
        assert_eq!(changes, 0, "{bus_type}: it was told twice");
        assert_plausible(&telemetry);
    }
}

/// Numbers grow, and the figures are those of a process that runs.
fn assert_plausible(telemetry: &[Telemetry]) {
    assert!(telemetry.len() > 2, "{telemetry:?}");
    assert!(telemetry.is_sorted_by(|one, next| one.sequence < next.sequence));
    assert!(telemetry.is_sorted_by_key(|told| (told.uptime, told.counters.checks)));
    for told in telemetry {
        let memory = told.resources.memory_bytes.expect("every system tells it");
        assert!((1 << 16..1 << 34).contains(&memory), "{told:?}");
        assert!(told.counters.checks_failed <= told.counters.checks, "{told:?}");
        assert!(told.errors.failed <= told.errors.tried, "{told:?}");
        let cpu = told.resources.cpu.expect("each look has one before it");
        assert!(cpu.over > Duration::ZERO, "{told:?}");
        if cfg!(target_os = "linux") {
            assert!(told.resources.threads.is_some_and(|threads| threads > 0), "{told:?}");
            assert!(told.resources.open_descriptors.is_some_and(|open| open > 2), "{told:?}");
        }
    }
    let failed = telemetry.iter().map(|told| told.counters.checks_failed).max();
    assert!(failed > Some(0), "the patient was ill");
}

#[tokio::test]
async fn an_agent_keeps_the_last_word_of_a_collector_that_it_hears_over_its_broker() {
    let (hosted, bus, _folder) = bus(EventBusType::DaemonEye).await;
    let monitor = StatusMonitor::start(Arc::clone(hosted.bus()), "agent").await.unwrap();
    let mut collector = Collector::new(create_test_config());
    collector.register(Box::new(MockEventSource::new("well", SourceCaps::PROCESS))).unwrap();
    let mut status = collector.watch_status();
    let announcer =
        HealthAnnouncer::start(Arc::clone(&bus), MEMBER, true, collector.watch_status());
    let run = tokio::spawn(collector.with_bus(Arc::clone(&bus)).run());
    let looked = status.next_look().await.expect("it runs");
    assert!(looked.own.looks >= 1 && looked.checks >= 1);
    let heard = async {
        while monitor.last_telemetry(MEMBER).is_none_or(|last| last.telemetry.sequence < 3) {
            status.next_look().await.expect("it runs");
        }
    };
    tokio::time::timeout(LIMIT, heard).await.expect("in time");
    assert_eq!(monitor.last_status(MEMBER), None, "nothing has changed");
    run.abort();
    drop(announcer);
    bus.shutdown(LIMIT).await.unwrap();
    hosted.shutdown(LIMIT).await.unwrap();
}

#[tokio::test]
async fn a_collector_without_telemetry_tells_changes_alone() {
    let (hosted, bus, _folder) = bus(BUSES[0]).await;
    let wanted = EventSubscription::new("test").with_pattern("control.#");
    let receiver = hosted.bus().subscribe(wanted).await.unwrap();
    let health = limits().with_error_rates(0.5, 0.0);
    let mut collector = Collector::new(create_test_config().with_health(health));
    let source = MockEventSource::new("s", SourceCaps::PROCESS).with_failing_health("on purpose");
    collector.register(Box::new(source)).unwrap();
    let announcer =
        HealthAnnouncer::start(Arc::clone(&bus), MEMBER, false, collector.watch_status());
    let run = tokio::spawn(collector.with_bus(Arc::clone(&bus)).run());
    let publisher = publisher(BUSES[0]);
    let mut heard = Heard { receiver, publisher, telemetry: Vec::new() };
    heard.until_error_rate(HealthStatus::Degraded).await;
    run.abort();
    drop(announcer);
    bus.shutdown(LIMIT).await.unwrap();
    hosted.shutdown(LIMIT).await.unwrap();
    let (_, telemetry) = heard.rest().await;
    assert_eq!(telemetry, []);
}
