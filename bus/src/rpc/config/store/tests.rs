//! Updates are checked, whole, versioned and can be taken back; the keys decide what needs a restart.

use super::{
    CHANGE_LIMIT, ConfigError, ConfigKeys, ConfigStore, ConfigValues, HISTORY_VERSIONS, InForce,
};
use crate::rpc::{ConfigChange, ConfigChanges, ConfigOutcome, ConfigUpdate};

/// `interval` is hot and a number, `socket` needs a restart and may be anything.
struct Keys;

impl ConfigKeys for Keys {
    fn in_force(&self, key: &str) -> Option<InForce> {
        match key {
            "interval" => Some(InForce::Hot),
            "socket" => Some(InForce::Restart),
            _ => None,
        }
    }

    fn check(&self, key: &str, value: &str) -> Result<(), String> {
        if key == "interval" && value.parse::<u32>().is_err() {
            return Err(format!("{value:?} is no number"));
        }
        Ok(())
    }
}

fn store() -> ConfigStore<Keys> {
    ConfigStore::new(Keys, ConfigValues::from([("socket".to_owned(), "a".to_owned())]))
}

fn changes(pairs: &[(&str, Option<&str>)]) -> ConfigChanges {
    let change = |(key, value): &(&str, Option<&str>)| ConfigChange {
        key: (*key).to_owned(),
        value: value.map(str::to_owned),
    };
    ConfigChanges { base_version: None, changes: pairs.iter().map(change).collect() }
}

fn apply(pairs: &[(&str, Option<&str>)]) -> ConfigUpdate {
    ConfigUpdate::Apply(changes(pairs))
}

fn outcome(version: u64, hot: &[&str], restart: &[&str]) -> ConfigOutcome {
    let owned = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    ConfigOutcome { version, hot_keys: owned(hot), restart_keys: owned(restart) }
}

#[test]
fn a_change_says_which_keys_are_in_force_and_which_wait() {
    let mut store = store();
    let both = apply(&[("interval", Some("5")), ("socket", Some("b"))]);
    assert_eq!(store.update(&both), Ok(outcome(2, &["interval"], &["socket"])));
    assert_eq!((store.value("interval"), store.value("socket")), (Some("5"), Some("b")));
    assert_eq!(store.waits_for_restart(), ["socket"]);
    store.restarted();
    assert!(store.waits_for_restart().is_empty());
    assert_eq!(
        store.update(&both),
        Ok(outcome(2, &[], &[])),
        "nothing changes, nor does the version"
    );
}

#[test]
fn a_key_that_is_back_as_it_was_waits_for_no_restart() {
    let mut store = store();
    store.update(&apply(&[("socket", Some("b"))])).unwrap();
    store.update(&apply(&[("socket", Some("a"))])).unwrap();
    assert!(store.waits_for_restart().is_empty());
}

#[test]
fn validating_says_the_same_and_does_nothing() {
    let mut store = store();
    let asked = changes(&[("interval", Some("5")), ("socket", None)]);
    let said = store.update(&ConfigUpdate::Validate(asked.clone()));
    assert_eq!(said, Ok(outcome(1, &["interval"], &["socket"])));
    assert_eq!((store.version(), store.value("socket")), (1, Some("a")));
    assert_eq!(
        store.update(&ConfigUpdate::Apply(asked)),
        Ok(outcome(2, &["interval"], &["socket"]))
    );
    assert_eq!(store.value("socket"), None);
}

#[test]
fn one_wrong_change_undoes_all() {
    for (wrong, told) in [
        (("intervall", Some("5")), "there is no key \"intervall\""),
        (("interval", Some("soon")), "key \"interval\": \"soon\" is no number"),
        (("socket", Some("c")), "key \"socket\" is changed twice"),
    ] {
        let mut store = store();
        let error = store.update(&apply(&[("socket", Some("b")), wrong])).unwrap_err();
        assert_eq!(error.to_string(), told);
        assert_eq!((store.version(), store.value("socket")), (1, Some("a")), "{told}");
    }
}

#[test]
fn changes_to_another_version_are_refused() {
    let mut store = store();
    store.update(&apply(&[("interval", Some("5"))])).unwrap();
    let stale = ConfigChanges { base_version: Some(1), ..changes(&[("interval", Some("6"))]) };
    let refused = store.update(&ConfigUpdate::Apply(stale.clone()));
    assert_eq!(refused, Err(ConfigError::WrongVersion { base: 1, now: 2 }));
    let fresh = ConfigChanges { base_version: Some(2), ..stale };
    assert_eq!(store.update(&ConfigUpdate::Apply(fresh)), Ok(outcome(3, &["interval"], &[])));
}

#[test]
fn a_rollback_restores_values_under_a_new_version() {
    let mut store = store();
    store.update(&apply(&[("interval", Some("5")), ("socket", Some("b"))])).unwrap();
    store.update(&apply(&[("interval", Some("6"))])).unwrap();
    let back = store.update(&ConfigUpdate::Rollback { to_version: 1 });
    assert_eq!(back, Ok(outcome(4, &["interval"], &["socket"])));
    assert_eq!((store.value("interval"), store.value("socket")), (None, Some("a")));
    let undone = store.update(&ConfigUpdate::Rollback { to_version: 3 });
    assert_eq!(undone, Ok(outcome(5, &["interval"], &["socket"])), "a rollback can be taken back");
}

#[test]
fn versions_that_are_gone_or_never_were_are_refused() {
    let mut store = store();
    for number in 0..=HISTORY_VERSIONS {
        store.update(&apply(&[("interval", Some(&number.to_string()))])).unwrap();
    }
    let now = store.version();
    for version in [0, 1, now + 1] {
        let refused = store.update(&ConfigUpdate::Rollback { to_version: version });
        assert_eq!(refused, Err(ConfigError::NoSuchVersion { version, oldest: 2, now }));
    }
    assert!(store.update(&ConfigUpdate::Rollback { to_version: 2 }).is_ok());
}

#[test]
fn an_update_is_bounded() {
    let mut store = store();
    let many = vec![("interval", None); CHANGE_LIMIT + 1];
    let refused = store.update(&apply(&many));
    assert_eq!(refused, Err(ConfigError::TooMany { changes: CHANGE_LIMIT + 1 }));
    let long = "x".repeat(4097);
    let refused = store.update(&apply(&[("socket", Some(&long))])).unwrap_err();
    assert_eq!(refused.to_string(), "key \"socket\": 4097 bytes, the limit is 4096");
}
