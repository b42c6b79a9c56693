//! Values that rise and fall, and what is told of them.

use proptest::prelude::*;

use super::*;

fn watch() -> Watch {
    Watch::new(&PerfmondConfig {
        cpu_busy_percent: 90.0,
        filesystem_used_percent: 80.0,
        hysteresis_percent: 10.0,
        ..PerfmondConfig::default()
    })
}

fn cpu(percent: f64) -> PerformanceEvent {
    Metric::CpuBusy.of_system(percent)
}

fn space(mount_point: &'static str, percent: f64) -> PerformanceEvent {
    Metric::FilesystemUsedPercent.of(ByteString::from_static(mount_point), percent)
}

fn state(anomaly: &PerformanceEvent) -> &str {
    anomaly.header.metadata_value("state").expect("every anomaly has a state")
}

/// The states told of one value after the other, each with the number of its sample.
fn told(watch: &mut Watch, values: &[f64]) -> Vec<(usize, String)> {
    let mut told = Vec::new();
    for (index, percent) in values.iter().enumerate() {
        let anomalies = watch.judge(&[cpu(*percent)]);
        told.extend(anomalies.iter().map(|anomaly| (index, state(anomaly).to_owned())));
    }
    told
}

#[test]
fn every_rule_is_on_the_page_and_no_other() {
    let rules: Vec<_> = watch().limits.iter().map(|limit| limit.rule).collect();
    assert_eq!(crate::sources::page::words("Rules of perfmond"), rules);
}

#[test]
fn a_crossing_is_told_once_and_its_end_once() {
    let told = told(&mut watch(), &[89.0, 90.0, 99.0, 91.0, 79.0, 50.0]);
    assert_eq!(told, [(1, "crossed".to_owned()), (4, "over".to_owned())]);
}

#[test]
fn a_value_that_moves_about_its_limit_is_told_once() {
    let told = told(&mut watch(), &[91.0, 89.0, 92.0, 80.0, 90.0, 81.0]);
    assert_eq!(told, [(0, "crossed".to_owned())]);
}

#[test]
fn a_value_that_crosses_again_is_told_again() {
    let told = told(&mut watch(), &[95.0, 10.0, 95.0]);
    let states: Vec<_> = told.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["crossed", "over", "crossed"]);
}

#[test]
fn an_anomaly_is_its_value_and_says_rule_state_limit_and_value() {
    let mut watch = watch();
    let value = space("/data", 81.256);
    let anomalies = watch.judge(std::slice::from_ref(&value));
    let [anomaly] = &anomalies[..] else { panic!("{anomalies:?}") };
    let pairs = [
        ("rule", "filesystem_used_percent"),
        ("state", "crossed"),
        ("limit", "80"),
        ("value", "81.26"),
    ];
    let metadata: Vec<_> =
        anomaly.header.metadata.iter().map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!(metadata, pairs);
    assert_eq!(anomaly.header.priority, Some(Priority::High));
    assert_eq!(anomaly.scope, PerformanceScope::Anomaly);
    let as_told =
        PerformanceEvent { header: EventHeader::default(), scope: value.scope, ..anomaly.clone() };
    assert_eq!(as_told, value);
}

#[test]
fn the_end_of_an_anomaly_is_not_urgent() {
    let mut watch = watch();
    watch.judge(&[cpu(99.0)]);
    let over = watch.judge(&[cpu(1.0)]);
    assert_eq!(over.len(), 1);
    assert_eq!(over[0].header.priority, None);
}

#[test]
fn every_component_is_judged_by_itself() {
    let mut watch = watch();
    let anomalies = watch.judge(&[space("/", 81.0), space("/data", 50.0)]);
    assert_eq!(anomalies.len(), 1);
    assert_eq!(anomalies[0].component.as_deref(), Some("/"));
    let anomalies = watch.judge(&[space("/", 82.0), space("/data", 85.0)]);
    assert_eq!(anomalies.len(), 1);
    assert_eq!(anomalies[0].component.as_deref(), Some("/data"));
}

#[test]
fn a_busy_core_is_no_anomaly() {
    assert_eq!(watch().judge(&[Metric::CpuBusy.of("cpu0".into(), 100.0)]), []);
}

#[test]
fn a_value_that_could_not_be_read_ends_no_anomaly() {
    let mut watch = watch();
    watch.judge(&[cpu(99.0)]);
    assert_eq!(watch.judge(&[]), []);
    assert_eq!(watch.judge(&[cpu(99.0)]), [], "it was told already");
}

#[test]
fn a_file_system_that_is_mounted_again_is_told_again() {
    let mut watch = watch();
    watch.judge(&[space("/", 10.0), space("/media", 99.0)]);
    assert_eq!(watch.judge(&[space("/", 10.0)]), []);
    assert_eq!(watch.judge(&[space("/", 10.0), space("/media", 99.0)]).len(), 1);
}

#[test]
fn a_limit_of_0_is_none() {
    let config = PerfmondConfig { cpu_busy_percent: 0.0, ..PerfmondConfig::default() };
    assert_eq!(Watch::new(&config).judge(&[cpu(100.0)]), []);
}

/// Percentages one after the other.
fn any_values(below: f64) -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(0.0..below, 0..50)
}

proptest! {
    #[test]
    fn crossings_and_ends_take_turns(values in any_values(100.0)) {
        for (turn, (index, state)) in told(&mut watch(), &values).into_iter().enumerate() {
            let value = values[index];
            if turn % 2 == 0 {
                prop_assert_eq!(state, "crossed");
                prop_assert!(value >= 90.0, "{}", value);
            } else {
                prop_assert_eq!(state, "over");
                prop_assert!(value < 80.0, "{}", value);
            }
        }
    }

    #[test]
    fn nothing_below_the_limit_is_ever_told(values in any_values(90.0)) {
        prop_assert!(told(&mut watch(), &values).is_empty());
    }
}

/// The limits of [`watch`], with another one for the CPU.
fn limited(cpu_busy_percent: f64) -> PerfmondConfig {
    PerfmondConfig {
        cpu_busy_percent,
        filesystem_used_percent: 80.0,
        hysteresis_percent: 10.0,
        ..PerfmondConfig::default()
    }
}

#[test]
fn another_limit_is_compared_with_from_the_next_sample_on() {
    let mut watch = watch();
    assert!(told(&mut watch, &[70.0]).is_empty());
    watch.configure(&limited(60.0));
    assert_eq!(told(&mut watch, &[70.0, 70.0]), [(0, "crossed".to_owned())]);
    watch.configure(&limited(90.0));
    assert_eq!(told(&mut watch, &[70.0, 70.0]), [(0, "over".to_owned())]);
}

#[test]
fn what_is_an_anomaly_stays_one_under_another_limit_and_is_forgotten_without() {
    let mut watch = watch();
    assert_eq!(told(&mut watch, &[95.0]), [(0, "crossed".to_owned())]);
    watch.configure(&limited(85.0));
    assert!(told(&mut watch, &[86.0]).is_empty());
    watch.configure(&limited(0.0));
    assert!(told(&mut watch, &[10.0, 99.0]).is_empty());
    watch.configure(&limited(90.0));
    assert_eq!(told(&mut watch, &[95.0]), [(0, "crossed".to_owned())]);
}
