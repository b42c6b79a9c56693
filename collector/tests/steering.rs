//! Real collectors are changed while they run, as threads of an agent are, on both buses: in their
//! configuration and in whether they collect. `processes` does the same with processes.

use std::sync::Arc;
use std::time::Duration;

use collector_core::config::{
    CollectorName, FsmondConfig, NetmondConfig, PerfmondConfig, Settings,
};
use collector_core::program::{self, WayToBus};
use collector_core::{EventBusConfig, EventBusFactory, EventBusType};
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::event::{PerformanceScope, ReplyAddress};
use daemoneye_eventbus::rpc::{
    Call, CallError, ConfigChange, ConfigChanges, ConfigOutcome, ConfigUpdate, HealthStatus,
    Request, Response, RpcClient, RpcClientConfig,
};
use daemoneye_eventbus::{
    CollectionEvent, EventBus, EventReceiver, EventSubscription, OverflowPolicy,
};
use tokio::sync::oneshot;

/// Turns a hang into a failure.
const LIMIT: Duration = Duration::from_mins(1);
/// Events that wait for a test to look at them.
const CAPACITY_EVENTS: usize = 16_384;
/// Every bus that loses nothing, in this build.
const BUSES: &[EventBusType] = &[
    #[cfg(feature = "legacy")]
    EventBusType::Local,
    EventBusType::DaemonEye,
];

/// Whoever changes a collector, and sees what comes of it.
struct Desk {
    client: RpcClient,
    seen: EventReceiver,
}

impl Desk {
    async fn at(bus: &Arc<dyn EventBus>) -> Self {
        let config = RpcClientConfig::new(ReplyAddress::new("desk").expect("a level"));
        let client = RpcClient::start(Arc::clone(bus), config).await.expect("its own address");
        let wanted = EventSubscription::new("desk")
            .with_pattern("events.#")
            .with_capacity(CAPACITY_EVENTS)
            .with_policy(OverflowPolicy::DropOldest);
        let seen = bus.subscribe(wanted).await.expect("a sound subscription");
        Self { client, seen }
    }

    /// Asks whoever answers: the collector is alone on its bus, whose handles have no names.
    async fn ask(&self, request: Request) -> Result<Response, CallError> {
        self.client.call(Call::new(request)).await.map(|answer| answer.response)
    }

