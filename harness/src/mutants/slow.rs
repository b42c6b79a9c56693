//! Slow and hungry buses: each must fail the gate it was made for, and no other; one is slow within
//! its limit.
//!
//! They run against the same bus behind the same wrapper without a fault, held to the limits of the
//! new bus in a process of its own.

mod page;

use std::fmt;

use serde::Serialize;

pub use self::page::{SLOW_FILES, SLOW_PARTIAL_FILES, slow_page};
use crate::driver::Fault;
use crate::gate::{Judgement, Verdict};
use crate::plan::gates::Metric;

/// One slow bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowMutant {
    /// What it does wrong.
    pub fault: Fault,
    /// The gate it was made for.
    pub metric: Metric,
    /// What that gate must say: [`Verdict::Pass`] or [`Verdict::Fail`].
    pub verdict: Verdict,
    /// The case it is measured on.
    pub case: &'static str,
}

/// Every slow bus.
///
/// How far the leaks are beyond their limit of 1.50, in the `pr` profile of their cases: an event
/// that waits takes 1.67 KiB, so 1 KiB more makes a ratio of 1.6, and memory scatters by less than
/// 1 %. Four collectors with their tables take 38 MiB, and 14 000 events are published: 1 KiB of
/// each would make 1.36, within the limit; 4 KiB make 2.4. The figures of the sound bus are those of
/// `cargo xtask equivalence --baseline crossbeam --candidate crossbeam` with `--scenario CASE`.
pub const SLOW: &[SlowMutant] = &[
    slow(Fault::RunsAt70Percent, Metric::Throughput, Verdict::Fail, SATURATION),
    slow(Fault::RunsAt95Percent, Metric::Throughput, Verdict::Pass, SATURATION),
    slow(Fault::DelaysRarely, Metric::LatencyP99, Verdict::Fail, PACED),
    slow(Fault::BurnsCpu, Metric::Cpu, Verdict::Fail, PACED),
    slow(Fault::LeaksOneKib, Metric::Backlog, Verdict::Fail, BACKLOG),
    slow(Fault::LeaksFourKib, Metric::Memory, Verdict::Fail, SCALE),
];

const SATURATION: &str = "perf/saturation[subs=1]";
const PACED: &str = "perf/paced[rate=10000/s,subs=1]";
const SCALE: &str = "perf/documented-scale";
const BACKLOG: &str = "backpressure/backlog";

const fn slow(fault: Fault, metric: Metric, verdict: Verdict, case: &'static str) -> SlowMutant {
    SlowMutant { fault, metric, verdict, case }
}

/// What one gate said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateSaid {
    /// The gate.
    pub metric: Metric,
    /// Its verdict, and what it rests on.
    pub judgement: Judgement,
}

impl GateSaid {
    /// Names of [`GateSaid::cells`].
    pub const COLUMNS: [&str; 5] = ["verdict", "ratio [interval]", "limit", "blocks", "detectable"];

    /// The verdict and what it rests on, for people.
    pub fn cells(&self) -> [String; 5] {
        let judgement = &self.judgement;
        let estimate = judgement.estimate();
        let interval = estimate.and_then(|estimate| estimate.interval);
        let ratio = estimate.map_or_else(nothing, |estimate| format!("{:.3}", estimate.ratio));
        let around = interval
            .map_or_else(String::new, |bounds| format!(" [{:.3}, {:.3}]", bounds.low, bounds.high));
        [
            judgement.verdict.to_string(),
            format!("{ratio}{around}"),
            format!("{:.2}", judgement.limit.ratio),
            estimate.map_or(0, |estimate| estimate.blocks).to_string(),
            interval.map_or_else(nothing, |bounds| format!("{:.3}", bounds.detectable)),
        ]
    }
}

fn nothing() -> String {
    "-".to_owned()
}

/// What the gates said of one slow bus, once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlowRow {
    /// The fault's name.
    pub name: String,
    /// What the bus does, to follow "the bus".
    pub summary: String,
    /// The case it was measured on.
    pub case: String,
    /// Which of its measurements this is, counted from 1.
    pub run: u64,
    /// The gate it was made for.
    pub metric: Metric,
    /// What that gate must say.
    pub expected: Verdict,
    /// Every gate of the case.
    pub gates: Vec<GateSaid>,
    /// Promises that were broken, in sentences: a slow bus is a sound one.
    pub broken: Vec<String>,
}

