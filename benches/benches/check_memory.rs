//! How much memory does judging take beyond the history itself, and how long, once each?
//!
//! `cargo bench -p bus-benches --bench check_memory` prints a line a size. That the memory per
//! publish and arrival stays within its bound is for `tests/check_memory.rs` to hold.

use std::time::Instant;

use bus_benches::long::{BUS, Long};
use equivalence::check::{Verdict, check};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Events and subscribers: a million arrivals, ten million, and one of many subscribers.
const SIZES: [(u64, usize); 3] = [(250_000, 4), (1_250_000, 8), (20_000, 500)];

fn main() {
    for (events, subscribers) in SIZES {
        let long = Long::new(events, subscribers);
        MEMORY.reset_peak_usage();
        let history_bytes = MEMORY.current_usage();
        let begun = Instant::now();
        let report = check(&long.case, BUS, &long.history, &long.plan);
        let seconds = begun.elapsed().as_secs_f64();
        let peak_bytes = MEMORY.peak_usage() - history_bytes;
        assert_eq!(report.verdict(), Verdict::Pass, "a right history is judged");
        let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
        println!(
            "{} arrivals at {subscribers} subscribers: {seconds:.2} s, {:.0} MiB beyond the \
             history's {:.0}, {:.1} bytes an arrival",
            long.arrivals(),
            mib(peak_bytes),
            mib(history_bytes),
            peak_bytes as f64 / long.arrivals() as f64,
        );
    }
}
