//! Slow buses: each must fail the gate it was made for, and no other; one is slow within its limit.
//!
//! They run against the same bus behind the same wrapper without a fault, held to the limits of the
//! new bus in a process of its own.

use serde::Serialize;

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
pub const SLOW: &[SlowMutant] = &[
    slow(Fault::RunsAt70Percent, Metric::Throughput, Verdict::Fail, SATURATION),
    slow(Fault::RunsAt95Percent, Metric::Throughput, Verdict::Pass, SATURATION),
    slow(Fault::DelaysRarely, Metric::LatencyP99, Verdict::Fail, PACED),
    slow(Fault::BurnsCpu, Metric::Cpu, Verdict::Fail, PACED),
];

const SATURATION: &str = "perf/saturation[subs=1]";
const PACED: &str = "perf/paced[rate=10000/s,subs=1]";

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

/// What the gates said of one slow bus, once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlowRow {
    /// The fault's name.
    pub name: String,
    /// The gate it was made for.
    pub metric: Metric,
    /// What that gate must say.
    pub expected: Verdict,
    /// Every gate of the case.
    pub gates: Vec<GateSaid>,
}

impl SlowRow {
    /// What these gates said.
    pub fn new(mutant: &SlowMutant, gates: Vec<GateSaid>) -> Self {
        let name = mutant.fault.name().to_owned();
        Self { name, metric: mutant.metric, expected: mutant.verdict.clone(), gates }
    }

    /// Whether its own gate said what it must.
    pub fn is_right(&self) -> bool {
        self.own().is_some_and(|row| row.judgement.verdict == self.expected)
    }

    /// What is wrong: its own gate said the opposite, or another one failed. Undecided is not wrong.
    pub fn complaints(&self) -> Vec<String> {
        let wrong = |row: &&GateSaid| match &row.judgement.verdict {
            Verdict::Pass => row.metric == self.metric && self.expected == Verdict::Fail,
            Verdict::Fail => row.metric != self.metric || self.expected == Verdict::Pass,
            Verdict::Inconclusive(_) | Verdict::NotApplicable(_) => false,
        };
        let told = |row: &GateSaid| {
            format!("{}: {} says {}", self.name, row.metric.as_str(), row.judgement.verdict)
        };
        self.gates.iter().filter(wrong).map(told).collect()
    }

    fn own(&self) -> Option<&GateSaid> {
        self.gates.iter().find(|row| row.metric == self.metric)
    }
}

/// Runs of one mutant of which so many must be right.
const RIGHT_OF: (usize, usize) = (2, 3);

/// What is wrong with all runs of all slow buses together, one sentence each.
pub fn complaints(rows: &[SlowRow]) -> Vec<String> {
    let mut told: Vec<String> = rows.iter().flat_map(SlowRow::complaints).collect();
    for mutant in SLOW {
        let runs = || rows.iter().filter(|row| row.name == mutant.fault.name());
        let (all, right) = (runs().count(), runs().filter(|row| row.is_right()).count());
        if right * RIGHT_OF.1 < all * RIGHT_OF.0 {
            let (name, metric, verdict) =
                (mutant.fault.name(), mutant.metric.as_str(), &mutant.verdict);
            told.push(format!("{name}: {metric} said {verdict} in {right} of {all} run(s)"));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Basis, Judgement, Limit, Reason};

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
        SlowRow::new(mutant, gates.collect())
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
}
