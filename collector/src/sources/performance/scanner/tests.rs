//! The scanner on this host, and what its first and second scan tell.

use daemoneye_eventbus::PerformanceEvent;

use super::*;

fn told(scanned: Scanned) -> Vec<PerformanceEvent> {
    let events = scanned.events.into_iter().map(|event| match event {
        CollectionEvent::Performance(event) => event,
        other => panic!("{other:?}"),
    });
    events.collect()
}

fn names(events: &[PerformanceEvent]) -> Vec<&str> {
    events.iter().map(|event| &*event.metric_name).collect()
}

#[test]
fn the_first_scan_tells_levels_and_no_rates() {
    let mut scanner = PerformanceScanner::open(&PerfmondConfig::default()).unwrap();
    let events = told(scanner.scan().unwrap());
    let names = names(&events);
    assert!(names.contains(&"memory.used"), "{names:?}");
    for rate in ["cpu.busy", "disk.read", "network.sent", "process.cpu"] {
        assert!(!names.contains(&rate), "{rate}");
    }
}

#[test]
fn the_second_scan_tells_rates_and_keeps_to_the_list_of_processes() {
    let config = PerfmondConfig::default().with_top_processes(1);
    let mut scanner = PerformanceScanner::open(&config).unwrap();
    scanner.scan().unwrap();
    let events = told(scanner.scan().unwrap());
    let names = names(&events);
    assert!(names.contains(&"network.sent"), "{names:?}");
    assert!(names.iter().filter(|name| **name == "process.cpu").count() <= 1);
}

#[test]
fn a_scan_says_when_it_was_made() {
    let mut scanner = PerformanceScanner::open(&PerfmondConfig::default()).unwrap();
    let (first, second) = (scanner.scan().unwrap(), scanner.scan().unwrap());
    assert!(first.observed_unix_ns > 0);
    assert!(first.observed_monotonic_ns < second.observed_monotonic_ns);
}

#[test]
fn a_limit_that_every_host_is_above_is_an_anomaly_once() {
    let config = PerfmondConfig {
        memory_used_percent: 0.01,
        hysteresis_percent: 0.0,
        ..PerfmondConfig::default()
    };
    let mut scanner = PerformanceScanner::open(&config).unwrap();
    let mut rules = Vec::new();
    for _ in 0..3 {
        for event in told(scanner.scan().unwrap()) {
            rules.extend(event.header.metadata_value("rule").map(ToString::to_string));
        }
    }
    let memory = rules.iter().filter(|rule| **rule == "memory_used_percent");
    assert_eq!(memory.count(), 1, "{rules:?}");
}
