//! MIGRATION.md says what is: its names resolve, its patterns are read as it shows, its settings
//! are settings; and code that has patterns of old works on every bus.
//!
//! Its Rust is run with the documentation of the crate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use collector_core::config::{Layers, Settings};
use collector_core::{
    DaemoneyeEventBusAdapter, EventBusConfig, EventBusFactory, EventBusType, FactoryError,
    SourceCaps,
};
use daemoneye_eventbus::{
    CollectionEvent, EventBus, EventReceiver, EventSubscription, NetworkEvent, ProcessEvent,
    SubscribeError, TriggerRequest,
};

const PAGE: &str = include_str!("../MIGRATION.md");
/// Sections with names.
const NAMES: [&str; 3] =
    ["Names of the framework", "Names of the bus", "The collector's document, section by section"];
/// What the collector's document names, whoever defines it there.
const OF_THE_COLLECTORS_DOCUMENT: [&str; 44] = [
    "AnalysisChainCoordinator",
    "AnalysisStage",
    "AnalysisWorkflowDefinition",
    "CollectionEvent",
    "Collector",
    "CollectorConfig",
    "CollectorIpcServer",
    "CorrelationFilter",
    "DatabaseManager",
    "EventBus",
    "EventFilter",
    "EventSource",
    "EventSubscription",
    "FilesystemEvent",
    "HealthStatus",
    "IpcRequest",
    "IpcResponse",
    "MockEventSource",
    "NetworkEvent",
    "NetworkEventSource",
    "PerformanceEvent",
    "ProcessEvent",
    "ProcessEventSource",
    "ProcessSourceConfig",
    "SourceCaps",
    "TestCollector",
    "TriggerCondition",
    "TriggerManager",
    "TriggerPriority",
    "TriggerRequest",
    "TriggerResourceLimits",
    "capabilities",
    "create_test_config",
    "get_capabilities",
    "handle_request",
    "health_check",
    "register",
    "run",
    "with_backpressure_threshold",
    "with_batch_timeout",
    "with_component_name",
    "with_event_buffer_size",
    "with_max_batch_size",
    "with_max_event_sources",
];
/// Marks of rows whose type has what the documents say it has.
const KEPT: [&str; 2] = ["same", "more"];
/// How names begin that must resolve.
const CRATES: [&str; 3] = ["collector_core::", "daemoneye_eventbus::", "legacy_buses::"];
const LIMIT: Duration = Duration::from_secs(30);

/// Uses each name, so that this file compiles only where all of them resolve, and lists them; the same
/// with what types have.
macro_rules! resolved {
    (
        types: $($($kind:ident)::+),+;
        traits: $($($contract:ident)::+),+;
        functions: $($($function:ident)::+),+;
        methods: $($($owner:ident)::+ => $method:ident),+;
        builders: $($($built:ident)::+ => $builder:ident),+;
        openers: $($($opened:ident)::+ => $opener:ident),+;
        fields: $($($record:ident)::+ { $($field:ident),+ }),+;
        members: $($($whole:ident)::+ { $($member:ident),+ }),+;
    ) => {
        /// By type, as the page writes it: what it has.
        fn parts() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
            $(let _ = |value: &$($record)::+| { $(let _ = &value.$field;)+ };)+
            $({
                type Whole = $($whole)::+;
                $(let _ = Whole::$member;)+
            })+
            let parts = [
                $((concat!($("::", stringify!($record)),+), vec![$(stringify!($field)),+]),)+
                $((concat!($("::", stringify!($whole)),+), vec![$(stringify!($member)),+]),)+
            ];
            let named = |(name, parts): (&'static str, Vec<&'static str>)| {
                (name.trim_start_matches("::"), parts.into_iter().collect::<BTreeSet<_>>())
            };
            parts.map(named).into()
        }

        fn resolved() -> BTreeSet<String> {
            $(let _ = std::any::type_name::<$($kind)::+>();)+
            $(let _ = std::any::type_name::<dyn $($contract)::+>();)+
            $(let _ = $($function)::+;)+
            $(let _ = <dyn $($owner)::+>::$method;)+
            $(let _ = |built: $($built)::+| built.$builder("text");)+
            $(let _ = || <$($opened)::+>::$opener("path");)+
            let names = [
                $(concat!($("::", stringify!($kind)),+),)+
                $(concat!($("::", stringify!($contract)),+),)+
                $(concat!($("::", stringify!($function)),+),)+
                $(concat!($("::", stringify!($owner),)+ "::", stringify!($method)),)+
                $(concat!($("::", stringify!($built),)+ "::", stringify!($builder)),)+
                $(concat!($("::", stringify!($opened),)+ "::", stringify!($opener)),)+
            ];
            names.map(|name| name.trim_start_matches("::").to_owned()).into()
        }
    };
}

