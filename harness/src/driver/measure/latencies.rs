//! Latency histograms of a paced trial, from the stamps both ends wrote.

use std::fs::File;
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2Serializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use rustc_hash::FxHashMap;

use crate::driver::records::{Arrival, RecordsError, Timing, names, read_all};
use crate::record::{Latency, PERCENTILES, Stages};

/// Smallest latency told apart from none, ns.
const LOWEST_NS: u64 = 100;
/// Largest latency recorded as itself; longer ones are recorded as this and counted.
const HIGHEST_NS: u64 = 60_000_000_000;
/// Significant digits.
const DIGITS: u8 = 3;

/// The four latencies of METHOD §2.
pub(in crate::driver) struct Latencies {
    pub(in crate::driver) latency: Recorded,
    pub(in crate::driver) response: Recorded,
    pub(in crate::driver) service: Recorded,
    pub(in crate::driver) lateness: Recorded,
    stages: StageSums,
    /// Arrivals before their own publish was called: a defect of the clocks or the join.
    pub(in crate::driver) impossible: u64,
}

/// Time of all deliveries together in each stage, ns.
#[derive(Default)]
struct StageSums {
    waiting_ns: u64,
    publishing_ns: u64,
    travelling_ns: u64,
}

/// One histogram, and how many samples were beyond its range.
pub(in crate::driver) struct Recorded {
    histogram: Histogram<u64>,
    pub(in crate::driver) saturated: u64,
}

impl Recorded {
    fn new() -> Self {
        let histogram = Histogram::new_with_bounds(LOWEST_NS, HIGHEST_NS, DIGITS);
        Self { histogram: histogram.expect("the bounds are constants in order"), saturated: 0 }
    }

    fn record(&mut self, ns: u64) {
        self.saturated += u64::from(ns > HIGHEST_NS);
        self.histogram.saturating_record(ns);
    }

    /// The summary, if there is anything to sum up.
    pub(in crate::driver) fn summary(&self) -> Option<Latency> {
        let histogram = &self.histogram;
        let quantile = |at| histogram.value_at_quantile(at);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a mean of values from 0 to 6e10"
        )]
        let mean_ns = histogram.mean() as u64;
        (!histogram.is_empty()).then(|| Latency {
            samples: histogram.len(),
            min_ns: histogram.min(),
            mean_ns: mean_ns.max(histogram.min()),
            p50_ns: quantile(0.5),
            p90_ns: quantile(0.9),
            p99_ns: quantile(0.99),
            p999_ns: quantile(0.999),
            max_ns: histogram.max(),
            percentiles_ns: Vec::new(),
        })
    }

    /// The same with its percentiles, to be drawn.
    pub(in crate::driver) fn summary_with_percentiles(&self) -> Option<Latency> {
        let at = |percentile: &f64| self.histogram.value_at_percentile(*percentile);
        let percentiles_ns = PERCENTILES.iter().map(at).collect();
        self.summary().map(|summary| Latency { percentiles_ns, ..summary })
    }
}

impl Latencies {
    /// Joins what publishers and subscribers wrote into the trial's folder.
    pub(in crate::driver) fn read(
        directory: &Path,
        publishers: usize,
        subscribers: usize,
    ) -> Result<Self, RecordsError> {
        let mut joined = Self::empty();
        let mut sent: FxHashMap<(u64, u64), Timing> = FxHashMap::default();
        for publisher in 0..publishers {
            for timing in read_all::<Timing>(&names::timing(directory, publisher))? {
                sent.insert((publisher as u64, timing.sequence), timing);
            }
        }
        for subscriber in 0..subscribers {
            for arrival in read_all::<Arrival>(&names::arrivals(directory, subscriber))? {
                joined.join(&arrival, sent.get(&(arrival.publisher, arrival.sequence)));
            }
        }
        Ok(joined)
    }

    /// What is left of the latencies without a hand-off: from the stamps of the void's publishers
    /// alone, an event "arriving" as its publish returns. `measured` holds the numbers of each
    /// publisher's events that count.
    pub(in crate::driver) fn floor(
        directory: &Path,
        measured: &[Vec<RangeInclusive<u64>>],
    ) -> Result<Self, RecordsError> {
        let mut floor = Self::empty();
        for (publisher, ranges) in measured.iter().enumerate() {
            for timing in read_all::<Timing>(&names::timing(directory, publisher))? {
                if ranges.iter().any(|range| range.contains(&timing.sequence)) {
                    let (publisher, sequence) = (publisher as u64, timing.sequence);
                    let start_ns = timing.planned_ns.max(timing.wake_ns);
                    let receive_ns = timing.return_ns;
                    let arrival = Arrival { publisher, sequence, start_ns, receive_ns };
                    floor.join(&arrival, Some(&timing));
                }
            }
        }
        Ok(floor)
    }

    fn empty() -> Self {
        Self {
            latency: Recorded::new(),
            response: Recorded::new(),
            service: Recorded::new(),
            lateness: Recorded::new(),
            stages: StageSums::default(),
            impossible: 0,
        }
    }

    fn join(&mut self, arrival: &Arrival, sent: Option<&Timing>) {
        let received = arrival.receive_ns;
        let Some(sent) = sent.filter(|sent| sent.call_ns <= received) else {
            self.impossible += 1;
            return;
        };
        self.latency.record(received.saturating_sub(arrival.start_ns));
        self.response.record(received.saturating_sub(sent.planned_ns));
        self.service.record(received - sent.call_ns);
        self.lateness.record(sent.wake_ns.saturating_sub(sent.planned_ns));
        // Another process may have the event before the publisher has its processor back.
        let handed_over = sent.return_ns.min(received);
        self.stages.waiting_ns += sent.call_ns.saturating_sub(arrival.start_ns);
        self.stages.publishing_ns += handed_over.saturating_sub(sent.call_ns);
        self.stages.travelling_ns += received - handed_over;
    }

    /// Mean time in each stage, if anything arrived.
    pub(in crate::driver) fn stages(&self) -> Option<Stages> {
        let samples = self.latency.histogram.len();
        let mean = |sum: u64| sum as f64 / samples as f64;
        (samples > 0).then(|| Stages {
            waiting_ns: mean(self.stages.waiting_ns),
            publishing_ns: mean(self.stages.publishing_ns),
            travelling_ns: mean(self.stages.travelling_ns),
        })
    }

    /// Writes the four histograms as one interval log (version 2), tagged.
    pub(in crate::driver) fn write_log(&self, path: &Path, window: Duration) -> io::Result<()> {
        let mut file = io::BufWriter::new(File::create(path)?);
        let mut serializer = V2Serializer::new();
        let mut log = IntervalLogWriterBuilder::new()
            .add_comment("nanoseconds; receive minus start, planned, call; wake minus planned")
            .begin_log_with(&mut file, &mut serializer)?;
        for (name, recorded) in [
            ("latency", &self.latency),
            ("response", &self.response),
            ("service", &self.service),
            ("lateness", &self.lateness),
        ] {
            log.write_histogram(&recorded.histogram, Duration::ZERO, window, Tag::new(name))
                .map_err(|cause| io::Error::other(format!("{cause:?}")))?;
        }
        drop(log);
        io::Write::flush(&mut file)
    }
}
