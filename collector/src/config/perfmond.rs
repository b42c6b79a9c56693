//! `[perfmond]`: how the figures of this host are measured, and which are out of the usual.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::bounds::{Conflict, OutOfBounds, outside, too_short};
use super::duration;

/// Shortest sample interval. Systems count CPU time in steps of about 10 ms: over less than ten of
/// them, a percentage says little.
const MIN_SAMPLE_INTERVAL: Duration = Duration::from_millis(100);
/// The key of what every limit must be above.
const HYSTERESIS: &str = "hysteresis_percent";

/// How [`PerformanceSource`](crate::PerformanceSource) measures, and which values it reports as
/// anomalies.
///
/// A limit of 0 is none. A value from its limit on is an anomaly, reported once; it is over, and
/// reported once as well, when the value is below the limit by more than `hysteresis_percent`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerfmondConfig {
    /// Time from the start of one sample to the start of the next, at least 100 ms. Default 10 s.
    #[serde(with = "duration")]
    pub sample_interval: Duration,
    /// Processes with the highest CPU use that are reported, 0 to 64; with 0 no process is looked
    /// at. Default 5.
    pub top_processes: usize,
    /// Limit of the CPU use of all cores together, percent. Default 95.
    pub cpu_busy_percent: f64,
    /// Limit of used memory, percent. Default 95.
    pub memory_used_percent: f64,
    /// Limit of used swap, percent. Default 90.
    pub swap_used_percent: f64,
    /// Limit of used space of each file system, percent. Default 95.
    pub filesystem_used_percent: f64,
    /// How far below its limit a value must be for its anomaly to be over, percentage points; less
    /// than every limit. Default 5.
    pub hysteresis_percent: f64,
}

impl Default for PerfmondConfig {
    fn default() -> Self {
        Self {
            sample_interval: Duration::from_secs(10),
            top_processes: 5,
            cpu_busy_percent: 95.0,
            memory_used_percent: 95.0,
            swap_used_percent: 90.0,
            filesystem_used_percent: 95.0,
            hysteresis_percent: 5.0,
        }
    }
}

impl PerfmondConfig {
    /// Longest list of processes: each of it is two events of every sample.
    pub const MAX_TOP_PROCESSES: usize = 64;

    /// Sets the sample interval.
    #[must_use]
    pub fn with_sample_interval(mut self, interval: Duration) -> Self {
        self.sample_interval = interval;
        self
    }

    /// Sets how many processes are reported.
    #[must_use]
    pub fn with_top_processes(mut self, processes: usize) -> Self {
        self.top_processes = processes;
        self
    }

    /// What is out of bounds, as (key, sentence).
    pub(super) fn problems(&self) -> Vec<OutOfBounds> {
        let interval = too_short("sample_interval", self.sample_interval, MIN_SAMPLE_INTERVAL);
        let listed = outside("top_processes", &self.top_processes, &(0..=Self::MAX_TOP_PROCESSES));
        let mut problems: Vec<_> = interval.into_iter().chain(listed).collect();
        let hysteresis = (HYSTERESIS, self.hysteresis_percent);
        for (key, percent) in self.limits().into_iter().chain([hysteresis]) {
            if !is_percentage(percent) {
                problems.push((key, format!("{percent} is outside 0 to 100")));
            }
        }
        problems
    }

    /// What does not go together: each limit that the hysteresis is too wide for.
    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        let percent = self.hysteresis_percent;
        // Of what is no percentage by itself there is another word to say.
        let may_be = is_percentage(percent);
        let limits = self.limits().into_iter();
        let too_low = limits.filter(|(_, limit)| may_be && *limit > 0.0 && *limit <= percent);
        let conflict = |(key, limit): (&'static str, f64)| Conflict {
            keys: vec![HYSTERESIS, key],
            message: format!(
                "with `{HYSTERESIS}` at {percent}, an anomaly of `{key}` ({limit}) would never be \
                 over"
            ),
        };
        too_low.map(conflict).collect()
    }

    fn limits(&self) -> [(&'static str, f64); 4] {
        [
            ("cpu_busy_percent", self.cpu_busy_percent),
            ("memory_used_percent", self.memory_used_percent),
            ("swap_used_percent", self.swap_used_percent),
            ("filesystem_used_percent", self.filesystem_used_percent),
        ]
    }
}

fn is_percentage(percent: f64) -> bool {
    (0.0..=100.0).contains(&percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(config: &PerfmondConfig) -> Vec<&'static str> {
        config.problems().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(PerfmondConfig::default().problems(), []);
        assert_eq!(PerfmondConfig::default().conflicts(), []);
    }

    #[test]
    fn every_bound_is_checked() {
        let config = PerfmondConfig {
            sample_interval: Duration::from_millis(99),
            top_processes: PerfmondConfig::MAX_TOP_PROCESSES + 1,
            cpu_busy_percent: -1.0,
            memory_used_percent: 100.5,
            swap_used_percent: f64::NAN,
            filesystem_used_percent: f64::INFINITY,
            hysteresis_percent: f64::NAN,
        };
        let expected = [
            "sample_interval",
            "top_processes",
            "cpu_busy_percent",
            "memory_used_percent",
            "swap_used_percent",
            "filesystem_used_percent",
            "hysteresis_percent",
        ];
        assert_eq!(keys(&config), expected);
    }

    #[test]
    fn an_anomaly_that_could_never_be_over_is_refused() {
        let config = PerfmondConfig {
            cpu_busy_percent: 4.0,
            swap_used_percent: 5.0,
            ..PerfmondConfig::default()
        };
        assert_eq!(config.problems(), []);
        let together: Vec<_> = config.conflicts().into_iter().map(|wrong| wrong.keys).collect();
        assert_eq!(together, [[HYSTERESIS, "cpu_busy_percent"], [HYSTERESIS, "swap_used_percent"]]);
    }

    #[test]
    fn limits_that_are_off_ask_nothing_of_the_hysteresis() {
        let config = PerfmondConfig { swap_used_percent: 0.0, ..PerfmondConfig::default() };
        assert_eq!(config.conflicts(), []);
    }
}
