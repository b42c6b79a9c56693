//! [`PerformanceScanner`]: a sample of this host, and what it tells against the one before.

use std::time::Duration;

use tracing::warn;

use super::anomaly::Watch;
use super::derivation::derive;
use super::limits::beyond;
use super::reader::Reader;
use super::sample::Sample;
use super::shortfall::Shortfalls;
use crate::config::{CollectorName, PerfmondConfig};
use crate::source::{CollectionEvent, SourceCaps};
use crate::sources::scanning::{Scanned, Scanner};

/// Measures this host.
pub struct PerformanceScanner {
    reader: Reader,
    before: Option<Sample>,
    watch: Watch,
    shortfalls: Shortfalls,
    top_processes: usize,
}

impl PerformanceScanner {
    /// Says what is not told, once while it lasts.
    fn warn_of_shortfalls(&mut self, sample: &Sample) {
        let mut now = beyond(sample);
        now.extend(sample.shortfalls.iter().cloned());
        for shortfall in self.shortfalls.begun(now) {
            warn!(what = shortfall.what, why = shortfall.why, "cannot be told");
        }
    }
}

impl Scanner for PerformanceScanner {
    type Config = PerfmondConfig;

    const NAME: &'static str = CollectorName::Perfmond.as_str();
    const CAPABILITIES: SourceCaps = SourceCaps::PERFORMANCE.union(SourceCaps::SYSTEM_WIDE);

    fn interval(config: &PerfmondConfig) -> Duration {
        config.sample_interval
    }

    fn open(config: &PerfmondConfig) -> anyhow::Result<Self> {
        Ok(Self {
            reader: Reader::open(config.top_processes > 0)?,
            before: None,
            watch: Watch::new(config),
            shortfalls: Shortfalls::default(),
            top_processes: config.top_processes,
        })
    }

    fn configure(&mut self, config: &PerfmondConfig) {
        self.watch.configure(config);
    }

    fn scan(&mut self) -> anyhow::Result<Scanned> {
        let sample = self.reader.sample();
        self.warn_of_shortfalls(&sample);
        let mut told = derive(self.before.as_ref(), &sample, self.top_processes);
        let anomalies = self.watch.judge(&told);
        told.extend(anomalies);
        let (observed_unix_ns, observed_monotonic_ns) =
            (sample.observed_unix_ns, sample.observed_monotonic_ns);
        self.before = Some(sample);
        anyhow::ensure!(!told.is_empty(), "nothing of this host could be read");
        let events = told.into_iter().map(CollectionEvent::Performance).collect();
        Ok(Scanned { observed_unix_ns, observed_monotonic_ns, events })
    }
}

#[cfg(test)]
mod tests;
