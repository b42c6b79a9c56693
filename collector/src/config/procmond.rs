//! `[procmond]`: how processes are watched.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::bounds::{OutOfBounds, negative, too_short};
use super::duration;

/// Shortest scan interval; a shorter one would do nothing but scan.
const MIN_SCAN_INTERVAL: Duration = Duration::from_millis(10);
/// Folders in which every user of a usual Unix host may leave an executable.
const UNTRUSTED_FOLDERS: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];

/// How [`ProcessSource`](crate::ProcessSource) scans, and which changes it reports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProcmondConfig {
    /// Time from the start of one scan to the start of the next, at least 10 ms. Default 30 s.
    #[serde(with = "duration")]
    pub scan_interval: Duration,
    /// Change of CPU use that is reported, in percentage points of one core. Default 10.
    pub cpu_change_percent: f64,
    /// Change of resident memory that is reported, percent of what was last reported. Default 10.
    pub memory_change_percent: f64,
    /// Smallest change of resident memory that is reported, bytes. Default 4 MiB.
    pub memory_change_bytes: u64,
    /// Whether executables are hashed, and told of when they are replaced or removed while they
    /// run. Default true.
    pub integrity: bool,
    /// Largest executable that is hashed, bytes, at least 1; of a larger one it is told that it is
    /// too large. Default 64 MiB.
    pub hash_limit_bytes: u64,
    /// Most that is read to hash executables from one scan to the next, bytes, at least 1; what
    /// is left waits for the next scan. Default 128 MiB.
    pub hash_budget_bytes: u64,
    /// What is told of as odd; an empty list tells of nothing. Default every rule.
    pub anomaly_rules: BTreeSet<AnomalyRule>,
    /// Folders, as absolute paths, in which anybody may leave an executable. Default `/tmp`,
    /// `/var/tmp` and `/dev/shm`; none on Windows.
    pub untrusted_folders: Vec<PathBuf>,
    /// CPU use above which a process is odd if it lasts, percent of one core; 0 for none. Default
    /// 0.
    pub cpu_alarm_percent: f64,
    /// Scans in a row for which it has to last, at least 1. Default 3.
    pub cpu_alarm_scans: u32,
}

/// What is odd about a process; told once per process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnomalyRule {
    /// `executable_removed`: there is no file at its executable's path any more.
    ExecutableRemoved,
    /// `untrusted_folder`: its executable lies where anybody may leave one.
    UntrustedFolder,
    /// `kernel_thread_name`: it calls itself `[…]`, as only threads of the kernel are shown, and
    /// has an executable, as they have not.
    KernelThreadName,
    /// `sustained_cpu`: it has used much CPU for long.
    SustainedCpu,
}

impl AnomalyRule {
    /// Every rule there is.
    pub const ALL: [Self; 4] = [
        Self::ExecutableRemoved,
        Self::UntrustedFolder,
        Self::KernelThreadName,
        Self::SustainedCpu,
    ];

    /// Its name in files, and in the metadata of events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExecutableRemoved => "executable_removed",
            Self::UntrustedFolder => "untrusted_folder",
            Self::KernelThreadName => "kernel_thread_name",
            Self::SustainedCpu => "sustained_cpu",
        }
    }
}

impl Default for ProcmondConfig {
    fn default() -> Self {
        let untrusted: &[&str] = if cfg!(windows) { &[] } else { &UNTRUSTED_FOLDERS };
        Self {
            scan_interval: Duration::from_secs(30),
            cpu_change_percent: 10.0,
            memory_change_percent: 10.0,
            memory_change_bytes: 4 << 20,
            integrity: true,
            hash_limit_bytes: 64 << 20,
            hash_budget_bytes: 128 << 20,
            anomaly_rules: BTreeSet::from(AnomalyRule::ALL),
            untrusted_folders: untrusted.iter().map(PathBuf::from).collect(),
            cpu_alarm_percent: 0.0,
            cpu_alarm_scans: 3,
        }
    }
}

impl ProcmondConfig {
    /// Sets the scan interval.
    #[must_use]
    pub fn with_scan_interval(mut self, interval: Duration) -> Self {
        self.scan_interval = interval;
        self
    }

    /// What is out of bounds, as (key, sentence).
    pub(super) fn problems(&self) -> Vec<OutOfBounds> {
        let interval = too_short("scan_interval", self.scan_interval, MIN_SCAN_INTERVAL);
        let mut problems: Vec<_> = interval.into_iter().collect();
        for (key, percent) in [
            ("cpu_change_percent", self.cpu_change_percent),
            ("memory_change_percent", self.memory_change_percent),
            ("cpu_alarm_percent", self.cpu_alarm_percent),
        ] {
            problems.extend(negative(key, percent));
        }
        for (key, bytes) in [
            ("hash_limit_bytes", self.hash_limit_bytes),
            ("hash_budget_bytes", self.hash_budget_bytes),
        ] {
            if bytes == 0 {
                let message = "it must be at least 1; `integrity = false` hashes nothing";
                problems.push((key, message.to_owned()));
            }
        }
        if self.cpu_alarm_scans == 0 {
            problems.push(("cpu_alarm_scans", "it must be at least 1".to_owned()));
        }
        for folder in self.untrusted_folders.iter().filter(|folder| !folder.is_absolute()) {
            let message = format!("{} is no absolute path", folder.display());
            problems.push(("untrusted_folders", message));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_look_for_everything() {
        let config = ProcmondConfig::default();
        assert_eq!(config.problems(), []);
        assert!(config.integrity);
        assert!(AnomalyRule::ALL.iter().all(|rule| config.anomaly_rules.contains(rule)));
    }

    #[test]
    fn every_bound_is_checked() {
        let config = ProcmondConfig {
            scan_interval: Duration::ZERO,
            cpu_change_percent: f64::NAN,
            memory_change_percent: f64::INFINITY,
            hash_limit_bytes: 0,
            hash_budget_bytes: 0,
            untrusted_folders: vec!["relative".into()],
            cpu_alarm_percent: -1.0,
            cpu_alarm_scans: 0,
            ..ProcmondConfig::default()
        };
        let keys: Vec<_> = config.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(
            keys,
            [
                "scan_interval",
                "cpu_change_percent",
                "memory_change_percent",
                "cpu_alarm_percent",
                "hash_limit_bytes",
                "hash_budget_bytes",
                "cpu_alarm_scans",
                "untrusted_folders",
            ]
        );
    }

    #[test]
    fn rules_are_read_by_the_names_they_are_told_by() {
        for rule in AnomalyRule::ALL {
            let text = format!("anomaly_rules = [{:?}]", rule.as_str());
            let config: ProcmondConfig = toml::from_str(&text).unwrap();
            assert_eq!(config.anomaly_rules, BTreeSet::from([rule]));
        }
    }
}
