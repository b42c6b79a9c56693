//! What is changed is checked by itself and together with the rest, and names its place.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::config::{AnomalyRule, PerfmondConfig, ProcmondConfig};

fn section(collector: CollectorName) -> LiveSection {
    LiveSection::new(collector, &Settings::default())
}

/// Why a change is refused, by itself or with the rest; panics when it is not.
fn refusal(collector: CollectorName, key: &str, value: Option<&str>) -> String {
    let section = section(collector);
    let refused = match section.check(key, value) {
        Ok(()) => section.with(value.map(|value| (key, value))).map(drop),
        refused => refused,
    };
    refused.expect_err("it is refused").to_string()
}

#[test]
fn a_live_key_has_its_new_value_and_every_other_the_one_it_was_started_with() {
    let procmond = ProcmondConfig { integrity: false, ..ProcmondConfig::default() };
    let settings = Settings { procmond: procmond.clone(), ..Settings::default() };
    let section = LiveSection::new(CollectorName::Procmond, &settings);
    let rules = "[\"kernel_thread_name\"]";
    let values = [("procmond.scan_interval", "250ms"), ("procmond.anomaly_rules", rules)];
    for (key, value) in values {
        section.check(key, Some(value)).unwrap();
    }
    let expected = ProcmondConfig {
        scan_interval: Duration::from_millis(250),
        anomaly_rules: BTreeSet::from([AnomalyRule::KernelThreadName]),
        ..procmond.clone()
    };
    assert_eq!(section.with(values).unwrap().procmond, expected);
    assert_eq!(section.with([]).unwrap().procmond, procmond, "and without changes the same");
}

#[test]
fn every_section_survives_the_way_through_a_table() {
    for collector in CollectorName::ALL {
        assert_eq!(section(collector).with([]).unwrap(), Settings::default(), "{collector}");
    }
}

#[test]
fn every_live_key_is_a_key_of_its_own_section_and_may_be_changed() {
    for collector in CollectorName::ALL {
        let table = section(collector).table().unwrap();
        for key in collector.live_keys() {
            let (name, own) = key.split_once('.').unwrap();
            assert_eq!(name, collector.as_str());
            let value = table.get(own).unwrap_or_else(|| panic!("no key {key}")).to_string();
            assert_eq!(section(collector).check(key, Some(&value)), Ok(()), "{key}={value}");
            assert_eq!(section(collector).check(key, None), Ok(()), "{key}");
        }
    }
}

#[test]
fn the_interval_of_each_collector_that_has_one_is_live() {
    for collector in CollectorName::ALL {
        let interval = collector.interval_key();
        assert!(interval.is_none_or(|key| collector.live_keys().contains(&key)), "{collector}");
    }
}

#[test]
fn a_wrong_value_is_refused_with_its_place_in_the_words_of_a_file() {
    let procmond = CollectorName::Procmond;
    let told = refusal(procmond, "procmond.scan_interval", Some("5ms"));
    let expected = "error: update procmond.scan_interval=5ms: `procmond.scan_interval`: 5ms is \
                    shorter than 10ms";
    assert_eq!(told, expected);
    let told = refusal(procmond, "procmond.scan_interval", Some("soon"));
    assert!(told.starts_with("error: update procmond.scan_interval=soon: "), "{told}");
    assert!(told.contains("has no number"), "{told}");
    let told = refusal(procmond, "procmond.anomaly_rules", Some("[\"kernel_thread\"]"));
    assert!(told.contains("unknown variant `kernel_thread`"), "{told}");
}

#[test]
fn an_unknown_key_is_refused_with_what_was_probably_meant() {
    for value in [Some("5s"), None] {
        let told = refusal(CollectorName::Procmond, "procmond.scan_intervall", value);
        assert!(told.ends_with("scan_interval`?"), "{told}");
    }
}

#[test]
fn what_a_running_collector_does_not_change_needs_a_restart() {
    for (collector, key, value) in [
        (CollectorName::Procmond, "procmond.integrity", Some("false")),
        (CollectorName::Procmond, "procmond.integrity", None),
        (CollectorName::Fsmond, "fsmond.settle", Some("100ms")),
        (CollectorName::Perfmond, "collector.max_batch_size", Some("7")),
    ] {
        let told = refusal(collector, key, value);
        assert!(told.contains(": restart needed: "), "{told}");
        assert!(!told.contains("did you mean"), "{told}");
    }
}

#[test]
fn a_key_of_another_collector_is_refused_with_whose_it_is() {
    for value in [Some("5s"), None] {
        let told = refusal(CollectorName::Procmond, "netmond.scan_interval", value);
        let expected = ": `netmond.scan_interval` is a key of netmond, and this is procmond";
        assert!(told.ends_with(expected), "{told}");
    }
}

#[test]
fn a_key_without_its_section_is_refused_with_the_collectors_own() {
    for value in [Some("5s"), None] {
        let told = refusal(CollectorName::Netmond, "scan_interval", value);
        let expected = ": `scan_interval` is in no section; did you mean `netmond.scan_interval`?";
        assert!(told.ends_with(expected), "{told}");
    }
    let told = refusal(CollectorName::Perfmond, "scan_interval", Some("5s"));
    let meant = "did you mean `netmond.scan_interval` or `procmond.scan_interval`?";
    assert!(told.ends_with(meant), "{told}");
}

#[test]
fn what_is_wrong_only_together_is_refused_wherever_the_rest_came_from() {
    let told = refusal(CollectorName::Perfmond, "perfmond.swap_used_percent", Some("4.0"));
    let expected = "error: update perfmond.swap_used_percent=4.0: \
                    `perfmond.swap_used_percent`: with `hysteresis_percent` at 5, an anomaly of \
                    `swap_used_percent` (4) would never be over";
    assert_eq!(told, expected);
    let both = [("perfmond.swap_used_percent", "4.0"), ("perfmond.hysteresis_percent", "1.0")];
    let expected = PerfmondConfig {
        swap_used_percent: 4.0,
        hysteresis_percent: 1.0,
        ..PerfmondConfig::default()
    };
    assert_eq!(section(CollectorName::Perfmond).with(both).unwrap().perfmond, expected);
}

#[test]
fn what_no_file_can_say_cannot_be_changed_either() {
    let procmond = ProcmondConfig { memory_change_bytes: u64::MAX, ..ProcmondConfig::default() };
    let settings = Settings { procmond, ..Settings::default() };
    let section = LiveSection::new(CollectorName::Procmond, &settings);
    let told = section.with([]).unwrap_err().to_string();
    assert!(told.starts_with("error: what it was started with: "), "{told}");
}
