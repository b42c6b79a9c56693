//! The page by its exact text, and what must not break its Markdown.

use super::*;
use crate::report::sample::{failing, run};

#[test]
fn a_good_run_reads_like_this() {
    let expected = "\
**process against crossbeam: switch: every gate passes and no promise is broken**

```console
cargo xtask equivalence --profile pr --seed 7
```

## Performance: process against crossbeam

| case | metric | crossbeam | process | ratio [interval] | limit | verdict | blocks |
| --- | --- | --: | --: | --- | --- | --- | --: |
| perf/saturation[subs=1] | throughput | 912 k/s | 2.74 M/s | 3.00 [2.90, 3.12] | ≥ 0.80 | PASS | 6 |
| perf/paced[rate=10k] | latency-p99 | 41.2 µs | 51.5 µs | 1.50\\* [1.25, 1.75] | ≤ 2.00 | PASS | 6 |

ratio: process / crossbeam; \\* the worse of two, with and without the void floor

## Behaviour

- crossbeam: 1 pass
- process: 1 pass

## Remarks

- calibration: events are shared, not cloned

## The documents' absolute budgets: process

On this host only; they inform and decide nothing.

| what | limit | state |
| --- | --: | --- |
| delivery, p99 of every paced case | < 1.00 ms | met: 51.5 µs (19.4x headroom) |
| matching a topic (T9) | < 100 µs | open: measured by the benches |
| checking access (A6) | < 10.0 µs | open: measured by the benches |

## Where and what

- host: Fast 9000, 2 cores, linux 6.1 (x86_64), memory 4.00 GiB, governor unknown
- revision abc123, profile pr, seed 7, 60 s from 1970-01-01 00:16 UTC
";
    assert_eq!(summary(&run()), expected);
}

#[test]
fn violations_partial_runs_and_broken_harnesses_are_on_the_page() {
    let mut run = run();
    run.behaviour[1] = failing(Bus::Process);
    run.interrupted = Some("interrupted after 1 of 3 cases".to_owned());
    run.infrastructure.push("no room".to_owned());
    let page = summary(&run);
    for part in [
        "- `ordering/one` on process: **FAIL**, again with `equivalence --scenario ordering/one",
        "  - C4: s0 received p0#18 before p0#17\n",
        "- PARTIAL: interrupted after 1 of 3 cases\n",
        "- INFRASTRUCTURE: no room\n",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[test]
fn a_bar_in_a_cell_does_not_end_it() {
    let mut page = String::new();
    row(&mut page, &["a|b".to_owned()]);
    assert_eq!(page, "| a\\|b |\n");
}

#[test]
fn a_budget_missed_or_measured_with_too_few_samples_is_said() {
    let mut run = run();
    run.performance[1].judgement.candidate = Some(1_000_000.0);
    let delivery = |run: &Run| budgets(run, Bus::Process)[0].state.clone();
    assert_eq!(delivery(&run), BudgetState::Missed(1_000_000.0));
    run.performance[1].judgement.quantile = Some(crate::gate::Quantile::P90);
    assert!(matches!(delivery(&run), BudgetState::Open(_)));
}

#[test]
fn budgets_that_nothing_was_measured_for_are_left_out() {
    let mut run = run();
    run.performance.clear();
    assert!(!summary(&run).contains("absolute budgets"));
}