resolved! {
    types:
        collector_core::AnalysisChainCoordinator,
        collector_core::AnalysisStage,
        collector_core::AnalysisWorkflowDefinition,
        collector_core::CollectionEvent,
        collector_core::Collector,
        collector_core::CollectorConfig,
        collector_core::CollectorIpcClient,
        collector_core::CollectorIpcServer,
        collector_core::CorrelationFilter,
        collector_core::DaemoneyeEventBusAdapter,
        collector_core::EventBusConfig,
        collector_core::EventBusFactory,
        collector_core::EventBusType,
        collector_core::EventFilter,
        collector_core::EventSubscription,
        collector_core::FactoryError,
        collector_core::FilesystemEvent,
        collector_core::HealthStatus,
        collector_core::NetworkEvent,
        collector_core::NetworkSource,
        collector_core::PerformanceEvent,
        collector_core::ProcessEvent,
        collector_core::ProcessSource,
        collector_core::SourceCaps,
        collector_core::TriggerCondition,
        collector_core::TriggerManager,
        collector_core::TriggerPriority,
        collector_core::TriggerRequest,
        collector_core::TriggerResourceLimits,
        collector_core::config::CrossbeamConfig,
        collector_core::config::DaemoneyeConfig,
        collector_core::config::Layers,
        collector_core::config::ProcmondConfig,
        collector_core::control::HealthAnnouncer,
        collector_core::ipc::Grant,
        collector_core::ipc::IpcReconnect,
        collector_core::ipc::IpcRequest,
        collector_core::ipc::IpcResponse,
        collector_core::ipc::Offer,
        collector_core::spool::Spool,
        collector_core::test_utils::MockEventSource,
        collector_core::test_utils::TestCollector,
        daemoneye_eventbus::BusEvent,
        daemoneye_eventbus::CorrelationFilter,
        daemoneye_eventbus::CorrelationMetadata,
        daemoneye_eventbus::DaemoneyeBroker,
        daemoneye_eventbus::DaemoneyeEventBus,
        daemoneye_eventbus::EventBusStatistics,
        daemoneye_eventbus::EventFilter,
        daemoneye_eventbus::EventId,
        daemoneye_eventbus::EventReceiver,
        daemoneye_eventbus::EventSubscription,
        daemoneye_eventbus::OverflowPolicy,
        daemoneye_eventbus::Routing,
        legacy_buses::crossbeam::HighPerformanceEventBusImpl,
        legacy_buses::crossbeam::LocalEventBus;
    traits:
        collector_core::EventBus,
        collector_core::EventSource,
        daemoneye_eventbus::EventBus;
    functions:
        collector_core::Collector::capabilities,
        collector_core::Collector::new,
        collector_core::Collector::register,
        collector_core::Collector::run,
        collector_core::CollectorConfig::new,
        collector_core::CollectorConfig::problems,
        collector_core::CollectorConfig::with_backpressure_threshold,
        collector_core::CollectorConfig::with_batch_timeout,
        collector_core::CollectorConfig::with_event_buffer_size,
        collector_core::CollectorConfig::with_max_batch_size,
        collector_core::CollectorConfig::with_max_event_sources,
        collector_core::CollectorIpcServer::get_capabilities,
        collector_core::CollectorIpcServer::handle_request,
        collector_core::CollectorIpcServer::start,
        collector_core::DaemoneyeEventBusAdapter::convert_subscription,
        collector_core::DaemoneyeEventBusAdapter::from_bus,
        collector_core::DaemoneyeEventBusAdapter::from_parts,
        collector_core::DaemoneyeEventBusAdapter::get_statistics,
        collector_core::DaemoneyeEventBusAdapter::map_topic_pattern,
        collector_core::EventBusFactory::create,
        collector_core::EventBusFactory::host,
        collector_core::health::of_collector,
        collector_core::health::of_own,
        collector_core::health::of_source,
        collector_core::source::covers,
        collector_core::test_utils::create_test_config,
        daemoneye_eventbus::DaemoneyeBroker::new,
        daemoneye_eventbus::DaemoneyeBroker::serve,
        legacy_buses::crossbeam::LocalEventBus::new;
    methods:
        daemoneye_eventbus::EventBus => publish,
        daemoneye_eventbus::EventBus => statistics,
        daemoneye_eventbus::EventBus => subscribe,
        daemoneye_eventbus::EventBus => unsubscribe;
    builders:
        collector_core::CollectorConfig => with_component_name;
    openers:
        collector_core::DaemoneyeEventBusAdapter => new;
    fields:
        collector_core::AnalysisWorkflowDefinition { stages, dependencies, timeout },
        collector_core::CollectorConfig {
            component_name, max_event_sources, event_buffer_size, max_batch_size, batch_timeout,
            shutdown_timeout, health_check_interval, enable_telemetry, enable_debug_logging
        },
        collector_core::EventBusConfig { bus_type, socket_path, crossbeam, daemoneye },
        collector_core::TriggerCondition { sql_condition, priority, resource_limits },
        daemoneye_eventbus::EventBusStatistics {
            events_published, events_delivered, active_subscribers, uptime
        };
    members:
        collector_core::CollectionEvent {
            Process, Network, Filesystem, Performance, TriggerRequest
        },
        collector_core::EventBusType { Local, DaemonEye },
        collector_core::HealthStatus { Healthy, Degraded, Unhealthy },
        collector_core::SourceCaps {
            PROCESS, NETWORK, FILESYSTEM, PERFORMANCE, REALTIME, KERNEL_LEVEL, SYSTEM_WIDE
        };
}

