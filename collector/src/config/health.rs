//! `[health]`: how much of what a collector tries may fail, and what its process may use, before it
//! says that something is wrong.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::bounds::{Conflict, OutOfBounds, negative};
use super::{duration, format_duration};

/// Longest window: a day; who looks further back looks at a chart.
const MAX_WINDOW: Duration = Duration::from_hours(24);

/// The limits of a collector's own health. A limit of 0 is none.
///
/// A figure that reaches its limit is told at once, and once; it is over when the figure has fallen
/// below four fifths of the limit, which is told as well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthConfig {
    /// Share of what was tried within `window` and failed that degrades a collector, 0 to 1.
    /// Default 0.1.
    pub error_rate_degraded: f64,
    /// The same that makes it unhealthy; not less than `error_rate_degraded`. Default 0.5.
    pub error_rate_unhealthy: f64,
    /// How far back failures count, and over which CPU use is taken; up to 24 h. It should hold
    /// several health checks: of fewer than five things tried no rate is told. Default 5 min.
    #[serde(with = "duration")]
    pub window: Duration,
    /// CPU use over a whole `window` that degrades a collector, percent of one core. Default 5.
    pub cpu_percent_limit: f64,
    /// Resident memory that degrades a collector, bytes. Default 100 000 000.
    pub memory_limit_bytes: u64,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            error_rate_degraded: 0.1,
            error_rate_unhealthy: 0.5,
            window: Duration::from_mins(5),
            cpu_percent_limit: 5.0,
            memory_limit_bytes: 100_000_000,
        }
    }
}

impl HealthConfig {
    /// Sets the shares of failures that degrade a collector and make it unhealthy.
    #[must_use]
    pub fn with_error_rates(mut self, degraded: f64, unhealthy: f64) -> Self {
        self.error_rate_degraded = degraded;
        self.error_rate_unhealthy = unhealthy;
        self
    }

    /// Sets how far back failures count.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Sets the limit of CPU use, percent of one core.
    #[must_use]
    pub fn with_cpu_percent_limit(mut self, percent: f64) -> Self {
        self.cpu_percent_limit = percent;
        self
    }

    /// Sets the limit of resident memory, bytes.
    #[must_use]
    pub fn with_memory_limit_bytes(mut self, bytes: u64) -> Self {
        self.memory_limit_bytes = bytes;
        self
    }

    /// What is out of bounds, as (key, sentence).
    pub(super) fn problems(&self) -> Vec<OutOfBounds> {
        let mut problems = Vec::new();
        let (degraded, unhealthy) = (self.error_rate_degraded, self.error_rate_unhealthy);
        for (key, share) in [("error_rate_degraded", degraded), ("error_rate_unhealthy", unhealthy)]
        {
            if !(0.0..=1.0).contains(&share) {
                problems.push((key, format!("{share} is outside 0 to 1")));
            }
        }
        if self.window.is_zero() || self.window > MAX_WINDOW {
            let [window, most] = [self.window, MAX_WINDOW].map(format_duration);
            let message = format!("{window} is not above zero and up to {most}");
            problems.push(("window", message));
        }
        problems.extend(negative("cpu_percent_limit", self.cpu_percent_limit));
        problems
    }

    /// What does not go together.
    pub(super) fn conflict(&self) -> Option<Conflict> {
        let (degraded, unhealthy) = (self.error_rate_degraded, self.error_rate_unhealthy);
        // Of what is no share by itself there is another word to say.
        let are_shares = [degraded, unhealthy].iter().all(|share| (0.0..=1.0).contains(share));
        let is_conflict = are_shares && unhealthy > 0.0 && unhealthy < degraded;
        is_conflict.then(|| Conflict {
            keys: vec!["error_rate_unhealthy", "error_rate_degraded"],
            message: format!(
                "`error_rate_unhealthy` ({unhealthy}) is less than `error_rate_degraded` \
                 ({degraded})"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(config: &HealthConfig) -> Vec<&'static str> {
        config.problems().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn the_defaults_are_valid_and_the_budgets_of_the_documents() {
        let config = HealthConfig::default();
        assert_eq!(config.problems(), []);
        assert!((config.cpu_percent_limit - 5.0).abs() < f64::EPSILON);
        assert_eq!(config.memory_limit_bytes, 100_000_000);
    }

    #[test]
    fn every_bound_is_checked() {
        let config = HealthConfig {
            error_rate_degraded: f64::NAN,
            error_rate_unhealthy: 1.5,
            window: Duration::ZERO,
            cpu_percent_limit: f64::INFINITY,
            ..HealthConfig::default()
        };
        let expected =
            ["error_rate_degraded", "error_rate_unhealthy", "window", "cpu_percent_limit"];
        assert_eq!(keys(&config), expected);
        let long = HealthConfig::default().with_window(MAX_WINDOW + Duration::from_nanos(1));
        assert_eq!(keys(&long), ["window"]);
    }

    #[test]
    fn who_is_unhealthy_has_failed_at_least_as_much_as_who_is_degraded() {
        let config = HealthConfig::default();
        let conflict = config.clone().with_error_rates(0.5, 0.4).conflict().unwrap();
        assert_eq!(conflict.keys, ["error_rate_unhealthy", "error_rate_degraded"]);
        assert_eq!(config.clone().with_error_rates(0.5, 0.5).conflict(), None);
        assert_eq!(config.clone().with_error_rates(0.5, 0.0).conflict(), None, "0 is no limit");
        assert_eq!(config.with_error_rates(1.5, 0.5).conflict(), None, "it is told otherwise");
    }

    #[test]
    fn a_section_is_read_as_documented() {
        let text = "error_rate_degraded = 0.2\nerror_rate_unhealthy = 0.6\nwindow = '1m'\n\
                    cpu_percent_limit = 20.0\nmemory_limit_bytes = 0\n";
        let read: HealthConfig = toml::from_str(text).unwrap();
        let expected = HealthConfig::default()
            .with_error_rates(0.2, 0.6)
            .with_window(Duration::from_mins(1))
            .with_cpu_percent_limit(20.0)
            .with_memory_limit_bytes(0);
        assert_eq!(read, expected);
    }
}
