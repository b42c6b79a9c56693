//! What the agent and its collectors used of a host on which nobody did anything (METHOD §12).

use serde::{Deserialize, Serialize};

use super::{HostLoad, Role, TearDown};

/// What one process used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Footprint {
    /// Its name, as the agent tells it.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Events of its first scan; `None` for the agent.
    pub first_scan_events: Option<u64>,
    /// CPU time from its start to the beginning of the window, seconds; `None` where the host cannot tell.
    pub start_cpu_s: Option<f64>,
    /// CPU time within the window, percent of one core; `None` where the host cannot tell.
    pub cpu_percent: Option<f64>,
    /// The most memory it had resident at once since its start, bytes, as the kernel counts; `None`
    /// where it does not tell.
    pub peak_resident_bytes: Option<u64>,
    /// Its largest proportional share of memory within the window, bytes, read about once a second;
    /// `None` where the host cannot tell.
    pub peak_pss_bytes: Option<u64>,
}

/// What all of them used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FootprintRecord {
    /// Processes that were started to be there and do nothing.
    pub idle_processes: usize,
    /// From the start of the agent until it said that all of its collectors had told their first scan,
    /// seconds.
    pub ready_s: f64,
    /// Length of the window, which began then, seconds.
    pub window_s: f64,
    /// The agent, then its collectors in the order of the configuration.
    pub processes: Vec<Footprint>,
    /// What else the host was doing in the window; `None` where it cannot tell.
    pub host: Option<HostLoad>,
    /// What remained when the agent had ended, and how it ended if not in order.
    pub left: TearDown,
}