impl SlowRow {
    /// What these gates said, and what was broken besides.
    pub fn new(mutant: &SlowMutant, run: u64, gates: Vec<GateSaid>, broken: Vec<String>) -> Self {
        Self {
            name: mutant.fault.name().to_owned(),
            summary: mutant.fault.summary().to_owned(),
            case: mutant.case.to_owned(),
            run,
            metric: mutant.metric,
            expected: mutant.verdict.clone(),
            gates,
            broken,
        }
    }

    /// Whether its own gate said what it must.
    pub fn is_right(&self) -> bool {
        self.own().is_some_and(|row| row.judgement.verdict == self.expected)
    }

    /// What is wrong: its own gate said the opposite, another one failed, or a promise was broken.
    /// Undecided is not wrong.
    pub fn complaints(&self) -> Vec<String> {
        let wrong = |row: &&GateSaid| match &row.judgement.verdict {
            Verdict::Pass => row.metric == self.metric && self.expected == Verdict::Fail,
            Verdict::Fail => row.metric != self.metric || self.expected == Verdict::Pass,
            Verdict::Inconclusive(_) | Verdict::NotApplicable(_) => false,
        };
        let told = |row: &GateSaid| {
            format!("{}: {} says {}", self.name, row.metric.as_str(), row.judgement.verdict)
        };
        let broken = self.broken.iter().map(|what| format!("{}: {what}", self.name));
        self.gates.iter().filter(wrong).map(told).chain(broken).collect()
    }

    fn own(&self) -> Option<&GateSaid> {
        self.gates.iter().find(|row| row.metric == self.metric)
    }
}

/// Runs of one mutant of which so many must be right.
const RIGHT_OF: (usize, usize) = (2, 3);

/// What measuring slow buses came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SlowMatrix {
    /// How often each is to be measured.
    pub runs: u64,
    /// Every measurement, in the order they were made.
    pub rows: Vec<SlowRow>,
    /// Why it ended before all was measured.
    pub stopped: Option<Stopped>,
    /// Whether every slow bus there is was measured so often.
    pub complete: bool,
}

/// Why not all was measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is", content = "why")]
pub enum Stopped {
    /// The user interrupted.
    Interrupted,
    /// The time that was allowed was used up, minutes.
    OutOfTime(u64),
    /// A trial could not be run.
    Broke(String),
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupted => f.write_str("interrupted"),
            Self::OutOfTime(minutes) => write!(f, "the {minutes} min that were allowed are over"),
            Self::Broke(why) => f.write_str(why),
        }
    }
}

impl SlowMatrix {
    /// What is wrong with all runs of all slow buses together, one sentence each.
    ///
    /// A verdict that is wrong is told at once; that too few are right, once all runs are made.
    pub fn complaints(&self) -> Vec<String> {
        let mut told: Vec<String> = self.rows.iter().flat_map(SlowRow::complaints).collect();
        for mutant in SLOW {
            let runs = || self.rows.iter().filter(|row| row.name == mutant.fault.name());
            let (all, right) = (runs().count(), runs().filter(|row| row.is_right()).count());
            if all as u64 >= self.runs && right * RIGHT_OF.1 < all * RIGHT_OF.0 {
                let (name, metric, verdict) =
                    (mutant.fault.name(), mutant.metric.as_str(), &mutant.verdict);
                told.push(format!("{name}: {metric} said {verdict} in {right} of {all} run(s)"));
            }
        }
        told
    }

    /// How many measurements are right.
    pub fn right(&self) -> usize {
        self.rows.iter().filter(|row| row.is_right()).count()
    }

