//! The one line a process prints on standard output once it works, for whoever started it; or why a
//! collector that an agent started never will.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A collector has published its first scan: what starts or exits from now on is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectorReady {
    /// Name of the collector.
    pub ready: String,
    /// The process it runs in.
    pub pid: u32,
    /// Events of its first scan.
    pub first_scan_events: u64,
}

/// A collector ends, as it cannot do what the configuration says: to start it again would be in
/// vain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectorRefusal {
    /// Name of the collector.
    pub refused: String,
    /// What is wrong, in its own words.
    pub why: String,
}

/// The agent's bus works and all of its collectors are ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentReady {
    /// `daemoneye-agent`.
    pub ready: String,
    /// The agent's process.
    pub pid: u32,
    /// The bus's name in configuration.
    pub bus_type: String,
    /// Where the broker listens; absent for a bus inside the agent.
    pub socket_path: Option<PathBuf>,
    /// Where the broker's metrics are served, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics_address: Option<SocketAddr>,
    /// The collectors, in the order of the configuration.
    pub collectors: Vec<CollectorReady>,
}