    /// What an update did, or why not.
    async fn update(&self, update: ConfigUpdate) -> Result<ConfigOutcome, String> {
        match self.ask(Request::UpdateConfig(update)).await {
            Ok(Response::Config(outcome)) => Ok(outcome),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn apply(&self, changes: &[(&str, &str)]) -> Result<ConfigOutcome, String> {
        self.update(ConfigUpdate::Apply(these(changes))).await
    }

    /// Whether the collector says of itself that it is paused.
    async fn is_paused(&self) -> bool {
        let Ok(Response::Health(report)) = self.ask(Request::HealthCheck).await else {
            panic!("it says how it is")
        };
        let paused = report.parts.iter().find(|part| part.name == "collecting");
        paused.is_some_and(|part| part.status == HealthStatus::Degraded)
    }

    /// Waits for an event.
    async fn until(&mut self, is: impl Fn(&CollectionEvent) -> bool) {
        while !is(&self.seen.recv().await.expect("the bus is open").event) {}
    }

    /// Waits for an event of what is looked at from now on.
    async fn until_it_looks(&mut self) {
        let now_ns = monotonic_ns();
        self.until(|event| event.header().observed_monotonic_ns > now_ns).await;
    }
}

fn these(changes: &[(&str, &str)]) -> ConfigChanges {
    let change = |(key, value): &(&str, &str)| ConfigChange {
        key: (*key).to_owned(),
        value: Some((*value).to_owned()),
    };
    ConfigChanges { base_version: None, changes: changes.iter().map(change).collect() }
}

/// Settings in which a collector looks once.
fn looking_once() -> Settings {
    let long = Duration::from_hours(1);
    Settings {
        netmond: NetmondConfig::default().with_scan_interval(long),
        perfmond: PerfmondConfig::default().with_sample_interval(long),
        ..Settings::default()
    }
}

/// Runs a collector on a bus of each type while the script goes on.
async fn on_both_buses(
    collector: CollectorName,
    settings: &Settings,
    script: impl AsyncFn(&mut Desk),
) {
    for &bus_type in BUSES {
        let folder = tempfile::tempdir().expect("a folder");
        let config = EventBusConfig::default()
            .with_bus_type(bus_type)
            .with_socket_path(folder.path().join("run/broker.sock"));
        let hosted = EventBusFactory::host(&config, "agent").expect("the bus is hosted");
        let mut desk = Desk::at(hosted.bus()).await;
        let (tell_ready, ready) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async {
            let _ = stopped.await;
        };
        let on_ready = |told| {
            let _ = tell_ready.send(told);
        };
        let way = WayToBus::Shared(Arc::clone(hosted.bus()));
        let running = program::run(collector, settings, way, stopped, on_ready);
        let changing = async {
            ready.await.expect("it begins");
            script(&mut desk).await;
            let _ = stop.send(());
        };
        let both = Box::pin(async { tokio::join!(running, changing) });
        let (ran, ()) = tokio::time::timeout(LIMIT, both).await.expect("it does not hang");
        ran.expect("it ends in order");
        drop(desk);
        hosted.shutdown(LIMIT).await.expect("the bus ends");
    }
}

#[tokio::test]
async fn a_changed_interval_is_seen_without_a_restart() {
    on_both_buses(CollectorName::Perfmond, &looking_once(), async |desk| {
        let outcome = desk.apply(&[("perfmond.sample_interval", "100ms")]).await.unwrap();
        assert_eq!((outcome.version, outcome.restart_keys.len()), (2, 0));
        assert_eq!(outcome.hot_keys, ["perfmond.sample_interval"]);
        for _ in 0..3 {
            desk.until_it_looks().await;
        }
    })
    .await;
}

#[cfg(any(target_os = "linux", windows))]
#[tokio::test]
async fn a_socket_is_seen_once_the_interval_is_short() {
    on_both_buses(CollectorName::Netmond, &looking_once(), async |desk| {
        let _listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        desk.apply(&[("netmond.scan_interval", "50ms")]).await.unwrap();
        desk.until_it_looks().await;
    })
    .await;
}

#[tokio::test]
async fn a_wrong_value_is_refused_with_its_place_and_changes_nothing() {
    on_both_buses(CollectorName::Perfmond, &looking_once(), async |desk| {
        let place = "error: update perfmond.sample_interval=1ms: `perfmond.sample_interval`: ";
        let expected = format!("invalid body: {place}1ms is shorter than 100ms");
        let wrong = [("perfmond.cpu_busy_percent", "50.0"), ("perfmond.sample_interval", "1ms")];
        assert_eq!(desk.apply(&wrong).await, Err(expected));
        let misspelt = desk.apply(&[("perfmond.sample_intervall", "1s")]).await.unwrap_err();
        assert!(misspelt.ends_with("did you mean `sample_interval`?"), "{misspelt}");
        let colder = desk.apply(&[("perfmond.top_processes", "1")]).await.unwrap_err();
        assert!(colder.contains("restart needed"), "{colder}");
        // Had half of the first update been done, this would change nothing.
        let right = these(&[("perfmond.cpu_busy_percent", "50.0")]);
        let tried = desk.update(ConfigUpdate::Validate(right)).await.unwrap();
        assert_eq!((tried.version, tried.hot_keys.len()), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn trying_changes_nothing_and_a_rollback_restores() {
    on_both_buses(CollectorName::Perfmond, &looking_once(), async |desk| {
        let fast = [("perfmond.sample_interval", "100ms")];
        let tried = desk.update(ConfigUpdate::Validate(these(&fast))).await.unwrap();
        assert_eq!(desk.apply(&fast).await.unwrap().hot_keys, tried.hot_keys);
        let back = desk.update(ConfigUpdate::Rollback { to_version: 1 }).await.unwrap();
        assert_eq!((back.version, &back.hot_keys), (3, &tried.hot_keys));
        let again = desk.update(ConfigUpdate::Rollback { to_version: 2 }).await.unwrap();
        assert_eq!(again.version, 4);
        for _ in 0..3 {
            desk.until_it_looks().await;
        }
        let never = desk.update(ConfigUpdate::Rollback { to_version: 9 }).await.unwrap_err();
        assert!(never.ends_with("version 9 cannot be restored; 1 to 4 can"), "{never}");
    })
    .await;
}

#[tokio::test]
async fn a_changed_limit_is_that_of_the_next_sample() {
    on_both_buses(CollectorName::Perfmond, &looking_once(), async |desk| {
        // Every host uses more than this of its memory.
        let lower = [
            ("perfmond.memory_used_percent", "0.01"),
            ("perfmond.hysteresis_percent", "0.001"),
            ("perfmond.sample_interval", "100ms"),
        ];
        assert_eq!(desk.apply(&lower).await.unwrap().version, 2);
        desk.until(|event| {
            let CollectionEvent::Performance(value) = event else { return false };
            value.scope == PerformanceScope::Anomaly && value.metric_name == "memory.used_percent"
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_paused_collector_says_so_and_tells_afterwards_what_it_was_told_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let fsmond = FsmondConfig::default().with_paths([folder.path()]);
    let settings = Settings { fsmond, ..Settings::default() };
    on_both_buses(CollectorName::Fsmond, &settings, async |desk| {
        assert!(!desk.is_paused().await);
        assert_eq!(desk.ask(Request::Pause).await, Ok(Response::Done));
        assert!(desk.is_paused().await);
        let name = format!("while-paused-{}", monotonic_ns());
        std::fs::write(folder.path().join(&name), "seen").unwrap();
        assert_eq!(desk.ask(Request::Resume).await, Ok(Response::Done));
        assert!(!desk.is_paused().await);
        desk.until(|event| {
            let CollectionEvent::Filesystem(seen) = event else { return false };
            seen.path.ends_with(&name)
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_collector_ends_in_order_though_it_is_paused() {
    on_both_buses(CollectorName::Perfmond, &looking_once(), async |desk| {
        assert_eq!(desk.ask(Request::Pause).await, Ok(Response::Done));
    })
    .await;
}
