//! [`CollectorConfig`]: the limits and intervals of a collector's runtime.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::bounds::{outside, zero};
use super::{EventBusConfig, HealthConfig, duration};

/// Most sources a collector can be configured for; each has a task and a channel of its own.
const MAX_EVENT_SOURCES: usize = 1024;
/// Most events a collector can be configured to hold.
const MAX_EVENT_BUFFER: usize = 1 << 20;

/// How a [`Collector`](crate::Collector) runs.
///
/// ```
/// use std::time::Duration;
///
/// use collector_core::CollectorConfig;
///
/// let config = CollectorConfig::new()
///     .with_component_name("my-collector")
///     .with_max_event_sources(4)
///     .with_event_buffer_size(2000)
///     .with_batch_timeout(Duration::from_millis(50));
/// assert!(config.problems().is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CollectorConfig {
    /// Name the collector introduces itself with; the publisher of its events. Default
    /// `collector`.
    pub component_name: String,
    /// Sources that may register, 1 to 1024; the next is refused. Default 16.
    pub max_event_sources: usize,
    /// Events that sources may have waiting, all together; each source has an equal share, and
    /// its sending waits while that is full. 1 to 1 048 576, default 1000.
    pub event_buffer_size: usize,
    /// Events published as one batch at most, at least 1. Default 100.
    pub max_batch_size: usize,
    /// Longest time the first event of a batch waits for others. Default 20 ms.
    #[serde(with = "duration")]
    pub batch_timeout: Duration,
    /// Events taken from sources and not yet accepted by the bus, at most. Reaching it is
    /// backpressure: nothing more is taken until a batch is through. Default 800.
    pub backpressure_threshold: usize,
    /// Time for a graceful stop: sources end, their events are published, the bus closes.
    /// Default 10 s.
    #[serde(with = "duration")]
    pub shutdown_timeout: Duration,
    /// How often every source is asked for its health, and the collector looks at itself. Default
    /// 30 s.
    #[serde(with = "duration")]
    pub health_check_interval: Duration,
    /// Whether counters and figures are logged at every health check, and published on
    /// `control.health.status` by whoever announces for the collector. Default true.
    pub enable_telemetry: bool,
    /// Whether every published event is logged. Default false.
    pub enable_debug_logging: bool,
    /// The bus to publish on; in a file this is the section `[event_bus]`.
    #[serde(skip)]
    pub event_bus: EventBusConfig,
    /// What may fail and be used before something is wrong; in a file this is the section
    /// `[health]`.
    #[serde(skip)]
    pub health: HealthConfig,
}

impl Default for CollectorConfig {
    fn default() -> Self {
        Self {
            component_name: "collector".to_owned(),
            max_event_sources: 16,
            event_buffer_size: 1000,
            max_batch_size: 100,
            batch_timeout: Duration::from_millis(20),
            backpressure_threshold: 800,
            shutdown_timeout: Duration::from_secs(10),
            health_check_interval: Duration::from_secs(30),
            enable_telemetry: true,
            enable_debug_logging: false,
            event_bus: EventBusConfig::default(),
            health: HealthConfig::default(),
        }
    }
}

impl CollectorConfig {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name.
    #[must_use]
    pub fn with_component_name(mut self, name: impl Into<String>) -> Self {
        self.component_name = name.into();
        self
    }

    /// Sets how many sources may register.
    #[must_use]
    pub fn with_max_event_sources(mut self, sources: usize) -> Self {
        self.max_event_sources = sources;
        self
    }

    /// Sets how many events sources may have waiting.
    #[must_use]
    pub fn with_event_buffer_size(mut self, events: usize) -> Self {
        self.event_buffer_size = events;
        self
    }

    /// Sets the largest batch.
    #[must_use]
    pub fn with_max_batch_size(mut self, events: usize) -> Self {
        self.max_batch_size = events;
        self
    }

    /// Sets how long a batch may gather.
    #[must_use]
    pub fn with_batch_timeout(mut self, timeout: Duration) -> Self {
        self.batch_timeout = timeout;
        self
    }

    /// Sets how many events may be under way to the bus.
    #[must_use]
    pub fn with_backpressure_threshold(mut self, events: usize) -> Self {
        self.backpressure_threshold = events;
        self
    }

    /// Sets the time for a graceful stop.
    #[must_use]
    pub fn with_shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    /// Sets how often health is checked.
    #[must_use]
    pub fn with_health_check_interval(mut self, interval: Duration) -> Self {
        self.health_check_interval = interval;
        self
    }

    /// Sets whether counters and figures are logged and told.
    #[must_use]
    pub fn with_telemetry(mut self, enabled: bool) -> Self {
        self.enable_telemetry = enabled;
        self
    }

    /// Sets whether every event is logged.
    #[must_use]
    pub fn with_debug_logging(mut self, enabled: bool) -> Self {
        self.enable_debug_logging = enabled;
        self
    }

    /// Sets the bus to publish on.
    #[must_use]
    pub fn with_event_bus(mut self, event_bus: EventBusConfig) -> Self {
        self.event_bus = event_bus;
        self
    }

    /// Sets what may fail and be used before something is wrong.
    #[must_use]
    pub fn with_health(mut self, health: HealthConfig) -> Self {
        self.health = health;
        self
    }

    /// What is out of bounds, as (key, sentence); empty for a valid configuration.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        if self.component_name.is_empty() {
            problems.push(("component_name", "the name is empty".to_owned()));
        }
        for (key, number, limit) in [
            ("max_event_sources", self.max_event_sources, MAX_EVENT_SOURCES),
            ("event_buffer_size", self.event_buffer_size, MAX_EVENT_BUFFER),
            ("max_batch_size", self.max_batch_size, MAX_EVENT_BUFFER),
            ("backpressure_threshold", self.backpressure_threshold, MAX_EVENT_BUFFER),
        ] {
            problems.extend(outside(key, &number, &(1..=limit)));
        }
        problems.extend(zero("shutdown_timeout", self.shutdown_timeout));
        problems.extend(zero("health_check_interval", self.health_check_interval));
        let health = self.health.problems().into_iter();
        problems.extend(health.map(|(key, message)| ("health", format!("`{key}`: {message}"))));
        problems.extend(self.health.conflict().map(|conflict| ("health", conflict.message)));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(CollectorConfig::default().problems(), []);
    }

    #[test]
    fn limits_of_its_health_are_checked_with_it() {
        let health = HealthConfig::default().with_window(Duration::ZERO);
        let problems = CollectorConfig::new().with_health(health).problems();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].0, "health");
        assert!(problems[0].1.starts_with("`window`: "), "{problems:?}");
        let health = HealthConfig::default().with_error_rates(0.7, 0.5);
        let problems = CollectorConfig::new().with_health(health).problems();
        let [("health", message)] = problems.as_slice() else { panic!("{problems:?}") };
        assert!(message.contains("less than `error_rate_degraded`"), "{message}");
    }

    #[test]
    fn every_bound_is_checked() {
        let config = CollectorConfig {
            component_name: String::new(),
            max_event_sources: MAX_EVENT_SOURCES + 1,
            event_buffer_size: 0,
            max_batch_size: 0,
            backpressure_threshold: 0,
            shutdown_timeout: Duration::ZERO,
            health_check_interval: Duration::ZERO,
            ..CollectorConfig::default()
        };
        let keys: Vec<_> = config.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(
            keys,
            [
                "component_name",
                "max_event_sources",
                "event_buffer_size",
                "max_batch_size",
                "backpressure_threshold",
                "shutdown_timeout",
                "health_check_interval",
            ]
        );
    }
}
