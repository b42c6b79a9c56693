//! How long does a collector take to scan this host, beside a thousand idle processes? The budget is
//! 50 ms.
//!
//! `cargo bench -p bus-benches --bench collector_scan` prints means as criterion does, and below each the
//! quantiles of the single scans beside the budget. What a scan leaves for later, such as hashing
//! executables, is done between two scans and not timed. `fsmond` is not asked: it does not scan, the
//! system tells it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use collector_core::sources::Scanner;
use collector_core::sources::network::NetworkScanner;
use collector_core::sources::performance::PerformanceScanner;
use collector_core::sources::process::ProcessScanner;
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use equivalence::driver::IdleProcesses;
use hdrhistogram::Histogram;

/// Processes beside those of the host.
const IDLE_PROCESSES: usize = 1000;
/// What 99 of 100 scans must stay below, milliseconds.
const BUDGET_MS: f64 = 50.0;
/// A longer scan counts as one of this length, nanoseconds.
const LONGEST_NS: u64 = 10_000_000_000;
/// Samples of each question: scans take as long as thousands of other calls.
const SAMPLES: usize = 20;
const NS_PER_MS: f64 = 1e6;

/// The scans of one question.
struct Scans {
    times: Histogram<u64>,
}

impl Scans {
    fn none() -> Self {
        Self { times: Histogram::new_with_max(LONGEST_NS, 3).expect("three digits") }
    }

    /// Adds one.
    fn timed(&mut self, taken: Duration) -> Duration {
        self.times.saturating_record(taken.as_nanos().try_into().unwrap_or(LONGEST_NS));
        taken
    }

    fn tell(&self, about: &str) {
        if self.times.is_empty() {
            return; // Not asked for on the command line.
        }
        let at = |quantile| self.times.value_at_quantile(quantile) as f64 / NS_PER_MS;
        println!(
            "{about}: p50 {:.1} ms, p99 {:.1} ms, {} scans; budget < {BUDGET_MS} ms: {}\n",
            at(0.5),
            at(0.99),
            self.times.len(),
            if at(0.99) < BUDGET_MS { "met" } else { "missed" },
        );
    }
}

/// The time of a scan by a scanner that knows nothing yet, its opening included.
fn first_scan<S: Scanner>(config: &S::Config) -> Duration {
    let begun = Instant::now();
    let mut scanner = S::open(config).expect("it could be opened before");
    black_box(scanner.scan().expect("this host can be read"));
    begun.elapsed()
}

/// The time of a scan by one that knows what is there.
fn next_scan<S: Scanner>(scanner: &mut S) -> Duration {
    let begun = Instant::now();
    black_box(scanner.scan().expect("this host can be read"));
    let taken = begun.elapsed();
    while scanner.after().is_some() {}
    taken
}

fn ask<S>(criterion: &mut Criterion)
where
    S: Scanner,
    S::Config: Default,
{
    let config = S::Config::default();
    let mut scanner = match S::open(&config) {
        Ok(scanner) => scanner,
        Err(error) => return println!("{} cannot be asked on this system: {error:#}\n", S::NAME),
    };
    let mut group = criterion.benchmark_group(format!("how long does {} take to scan?", S::NAME));
    group.sampling_mode(SamplingMode::Flat).sample_size(SAMPLES);
    let mut scans = Scans::none();
    group.bench_function("first", |bencher| {
        bencher
            .iter_custom(|count| (0..count).map(|_| scans.timed(first_scan::<S>(&config))).sum());
    });
    scans.tell(&format!("{}, first scan", S::NAME));
    next_scan(&mut scanner);
    let mut scans = Scans::none();
    group.bench_function("next", |bencher| {
        bencher.iter_custom(|count| (0..count).map(|_| scans.timed(next_scan(&mut scanner))).sum());
    });
    scans.tell(&format!("{}, each further scan", S::NAME));
    group.finish();
}

fn how_long_does_a_scan_of_this_host_take(criterion: &mut Criterion) {
    let _idle = IdleProcesses::start(IDLE_PROCESSES).expect("this host has room for them");
    ask::<ProcessScanner>(criterion);
    ask::<NetworkScanner>(criterion);
    ask::<PerformanceScanner>(criterion);
}

criterion_group!(questions, how_long_does_a_scan_of_this_host_take);
criterion_main!(questions);
