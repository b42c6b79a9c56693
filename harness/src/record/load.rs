//! What else the host was doing while a trial was measured.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The host's own counters over the measured window (METHOD §4); shares are of the time of all
/// its CPUs, 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HostLoad {
    /// Taken by the hypervisor for others.
    pub stolen: f64,
    /// Used by processes that are neither the harness nor started by it.
    pub outside: f64,
    /// Share of the window in which some task waited for a CPU, the tree's own included; `None`
    /// where the kernel does not tell (PSI).
    pub pressure: Option<f64>,
    /// Tasks that ran or were ready as the window ended, the harness included.
    pub runnable: Option<u32>,
    /// Load average over the last minute as the window ended, the tree's own included.
    pub load_1_min: Option<f64>,
}