    /// Notes whether every slow bus of the project was measured as often as asked.
    pub fn settle(&mut self) {
        let times = |mutant: &SlowMutant| {
            self.rows.iter().filter(|row| row.name == mutant.fault.name()).count() as u64
        };
        self.complete = SLOW.iter().all(|mutant| times(mutant) >= self.runs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Basis, Estimate, Interval, Judgement, Limit, Reason};

    fn row(metric: Metric, verdict: Verdict) -> GateSaid {
        let judgement = Judgement {
            verdict,
            limit: Limit::none(metric),
            quantile: None,
            baseline: None,
            candidate: None,
            raw: None,
            corrected: None,
            basis: Basis::Raw,
            block_ratios: crate::gate::BlockRatios::default(),
            notes: Vec::new(),
        };
        GateSaid { metric, judgement }
    }

    fn run(mutant: &SlowMutant, gates: &[(Metric, Verdict)]) -> SlowRow {
        let gates = gates.iter().map(|(metric, verdict)| row(*metric, verdict.clone()));
        SlowRow::new(mutant, 1, gates.collect(), Vec::new())
    }

    /// What is wrong with these, each bus of them measured as often as it was to be.
    fn complaints(rows: &[SlowRow]) -> Vec<String> {
        let runs = rows.len() as u64;
        SlowMatrix { runs, rows: rows.to_vec(), ..SlowMatrix::default() }.complaints()
    }

    const BURNS: SlowMutant = slow(Fault::BurnsCpu, Metric::Cpu, Verdict::Fail, PACED);
    const OPEN: Verdict = Verdict::Inconclusive(Reason::Noise);

    #[test]
    fn its_own_gate_and_no_other_must_fail() {
        let right = run(&BURNS, &[(Metric::Cpu, Verdict::Fail), (Metric::LatencyP99, OPEN)]);
        assert_eq!(complaints(&[right]), Vec::<String>::new());
        let other =
            run(&BURNS, &[(Metric::Cpu, Verdict::Fail), (Metric::LatencyP99, Verdict::Fail)]);
        assert_eq!(complaints(&[other]), ["burns-cpu: latency-p99 says FAIL"]);
        let mut lossy = run(&BURNS, &[(Metric::Cpu, Verdict::Fail)]);
        lossy.broken.push("crossbeam: s0 lost one".to_owned());
        assert_eq!(complaints(&[lossy]), ["burns-cpu: crossbeam: s0 lost one"]);
    }

    #[test]
    fn the_opposite_verdict_is_wrong_once_and_an_open_one_too_often() {
        let own = |verdict| run(&BURNS, &[(Metric::Cpu, verdict)]);
        let (right, open, wrong) = (own(Verdict::Fail), own(OPEN), own(Verdict::Pass));
        assert!(complaints(&[right.clone(), open.clone(), right.clone()]).is_empty());
        assert_eq!(
            complaints(&[right.clone(), open.clone(), open]),
            ["burns-cpu: cpu said FAIL in 1 of 3 run(s)"]
        );
        assert_eq!(complaints(&[right.clone(), right, wrong]), ["burns-cpu: cpu says PASS"]);
    }

    #[test]
    fn a_gate_without_any_row_is_no_verdict() {
        assert_eq!(complaints(&[run(&BURNS, &[])]), ["burns-cpu: cpu said FAIL in 0 of 1 run(s)"]);
    }

    #[test]
    fn runs_that_are_still_to_come_may_yet_be_right() {
        let open = run(&BURNS, &[(Metric::Cpu, OPEN)]);
        let mut matrix = SlowMatrix { runs: 3, rows: vec![open.clone()], ..SlowMatrix::default() };
        matrix.settle();
        assert!(matrix.complaints().is_empty() && !matrix.complete);
        matrix.rows = vec![run(&BURNS, &[(Metric::Cpu, Verdict::Pass)])];
        assert_eq!(matrix.complaints(), ["burns-cpu: cpu says PASS"], "whatever is to come");
    }

    #[test]
    fn every_gated_metric_has_a_slow_bus_that_must_fail_it_but_the_median() {
        for metric in Metric::ALL.into_iter().filter(|metric| *metric != Metric::LatencyP50) {
            let made = |slow: &SlowMutant| slow.metric == metric && slow.verdict == Verdict::Fail;
            assert!(SLOW.iter().any(made), "{metric:?}");
        }
    }

    #[test]
    fn the_page_has_ratio_interval_limit_blocks_and_what_could_be_told_apart() {
        let interval = Interval { low: 1.5, high: 1.7, detectable: 1.063 };
        let raw = Some(Estimate { ratio: 1.6, blocks: 6, interval: Some(interval) });
        let mut row = run(&BURNS, &[(Metric::Cpu, Verdict::Fail)]);
        row.gates[0].judgement.raw = raw;
        row.gates[0].judgement.limit.ratio = 1.2;
        let stopped = Some(Stopped::OutOfTime(5));
        let matrix = SlowMatrix { runs: 3, rows: vec![row], stopped, complete: false };
        let page = slow_page(&matrix);
        for told in [
            "| burns-cpu | 1 | **cpu** | FAIL | FAIL | 1.600 [1.500, 1.700] | 1.20 | 6 | 1.063 |",
            "1 of 1 measurements are right",
            "PARTIAL: the 5 min that were allowed are over",
        ] {
            assert!(page.contains(told), "{told} is not in {page}");
        }
    }
}
