//! The collectors this project ships, by the names of their programs.

use std::fmt;

use daemoneye_eventbus::acl::CollectorKind;
use serde::{Deserialize, Serialize};

/// One of the collectors this project ships.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CollectorName {
    /// Watches processes.
    Procmond,
    /// Watches connections.
    Netmond,
    /// Watches files.
    Fsmond,
    /// Measures CPU, memory, disks and load.
    Perfmond,
}

impl CollectorName {
    /// Every collector there is.
    pub const ALL: [Self; 4] = [Self::Procmond, Self::Netmond, Self::Fsmond, Self::Perfmond];

    /// The collector of a name; `None` for those of others.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|collector| collector.as_str() == name)
    }

    /// Its program's name, which is its name on the bus as well.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Procmond => "procmond",
            Self::Netmond => "netmond",
            Self::Fsmond => "fsmond",
            Self::Perfmond => "perfmond",
        }
    }

    /// What it watches; which topics it may publish on follows from that (A2).
    pub const fn kind(self) -> CollectorKind {
        match self {
            Self::Procmond => CollectorKind::Process,
            Self::Netmond => CollectorKind::Network,
            Self::Fsmond => CollectorKind::Filesystem,
            Self::Perfmond => CollectorKind::Performance,
        }
    }

    /// The key of its interval; `None` for one that does not look at intervals.
    pub const fn interval_key(self) -> Option<&'static str> {
        match self {
            Self::Procmond => Some("procmond.scan_interval"),
            Self::Netmond => Some("netmond.scan_interval"),
            Self::Perfmond => Some("perfmond.sample_interval"),
            Self::Fsmond => None,
        }
    }

    /// Keys of its section that it takes while it runs; any other needs a restart.
    pub const fn live_keys(self) -> &'static [&'static str] {
        match self {
            Self::Procmond => &[
                "procmond.scan_interval",
                "procmond.cpu_change_percent",
                "procmond.memory_change_percent",
                "procmond.memory_change_bytes",
                "procmond.anomaly_rules",
                "procmond.untrusted_folders",
                "procmond.cpu_alarm_percent",
                "procmond.cpu_alarm_scans",
            ],
            Self::Netmond => &["netmond.scan_interval", "netmond.burst_connections"],
            Self::Perfmond => &[
                "perfmond.sample_interval",
                "perfmond.cpu_busy_percent",
                "perfmond.memory_used_percent",
                "perfmond.swap_used_percent",
                "perfmond.filesystem_used_percent",
                "perfmond.hysteresis_percent",
            ],
            Self::Fsmond => &[],
        }
    }
}

impl fmt::Display for CollectorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
