//! Judging a history takes memory in proportion to its publishes and arrivals, and no more for each
//! than `check` says: a history of ten million arrivals has to fit beside its judge.
//!
//! The allocator counts for the whole process: one test, alone in its file.

use bus_benches::long::{BUS, Long};
use equivalence::check::{Verdict, check};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What an arrival may take, bytes.
const PER_ARRIVAL: usize = 21;
/// What a publish may take, bytes; one subscription of these histories filters events.
const PER_PUBLISH: usize = 90;
/// Events and subscribers: few of many, many of few. No power of two, so that room which grows by
/// doubling shows.
const SIZES: [(u64, usize); 2] = [(40_000, 8), (2_000, 150)];

#[test]
fn judging_takes_its_bytes_for_each_publish_and_arrival_and_no_more() {
    for (events, subscribers) in SIZES {
        let long = Long::new(events, subscribers);
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let report = check(&long.case, BUS, &long.history, &long.plan);
        let peak = MEMORY.peak_usage() - before;
        assert_eq!(report.verdict(), Verdict::Pass);
        let bound = PER_ARRIVAL * long.arrivals() + PER_PUBLISH * long.publishes();
        assert!(peak <= bound, "{events} events at {subscribers}: {peak} bytes, bound {bound}");
    }
}