/// A section of the page, from its heading to the next.
fn section(heading: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("\n## {heading}\n")).expect("the page has it");
    rest.split("\n## ").next().unwrap_or(rest)
}

/// The cells of each row of its tables.
fn rows(section: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let rows = section.lines().filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'));
    rows.map(|row| row.split('|').collect())
}

/// What stands between backticks.
fn spans(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split('`').skip(1).step_by(2)
}

/// Code blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let opening = format!("\n```{language}\n");
    let begun = PAGE.split(opening.as_str()).skip(1);
    begun.filter_map(|rest| rest.split("\n```").next()).collect()
}

/// Every row of the sections with names.
fn named() -> impl Iterator<Item = Vec<&'static str>> {
    NAMES.into_iter().flat_map(|heading| rows(section(heading)))
}

#[test]
fn every_name_of_the_page_resolves_and_every_name_that_resolves_is_on_it() {
    let shown: BTreeSet<String> =
        named().flat_map(|cells| spans(cells[1])).map(str::to_owned).collect();
    assert_eq!(shown, resolved());
}

#[test]
fn names_of_the_page_say_where_they_are() {
    for name in resolved() {
        assert!(CRATES.iter().any(|prefix| name.starts_with(prefix)), "{name}");
    }
}

#[test]
fn what_the_documents_say_a_type_has_it_has() {
    let mut shown: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for cells in named().filter(|cells| KEPT.contains(&cells[2].trim())) {
        for (old, parts) in spans(cells[0]).filter_map(|span| span.split_once(" { ")) {
            let is_of_it = |name: &&str| name.rsplit("::").next() == Some(old);
            let Some(name) = spans(cells[1]).find(is_of_it) else { continue };
            let parts = parts.trim_end_matches(" }").split(", ").filter(|part| *part != "…");
            shown.entry(name).or_default().extend(parts);
        }
    }
    assert_eq!(shown, parts());
}

