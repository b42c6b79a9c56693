//! How long does it take to judge a million arrivals, and ten million (METHOD §5)?
//!
//! 250 000 events at four subscribers; 1 250 000 at eight.

use std::hint::black_box;

use bus_benches::long::{BUS, Long};
use criterion::{Criterion, criterion_group, criterion_main};
use equivalence::check::{Verdict, check};

/// Each with its name, events and subscribers.
const POINTS: [(&str, u64, usize); 2] =
    [("a_million_arrivals", 250_000, 4), ("ten_million_arrivals", 1_250_000, 8)];

fn histories(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check_history");
    group.sample_size(10);
    for (name, events, subscribers) in POINTS {
        let Long { case, plan, history } = Long::new(events, subscribers);
        let report = check(&case, BUS, &history, &plan);
        assert_eq!(report.verdict(), Verdict::Pass, "a right history is judged");
        group.bench_function(name, |bencher| {
            bencher.iter(|| check(black_box(&case), BUS, black_box(&history), &plan));
        });
    }
    group.finish();
}

criterion_group!(benches, histories);
criterion_main!(benches);
