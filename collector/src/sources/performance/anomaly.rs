//! Values out of the usual: told when they cross their limit, and when they are below it again.
//!
//! A value that moves about its limit would be told over and over; so an anomaly is over only when
//! the value is well below. No clock, no system.

use std::collections::HashSet;

use daemoneye_eventbus::event::{Metadata, PerformanceScope};
use daemoneye_eventbus::{ByteString, EventHeader, PerformanceEvent, Priority};

use super::metric::Metric;
use crate::config::PerfmondConfig;

/// Compares values with the limits of the configuration.
#[derive(Debug)]
pub(super) struct Watch {
    limits: Vec<Limit>,
}

/// What the values of one metric should stay below.
#[derive(Debug)]
struct Limit {
    /// Its key in `[perfmond]`.
    rule: &'static str,
    metric: Metric,
    /// Whether it is about the system as a whole or about its parts, each by itself.
    scope: PerformanceScope,
    percent: f64,
    /// Below this an anomaly is over.
    over_percent: f64,
    /// Components whose last value told was an anomaly; `None` is the system as a whole.
    crossed: HashSet<Option<ByteString>>,
}

impl Watch {
    pub(super) fn new(config: &PerfmondConfig) -> Self {
        use PerformanceScope::{System, Utilization};
        let rules = [
            ("cpu_busy_percent", Metric::CpuBusy, System, config.cpu_busy_percent),
            ("memory_used_percent", Metric::MemoryUsedPercent, System, config.memory_used_percent),
            ("swap_used_percent", Metric::SwapUsedPercent, System, config.swap_used_percent),
            (
                "filesystem_used_percent",
                Metric::FilesystemUsedPercent,
                Utilization,
                config.filesystem_used_percent,
            ),
        ];
        let on = rules.into_iter().filter(|(_, _, _, percent)| *percent > 0.0);
        let limits = on.map(|(rule, metric, scope, percent)| Limit {
            rule,
            metric,
            scope,
            percent,
            over_percent: percent - config.hysteresis_percent,
            crossed: HashSet::new(),
        });
        Self { limits: limits.collect() }
    }

    /// Compares with these limits from now on. What is an anomaly stays one until a value is below
    /// the new limit; without a limit it is forgotten.
    pub(super) fn configure(&mut self, config: &PerfmondConfig) {
        let before = std::mem::replace(self, Self::new(config));
        for Limit { rule, crossed, .. } in before.limits {
            if let Some(now) = self.limits.iter_mut().find(|now| now.rule == rule) {
                now.crossed = crossed;
            }
        }
    }

    /// Takes the values of a sample, and returns what crossed a limit, one way or the other.
    pub(super) fn judge(&mut self, told: &[PerformanceEvent]) -> Vec<PerformanceEvent> {
        self.limits.iter_mut().flat_map(|limit| limit.judge(told)).collect()
    }
}

impl Limit {
    fn judge(&mut self, told: &[PerformanceEvent]) -> Vec<PerformanceEvent> {
        let values: Vec<_> = told.iter().filter(|value| self.is_about(value)).collect();
        // A component without a value is gone, and its anomaly with it. Without any value at all,
        // they could not be read: nothing is known.
        if !values.is_empty() {
            self.crossed.retain(|known| values.iter().any(|value| value.component == *known));
        }
        values.into_iter().filter_map(|value| self.compare(value)).collect()
    }

    fn is_about(&self, value: &PerformanceEvent) -> bool {
        value.scope == self.scope && value.metric_name == self.metric.name()
    }

    fn compare(&mut self, value: &PerformanceEvent) -> Option<PerformanceEvent> {
        let was = self.crossed.contains(&value.component);
        let is = value.value >= if was { self.over_percent } else { self.percent };
        if is == was {
            return None;
        }
        if is {
            self.crossed.insert(value.component.clone());
        } else {
            self.crossed.remove(&value.component);
        }
        Some(self.anomaly(value, is))
    }

    fn anomaly(&self, value: &PerformanceEvent, crossed: bool) -> PerformanceEvent {
        let metadata: Metadata = vec![
            (ByteString::from_static("rule"), ByteString::from_static(self.rule)),
            (
                ByteString::from_static("state"),
                ByteString::from_static(if crossed { "crossed" } else { "over" }),
            ),
            (ByteString::from_static("limit"), ByteString::from(self.percent.to_string())),
            (ByteString::from_static("value"), ByteString::from(format!("{:.2}", value.value))),
        ];
        PerformanceEvent {
            header: EventHeader {
                priority: crossed.then_some(Priority::High),
                metadata,
                ..EventHeader::default()
            },
            scope: PerformanceScope::Anomaly,
            ..value.clone()
        }
    }
}

#[cfg(test)]
mod tests;
