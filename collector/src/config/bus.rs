//! `[event_bus]`: which bus, the one value that migrates or rolls back (seed 000).

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

/// Which bus events travel on, and how it is reached.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventBusConfig {
    /// The bus. Default `daemoneye`.
    pub bus_type: EventBusType,
    /// Where the broker listens, for `daemoneye`; by default `broker.sock` in the private runtime
    /// folder of this user (V10).
    pub socket_path: Option<PathBuf>,
}

/// The buses there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
pub enum EventBusType {
    /// `local`: the crossbeam bus, in this process.
    #[serde(rename = "local")]
    Local,
    /// `daemoneye`: the broker, in the agent's process.
    #[default]
    #[serde(rename = "daemoneye")]
    DaemonEye,
}

impl EventBusType {
    /// Its name in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::DaemonEye => "daemoneye",
        }
    }
}

impl fmt::Display for EventBusType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl EventBusConfig {
    /// Sets the bus.
    #[must_use]
    pub fn with_bus_type(mut self, bus_type: EventBusType) -> Self {
        self.bus_type = bus_type;
        self
    }

    /// Sets where the broker listens.
    #[must_use]
    pub fn with_socket_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.socket_path = Some(path.into());
        self
    }
}