#[test]
fn every_name_of_the_collectors_document_has_a_row() {
    let is_in_a_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let olds = named().flat_map(|cells| spans(cells[0]));
    let words: BTreeSet<&str> =
        olds.flat_map(|old| old.split(move |letter: char| !is_in_a_name(letter))).collect();
    for name in OF_THE_COLLECTORS_DOCUMENT {
        assert!(words.contains(name), "{name}");
    }
}

#[test]
fn capabilities_have_the_bits_of_the_document() {
    let capabilities = [
        SourceCaps::PROCESS,
        SourceCaps::NETWORK,
        SourceCaps::FILESYSTEM,
        SourceCaps::PERFORMANCE,
        SourceCaps::REALTIME,
        SourceCaps::KERNEL_LEVEL,
        SourceCaps::SYSTEM_WIDE,
    ];
    for (bit, capability) in capabilities.into_iter().enumerate() {
        assert_eq!(capability.bits(), 1_u32 << bit, "{capability:?}");
    }
}

#[test]
fn every_pattern_of_the_page_is_read_as_it_shows() {
    let mut shown = 0;
    for cells in rows(section("Patterns of old")) {
        let Some(today) = spans(cells[1]).next() else { continue };
        for old in spans(cells[0]) {
            assert_eq!(DaemoneyeEventBusAdapter::map_topic_pattern(old), today, "{old}");
            shown += 1;
        }
    }
    assert!(shown > 20, "{shown}");
}

#[test]
fn settings_of_the_page_are_settings_and_both_buses_are_among_them() {
    let mut bus_types = Vec::new();
    for text in blocks("toml") {
        let settings: Settings = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
        if text.contains("bus_type") {
            bus_types.push(settings.event_bus.bus_type);
        } else {
            assert_eq!(settings, Settings::default(), "it shows the defaults");
        }
    }
    assert_eq!(bus_types, [EventBusType::DaemonEye, EventBusType::Local]);
}

#[test]
fn every_variable_of_the_page_sets_something() {
    let mut shown = 0;
    for cells in rows(section("Settings and environment variables")) {
        for (variable, value) in spans(cells[0]).filter_map(|span| span.split_once('=')) {
            let mut layers = Layers::new();
            let variables = [(variable.to_owned(), value.to_owned())];
            layers.environment(variables).unwrap_or_else(|error| panic!("{error}"));
            let resolved = layers.resolve().unwrap_or_else(|error| panic!("{error}"));
            assert_ne!(resolved.settings, Settings::default(), "{variable}");
            shown += 1;
        }
    }
    assert!(shown > 5, "{shown}");
}

fn process(pid: u32) -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent { pid, ..ProcessEvent::default() })
}

