//! `[procmond]`: how processes are watched.

use std::time::Duration;

use serde::Deserialize;

use super::duration;

/// Shortest scan interval; a shorter one would do nothing but scan.
const MIN_SCAN_INTERVAL: Duration = Duration::from_millis(10);

/// How [`ProcessSource`](crate::ProcessSource) scans, and which changes it reports.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProcmondConfig {
    /// Time from the start of one scan to the start of the next, at least 10 ms. Default 30 s.
    #[serde(deserialize_with = "duration::deserialize")]
    pub scan_interval: Duration,
    /// Change of CPU use that is reported, in percentage points of one core. Default 10.
    pub cpu_change_percent: f64,
    /// Change of resident memory that is reported, percent of what was last reported. Default 10.
    pub memory_change_percent: f64,
    /// Smallest change of resident memory that is reported, bytes. Default 4 MiB.
    pub memory_change_bytes: u64,
}

impl Default for ProcmondConfig {
    fn default() -> Self {
        Self {
            scan_interval: Duration::from_secs(30),
            cpu_change_percent: 10.0,
            memory_change_percent: 10.0,
            memory_change_bytes: 4 << 20,
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
    pub(super) fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if self.scan_interval < MIN_SCAN_INTERVAL {
            let message = format!("{:?} is shorter than {MIN_SCAN_INTERVAL:?}", self.scan_interval);
            problems.push(("scan_interval", message));
        }
        for (key, percent) in [
            ("cpu_change_percent", self.cpu_change_percent),
            ("memory_change_percent", self.memory_change_percent),
        ] {
            if !percent.is_finite() || percent < 0.0 {
                problems.push((key, format!("{percent} is not a number from 0 up")));
            }
        }
        problems
    }
}
