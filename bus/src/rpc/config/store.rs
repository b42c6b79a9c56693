//! The configuration of a member: checked, versioned, and restored when asked.
//!
//! Which keys there are, what they may be and which of them need a restart is the member's own to
//! declare, as [`ConfigKeys`].

use std::collections::{BTreeMap, VecDeque};

use thiserror::Error;

use super::{ConfigChange, ConfigChanges, ConfigOutcome, ConfigUpdate};

/// Earlier versions that can be restored.
const HISTORY_VERSIONS: usize = 16;
/// Changes of one update; more is a file, not a change.
const CHANGE_LIMIT: usize = 256;
/// Length of one value, bytes.
const VALUE_LIMIT_BYTES: usize = 4096;

/// When a changed key is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InForce {
    /// At once.
    Hot,
    /// After a restart.
    Restart,
}

/// The keys a member has, and what they may be.
pub trait ConfigKeys: Send {
    /// When a changed value of this key is in force; `None` when there is no such key.
    fn in_force(&self, key: &str) -> Option<InForce>;

    /// Why a key that exists cannot have this value.
    fn check(&self, key: &str, value: &str) -> Result<(), String>;
}

/// Values by key; a key without one has its default.
pub type ConfigValues = BTreeMap<String, String>;

/// Values, their version, and those before.
#[derive(Debug)]
pub struct ConfigStore<K> {
    keys: K,
    version: u64,
    values: ConfigValues,
    /// What was in force when the member last started; decides which keys wait for a restart.
    started_with: ConfigValues,
    /// Earlier versions, the oldest first.
    history: VecDeque<(u64, ConfigValues)>,
}

/// Why an update was refused; nothing of it was done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// There is no such key.
    #[error("there is no key {key:?}")]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// A key is changed twice.
    #[error("key {key:?} is changed twice")]
    Repeated {
        /// The key.
        key: String,
    },
    /// The key cannot have this value.
    #[error("key {key:?}: {reason}")]
    InvalidValue {
        /// The key.
        key: String,
        /// Why not.
        reason: String,
    },
    /// There are too many changes.
    #[error("{changes} changes in one update, the limit is {CHANGE_LIMIT}")]
    TooMany {
        /// How many.
        changes: usize,
    },
    /// The asker knew another version.
    #[error("the changes are of version {base}, this is version {now}")]
    WrongVersion {
        /// The asker's.
        base: u64,
        /// The one now.
        now: u64,
    },
    /// There is no such version, or not any more.
    #[error("version {version} cannot be restored; {oldest} to {now} can")]
    NoSuchVersion {
        /// The version asked for.
        version: u64,
        /// The oldest there is.
        oldest: u64,
        /// The one now.
        now: u64,
    },
}

impl<K: ConfigKeys> ConfigStore<K> {
    /// Version 1: what the member started with.
    pub fn new(keys: K, values: ConfigValues) -> Self {
        let started_with = values.clone();
        Self { keys, version: 1, values, started_with, history: VecDeque::new() }
    }

    /// Does what is asked, wholly or not at all. Where nothing would change, the version stays.
    pub fn update(&mut self, update: &ConfigUpdate) -> Result<ConfigOutcome, ConfigError> {
        match update {
            ConfigUpdate::Validate(changes) => {
                let values = self.changed(changes)?;
                Ok(self.outcome(&values))
            }
            ConfigUpdate::Apply(changes) => {
                let values = self.changed(changes)?;
                Ok(self.replace(values))
            }
            ConfigUpdate::Rollback { to_version } => {
                let values = self.earlier(*to_version)?;
                Ok(self.replace(values))
            }
        }
    }

    /// The version now, from 1.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The value of a key; `None` for its default.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Keys whose values are not in force yet.
    pub fn waits_for_restart(&self) -> Vec<String> {
        let differing = differing(&self.started_with, &self.values);
        differing.filter(|key| self.keys.in_force(key) == Some(InForce::Restart)).collect()
    }

    /// The member has started anew, and everything is in force.
    pub fn restarted(&mut self) {
        self.started_with = self.values.clone();
    }

    fn changed(&self, changes: &ConfigChanges) -> Result<ConfigValues, ConfigError> {
        self.admit(changes)?;
        let mut values = self.values.clone();
        for ConfigChange { key, value } in &changes.changes {
            self.check(key, value.as_deref())?;
            match value {
                Some(value) => values.insert(key.clone(), value.clone()),
                None => values.remove(key),
            };
        }
        Ok(values)
    }

    fn admit(&self, changes: &ConfigChanges) -> Result<(), ConfigError> {
        let now = self.version;
        if let Some(base) = changes.base_version.filter(|base| *base != now) {
            return Err(ConfigError::WrongVersion { base, now });
        }
        let changes = &changes.changes;
        if changes.len() > CHANGE_LIMIT {
            return Err(ConfigError::TooMany { changes: changes.len() });
        }
        let mut keys = std::collections::BTreeSet::new();
        match changes.iter().find(|change| !keys.insert(&change.key)) {
            Some(change) => Err(ConfigError::Repeated { key: change.key.clone() }),
            None => Ok(()),
        }
    }

    fn check(&self, key: &str, value: Option<&str>) -> Result<(), ConfigError> {
        if self.keys.in_force(key).is_none() {
            return Err(ConfigError::UnknownKey { key: key.to_owned() });
        }
        let checked = match value {
            Some(value) if value.len() > VALUE_LIMIT_BYTES => {
                Err(format!("{} bytes, the limit is {VALUE_LIMIT_BYTES}", value.len()))
            }
            Some(value) => self.keys.check(key, value),
            None => Ok(()),
        };
        checked.map_err(|reason| ConfigError::InvalidValue { key: key.to_owned(), reason })
    }

    fn earlier(&self, version: u64) -> Result<ConfigValues, ConfigError> {
        if version == self.version {
            return Ok(self.values.clone());
        }
        let known = self.history.iter().find(|(earlier, _)| *earlier == version);
        known.map(|(_, values)| values.clone()).ok_or_else(|| ConfigError::NoSuchVersion {
            version,
            oldest: self.history.front().map_or(self.version, |(oldest, _)| *oldest),
            now: self.version,
        })
    }

    fn replace(&mut self, values: ConfigValues) -> ConfigOutcome {
        let outcome = self.outcome(&values);
        if values == self.values {
            return outcome;
        }
        if self.history.len() >= HISTORY_VERSIONS {
            self.history.pop_front();
        }
        let before = std::mem::replace(&mut self.values, values);
        self.history.push_back((self.version, before));
        self.version += 1;
        ConfigOutcome { version: self.version, ..outcome }
    }

    /// What these values would change; the version is the one now.
    fn outcome(&self, values: &ConfigValues) -> ConfigOutcome {
        let changed = differing(&self.values, values);
        let (hot_keys, restart_keys) =
            changed.partition(|key| self.keys.in_force(key) == Some(InForce::Hot));
        ConfigOutcome { version: self.version, hot_keys, restart_keys }
    }
}

/// Keys that do not have the same value in both, in order.
fn differing(before: &ConfigValues, after: &ConfigValues) -> impl Iterator<Item = String> {
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differs = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    differs.cloned().collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests;