async fn subscribe(bus: &dyn EventBus, pattern: &str) -> EventReceiver {
    let wanted = EventSubscription::new(pattern).with_pattern(pattern);
    bus.subscribe(wanted).await.unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

/// The topics of all that comes, sorted: two lanes have no order between them.
async fn topics(mut receiver: EventReceiver) -> Vec<String> {
    let mut topics = Vec::new();
    while let Some(event) = receiver.recv().await {
        topics.push(event.topic.to_string());
    }
    topics.sort();
    topics
}

#[tokio::test]
async fn patterns_of_old_receive_all_they_meant_on_every_bus() {
    let processes: &[&str] =
        &["events.process", "events.process.lifecycle", "events.process.tree.update"];
    let requests: &[&str] = &["control.trigger.request"];
    let expected: [(&str, &[&str]); 9] = [
        ("process", processes),
        ("process.*", processes),
        ("process.lifecycle", &["events.process.lifecycle"]),
        ("*.lifecycle", &["events.process.lifecycle"]),
        ("network", &["events.network.connections"]),
        ("performance.*", &[]),
        ("trigger.*", requests),
        ("control", requests),
        ("events.process.+", &["events.process.lifecycle"]),
    ];
    for bus_type in [EventBusType::Local, EventBusType::DaemonEye] {
        let folder = tempfile::tempdir().unwrap();
        let config = EventBusConfig::default()
            .with_bus_type(bus_type)
            .with_socket_path(folder.path().join("run/broker.sock"));
        let hosted = EventBusFactory::host(&config, "agent").unwrap();
        let bus = DaemoneyeEventBusAdapter::from_bus(Arc::clone(hosted.bus()));
        let mut receivers = Vec::new();
        for (pattern, _) in expected {
            receivers.push(subscribe(&bus, pattern).await);
        }
        let capabilities = SourceCaps::PROCESS | SourceCaps::REALTIME;
        let wanted = EventSubscription::new("capable").with_capabilities(capabilities);
        let capable = bus.subscribe(wanted).await.unwrap();

        bus.publish(process(1), None).await.unwrap();
        for topic in ["events.process.tree.update", "events.process"] {
            bus.publish_to(topic.parse().unwrap(), process(2), None).await.unwrap();
        }
        let network = CollectionEvent::Network(NetworkEvent::default());
        let connections = "events.network.connections".parse().unwrap();
        bus.publish_to(connections, network, None).await.unwrap();
        let request = CollectionEvent::TriggerRequest(TriggerRequest::default());
        bus.publish(request, None).await.unwrap();
        hosted.shutdown(LIMIT).await.unwrap();

        for ((pattern, expected), receiver) in expected.into_iter().zip(receivers) {
            assert_eq!(topics(receiver).await, expected, "{pattern} on {bus_type}");
        }
        let both: Vec<_> = requests.iter().chain(processes).copied().collect();
        assert_eq!(topics(capable).await, both, "{bus_type}");
    }
}

#[tokio::test]
async fn an_adapter_with_a_broker_of_its_own_is_heard_by_others_and_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run/broker.sock");
    let own = DaemoneyeEventBusAdapter::new(&path).await.unwrap();
    let config = EventBusConfig::default().with_socket_path(&path);
    let other = EventBusFactory::create(&config, "other").await.unwrap();
    let other = DaemoneyeEventBusAdapter::from_bus(other);

    let mut events = subscribe(&other, "process").await;
    own.publish(process(7), None).await.unwrap();
    assert_eq!(events.recv().await.and_then(|event| event.event.pid()), Some(7));
    assert_eq!(own.get_statistics().await.unwrap().events_published, 1);

    // Whoever has proved nothing reads events alone (A3), in whatever words it asks.
    let control = EventSubscription::new("nosy").with_pattern("control");
    let refused = other.subscribe(control).await.unwrap_err();
    assert!(matches!(refused, SubscribeError::Denied(_)), "{refused}");

    other.shutdown(LIMIT).await.unwrap();
    own.shutdown(LIMIT).await.unwrap();
    let late = EventBusFactory::create(&config, "late").await;
    assert!(matches!(late, Err(FactoryError::Connect { .. })));
}

#[cfg(unix)]
#[tokio::test]
async fn a_broker_is_not_hosted_in_a_folder_that_is_open_to_others() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let refused = DaemoneyeEventBusAdapter::new(folder.path().join("broker.sock")).await;
    assert!(matches!(refused, Err(FactoryError::Folder(_))), "{refused:?}");
}
