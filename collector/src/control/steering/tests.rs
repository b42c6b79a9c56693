//! A source is told what holds, version by version, and nothing of what was refused or only tried.

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::rpc::HealthStatus;

use super::*;
use crate::config::PerfmondConfig;

/// What a source was told, in order.
#[derive(Debug, Clone, Default)]
struct Told {
    settings: Arc<Mutex<Vec<Settings>>>,
    is_paused: Arc<Mutex<bool>>,
}

impl LiveSource for Told {
    fn configure(&self, settings: &Settings) {
        self.settings.lock().push(settings.clone());
    }

    fn set_paused(&self, is_paused: bool) {
        *self.is_paused.lock() = is_paused;
    }

    fn is_paused(&self) -> bool {
        *self.is_paused.lock()
    }
}

impl Told {
    fn intervals(&self) -> Vec<Duration> {
        self.settings.lock().iter().map(|settings| settings.perfmond.sample_interval).collect()
    }
}

/// A perfmond that samples every second.
fn perfmond() -> (Steering, Told) {
    let perfmond = PerfmondConfig::default().with_sample_interval(Duration::from_secs(1));
    let settings = Settings { perfmond, ..Settings::default() };
    let told = Told::default();
    (Steering::new(CollectorName::Perfmond, &settings, Box::new(told.clone())), told)
}

fn changes(changes: &[(&str, Option<&str>)]) -> ConfigChanges {
    let change = |(key, value): &(&str, Option<&str>)| ConfigChange {
        key: format!("perfmond.{key}"),
        value: value.map(str::to_owned),
    };
    ConfigChanges { base_version: None, changes: changes.iter().map(change).collect() }
}

fn apply(pairs: &[(&str, Option<&str>)]) -> ConfigUpdate {
    ConfigUpdate::Apply(changes(pairs))
}

fn interval(value: &str) -> ConfigUpdate {
    apply(&[("sample_interval", Some(value))])
}

fn version(outcome: Result<ConfigOutcome, Refusal>) -> u64 {
    outcome.expect("it can be changed so").version
}

#[test]
fn every_version_is_told_and_a_rollback_tells_the_earlier_one_again() {
    let (steering, told) = perfmond();
    assert_eq!(version(steering.update(&interval("2s"))), 2);
    assert_eq!(version(steering.update(&interval("3s"))), 3);
    assert_eq!(version(steering.update(&ConfigUpdate::Rollback { to_version: 2 })), 4);
    assert_eq!(version(steering.update(&ConfigUpdate::Rollback { to_version: 1 })), 5);
    assert_eq!(told.intervals(), [2, 3, 2, 1].map(Duration::from_secs));
}

#[test]
fn what_is_in_force_at_once_is_told_by_its_key() {
    let (steering, _) = perfmond();
    let both = apply(&[("sample_interval", Some("2s")), ("cpu_busy_percent", Some("50.0"))]);
    let outcome = steering.update(&both).unwrap();
    assert_eq!(outcome.hot_keys, ["perfmond.cpu_busy_percent", "perfmond.sample_interval"]);
    assert_eq!(outcome.restart_keys, [""; 0]);
}

#[test]
fn trying_tells_the_source_nothing_and_makes_no_version() {
    let (steering, told) = perfmond();
    let tried = ConfigUpdate::Validate(changes(&[("sample_interval", Some("2s"))]));
    let outcome = steering.update(&tried).unwrap();
    assert_eq!((outcome.version, outcome.hot_keys.len()), (1, 1));
    assert!(told.intervals().is_empty());
}

#[test]
fn what_changes_nothing_is_not_told() {
    let (steering, told) = perfmond();
    assert_eq!(version(steering.update(&interval("2s"))), 2);
    assert_eq!(version(steering.update(&interval("2s"))), 2);
    assert_eq!(version(steering.update(&ConfigUpdate::Rollback { to_version: 2 })), 2);
    assert_eq!(told.intervals(), [Duration::from_secs(2)]);
}

#[test]
fn a_key_without_a_value_is_as_the_collector_was_started() {
    let (steering, told) = perfmond();
    steering.update(&interval("2s")).unwrap();
    steering.update(&apply(&[("sample_interval", None)])).unwrap();
    assert_eq!(told.intervals(), [2, 1].map(Duration::from_secs));
}

#[test]
fn one_wrong_change_undoes_all_and_says_where() {
    for (wrong, place) in [
        (("sample_interval", Some("1ms")), "update perfmond.sample_interval=1ms: "),
        (("cpu_busy_percnt", Some("1.0")), "did you mean `cpu_busy_percent`?"),
        (("top_processes", Some("1")), "restart needed"),
        (("hysteresis_percent", Some("60.0")), "would never be over"),
    ] {
        let (steering, told) = perfmond();
        let update = apply(&[("cpu_busy_percent", Some("50.0")), wrong]);
        let Err(Refusal::InvalidBody { reason }) = steering.update(&update) else {
            panic!("{wrong:?} is no value")
        };
        assert!(reason.contains(place), "{reason}");
        assert!(told.intervals().is_empty());
        assert_eq!(version(steering.update(&interval("2s"))), 2);
        let told = told.settings.lock();
        assert_eq!(told[0].perfmond.cpu_busy_percent.to_string(), "95", "{wrong:?}");
    }
}

#[test]
fn a_change_is_checked_with_those_before_it() {
    let (steering, _) = perfmond();
    steering.update(&apply(&[("cpu_busy_percent", Some("50.0"))])).unwrap();
    let Err(refused) = steering.update(&apply(&[("hysteresis_percent", Some("50.0"))])) else {
        panic!("an anomaly would never be over")
    };
    assert!(refused.to_string().contains("`cpu_busy_percent` (50)"), "{refused}");
}

#[test]
fn changes_to_another_version_are_refused() {
    let (steering, told) = perfmond();
    steering.update(&interval("2s")).unwrap();
    let stale = changes(&[("sample_interval", Some("3s"))]);
    let stale = ConfigChanges { base_version: Some(1), ..stale };
    let refused = steering.update(&ConfigUpdate::Apply(stale)).unwrap_err();
    assert!(refused.to_string().contains("of version 1, this is version 2"), "{refused}");
    assert_eq!(told.intervals(), [Duration::from_secs(2)]);
}

#[test]
fn a_pause_is_told_and_part_of_its_health_until_it_is_over() {
    let (steering, told) = perfmond();
    assert_eq!(steering.pause(), None);
    for _ in 0..2 {
        assert_eq!(steering.handle(&Request::Pause), Ok(Response::Done));
        assert!(told.is_paused());
        assert_eq!(steering.pause().map(|part| part.status), Some(HealthStatus::Degraded));
    }
    assert_eq!(steering.handle(&Request::Resume), Ok(Response::Done));
    assert_eq!((told.is_paused(), steering.pause()), (false, None));
}

#[test]
fn other_requests_are_not_done_here() {
    let (steering, _) = perfmond();
    for request in [Request::Start, Request::Stop, Request::Restart] {
        let operation = request.operation();
        assert_eq!(steering.handle(&request), Err(Refusal::unknown(operation)));
    }
}
