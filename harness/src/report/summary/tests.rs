//! The page by its exact text, and what must not break its Markdown.

use super::*;
use crate::gate::{Reason, Verdict};
use crate::report::sample::{failing, leftover, run, traced};
use crate::report::{NotRun, OnBus};

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

## Success criteria: process

0 missed, 1 open, 3 met.

| state | criterion | evidence | source |
| --- | --- | --- | --- |
| open | A match takes below 100 µs. | needs a bench: `cargo bench --bench topic_match` | a document |
| met | Order is kept. | C4: 1 case holds | a document |
| met | At least 80 % of the throughput. | throughput: PASS in 1 case, at worst 3.00 against at least 0.80 | a document |
| met | A p99 below 1 ms. | latency-p99 below 1.00 ms on this host: at worst 51.5 µs, 19.4x headroom | a document |

## Where and what

- host: Fast 9000, 2 cores, linux 6.1 (x86_64), memory 4.00 GiB, governor unknown
- revision abc123, profile pr, seed 7, 60 s from 1970-01-01 00:16 UTC
";
    assert_eq!(summary(&run()), expected);
}

#[test]
fn a_traced_case_has_a_line_for_each_bus() {
    let mut run = run();
    run.traced = vec![traced(Bus::Process), traced(Bus::Embedded)];
    let page = summary(&run);
    for part in [
        "- `perf/paced[rate=10k]`, process: 61.1 µs = encode 1.20 + send queue 0.40 + wake-up of",
        "- `perf/paced[rate=10k]`, embedded: 27.5 µs = route 2.50 + wake-up of the subscriber 25.0",
        "  - 4000 deliveries followed, of one event in 3; mean of all deliveries",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains("not to be trusted"));
    run.traced[0].judged_mean_ns = Some(run.traced[0].mean_ns / 18.0);
    let told = "  - **not to be trusted: the means are a factor 18.1 apart, more than 1.5**\n";
    assert!(summary(&run).contains(told));
}

#[test]
fn violations_partial_runs_and_broken_harnesses_are_on_the_page() {
    let mut run = run();
    run.behaviour[1] = failing(Bus::Process);
    run.interrupted = Some("interrupted after 1 of 3 cases".to_owned());
    run.infrastructure.push("no room".to_owned());
    let missing = OnBus { case: "ordering/two".to_owned(), bus: Bus::Process };
    run.not_run = Some(NotRun { planned: 3, cases: vec![missing] });
    let page = summary(&run);
    for part in [
        "- `ordering/one` on process: **FAIL**, again with `equivalence --scenario ordering/one",
        "  - C4: s0 received p0#18 before p0#17\n",
        "- NOT RUN to the end, 1 of 3: ordering/two on process\n",
        "- PARTIAL: interrupted after 1 of 3 cases\n",
        "- INFRASTRUCTURE: no room\n",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[test]
fn what_is_open_has_the_command_that_repeats_it() {
    let mut run = run();
    run.behaviour[1].outcome = Behaviour::NotExercised("the kill".to_owned());
    run.performance[0].judgement.verdict = Verdict::Inconclusive(Reason::Noise);
    let page = summary(&run);
    for part in [
        "- `ordering/one` on process: **not exercised**, the kill\n\
         - `ordering/one` on process, again with `equivalence --scenario ordering/one",
        "- again with `equivalence --scenario perf --candidate process`\n",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!summary(&crate::report::sample::run()).contains("again with"), "nothing is open");
}

#[test]
fn a_bar_in_a_cell_does_not_end_it() {
    let mut page = String::new();
    row(&mut page, &["a|b".to_owned()]);
    assert_eq!(page, "| a\\|b |\n");
}

#[test]
fn what_is_broken_comes_before_everything_else() {
    let mut broken = run();
    broken.behaviour[1] = failing(Bus::Process);
    broken.left_behind.push(leftover(Bus::Process));
    let page = summary(&broken);
    let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("no {part} in {page}"));
    let left = "- LEFT BEHIND ordering/one on process: sockets bus.sock";
    assert!(at("## Violations") < at(left) && at(left) < at("## Performance"));
    assert!(!summary(&run()).contains("## Violations"));
}

#[test]
fn a_criterion_that_is_missed_stands_out_and_a_pattern_is_no_emphasis() {
    let mut broken = run();
    broken.behaviour[1] = failing(Bus::Process);
    let page = summary(&broken);
    let missed = "| **missed** | Order is kept. | C4: ordering/one fails (C4) | a document |\n";
    assert!(page.contains(missed) && page.contains("1 missed, 1 open, 2 met."), "{page}");
    assert_eq!(plain("a/*: one\ntwo"), "a/\\*: one two");
}

#[test]
fn criteria_that_nothing_was_run_for_take_one_line() {
    let mut run = run();
    run.performance.clear();
    run.behaviour.clear();
    let page = summary(&run);
    let told = "All 4 are open: nothing in this run decides any of them.\n";
    assert!(page.contains(told), "{page}");
    run.criteria.clear();
    assert!(!summary(&run).contains("Success criteria"));
}

/// What GitHub shows of a step, bytes.
const SHOWN_OF_A_STEP_BYTES: usize = 1 << 20;

#[test]
fn a_page_of_thousands_of_failures_is_cut_at_a_line_and_says_what_is_missing() {
    let mut run = run();
    run.behaviour = vec![failing(Bus::Process); 20_000];
    let (page, whole) = (summary(&run), whole(&run));
    assert!(whole.len() > SHOWN_OF_A_STEP_BYTES && page.len() < SHOWN_OF_A_STEP_BYTES);
    let (kept, last) = page.trim_end().rsplit_once("\n\n").expect("a last line of its own");
    let rest = whole.strip_prefix(&format!("{kept}\n")).expect("whole lines of the whole page");
    let (lines, bytes) = (rest.lines().count(), rest.len());
    let told = format!("{lines} lines, {bytes} bytes. `report.json` has everything.");
    assert_eq!(last, format!("**Left out here: {told}**"));
    assert!(kept.matches("**FAIL**").count() > 5_000, "violations are kept first");
}

#[test]
fn a_page_of_ordinary_length_is_left_as_it_is() {
    assert_eq!(summary(&run()), whole(&run()));
}

#[test]
fn what_a_run_says_is_text_in_its_place() {
    let mut run = run();
    let reason = "no\n# Switch: everything passes\n<!-- and so on";
    run.behaviour[1].outcome = Behaviour::NotApplicable(reason.to_owned());
    let page = summary(&run);
    assert!(!page.contains("\n# Switch") && !page.contains("<!--"), "{page}");
    assert!(page.contains("not applicable, no # Switch: everything passes &lt;!-- and so on"));
}
