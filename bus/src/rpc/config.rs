//! Changes of configuration: what is asked, what came of it, and how a member keeps it.

mod store;

pub use store::{ConfigError, ConfigKeys, ConfigStore, ConfigValues, InForce};

/// What to do with the configuration of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigUpdate {
    /// Say what [`Apply`](Self::Apply) would do, and do nothing.
    Validate(ConfigChanges),
    /// Change it: all changes or none.
    Apply(ConfigChanges),
    /// Back to the values of an earlier version, which become a new one.
    Rollback {
        /// That version.
        to_version: u64,
    },
}

/// Changes that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigChanges {
    /// The version the asker knows; when given and not the one now, the changes are refused.
    pub base_version: Option<u64>,
    /// Key by key.
    pub changes: Vec<ConfigChange>,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigChange {
    /// The key.
    pub key: String,
    /// Its new value; `None` for the key's default.
    pub value: Option<String>,
}

/// What an update did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigOutcome {
    /// The version now.
    pub version: u64,
    /// Changed keys that are in force at once.
    pub hot_keys: Vec<String>,
    /// Changed keys that are in force after a restart.
    pub restart_keys: Vec<String>,
}
