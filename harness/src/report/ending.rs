//! What a report says of one case: how it ended on each bus, in one word and in a few.

use super::curves::said_of;
use super::table::{interval, limit};
use super::{Behaviour, BehaviourRow, CurveRow, PerformanceRow, Run};
use crate::gate::{CurveLine, Verdict};
use crate::plan::{Bus, Case};

/// Said of what has no figure yet.
const NO_ESTIMATE: &str = "no estimate";

/// How a case ended on a bus, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every check held, or the bound clears the limit.
    Pass,
    /// A promise was broken, or the bound is beyond the limit.
    Fail,
    /// The evidence does not say.
    Inconclusive,
    /// Nothing was broken but what the scenario declares.
    AsDeclared,
    /// The bus has no part in it.
    NotApplicable,
    /// What the case is about did not happen.
    NotExercised,
    /// The record itself cannot be right.
    NotJudged,
    /// Measured, and no gate covers it.
    ForInformation,
    /// The report has nothing about it.
    NotRun,
}

/// One row of a report about a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The bus that was judged.
    pub bus: Bus,
    /// What was judged: `behaviour`, a metric, or `curve`; with the other bus where that is not the
    /// run's baseline.
    pub what: String,
    /// How it ended.
    pub ended: Ended,
    /// The first witness, the figures, or the reason; empty where there is nothing to add.
    pub told: String,
}

impl Ended {
    /// Every one, in the order people ask for them.
    pub const ALL: [Self; 9] = [
        Self::Pass,
        Self::Fail,
        Self::Inconclusive,
        Self::AsDeclared,
        Self::NotApplicable,
        Self::NotExercised,
        Self::NotJudged,
        Self::ForInformation,
        Self::NotRun,
    ];

    /// As it is typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::AsDeclared => "as-declared",
            Self::NotApplicable => "not-applicable",
            Self::NotExercised => "not-exercised",
            Self::NotJudged => "not-judged",
            Self::ForInformation => "for-information",
            Self::NotRun => "not-run",
        }
    }

    /// Whether the question is not answered, for better or for worse.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Inconclusive | Self::NotExercised | Self::NotJudged)
    }

    /// How a case ended whose behaviour was judged. A difference that neither bus is shown to be wrong in
    /// leaves it open, whatever else holds.
    pub fn behaved(row: &BehaviourRow) -> Self {
        match &row.outcome {
            Behaviour::Fail => Self::Fail,
            Behaviour::NotExercised(_) => Self::NotExercised,
            Behaviour::Broken(_) => Self::NotJudged,
            _ if row.open_difference().is_some() => Self::Inconclusive,
            Behaviour::Pass => Self::Pass,
            Behaviour::Diverges => Self::AsDeclared,
            Behaviour::NotApplicable(_) => Self::NotApplicable,
        }
    }

    /// How a gate or a curve ended.
    pub(super) fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail => Self::Fail,
            Verdict::Inconclusive(_) => Self::Inconclusive,
            Verdict::NotApplicable(_) => Self::NotApplicable,
        }
    }
}

/// Every row of a report about a case; none where it was not run. The points of a curve share theirs.
pub fn endings(run: &Run, case: &Case) -> Vec<Ending> {
    let behaviour = run.behaviour.iter().filter(|row| row.case == case.id).map(behaved);
    let performance = run.performance.iter().filter(|row| row.case == case.id);
    let performance = performance.map(|row| measured(row, run.baseline));
    let curves =
        run.curves.iter().filter(|row| case.curve.is_some() && row.scenario == case.scenario);
    behaviour.chain(performance).chain(curves.flat_map(|row| climbed(row, run))).collect()
}

fn behaved(row: &BehaviourRow) -> Ending {
    let witness = || row.violations.first().map(|one| format!("{}: {}", one.rule, one.told()));
    let declared = || {
        let seen = row.divergences.iter().find_map(|one| Some((one, one.witness.as_ref()?)));
        seen.map(|(one, witness)| format!("{}: {}", one.declared.id, witness.told()))
    };
    let told = match (&row.outcome, row.open_difference()) {
        (Behaviour::Fail, _) => witness(),
        (Behaviour::NotExercised(why) | Behaviour::Broken(why), _) => Some(why.clone()),
        (_, Some(open)) => Some(open.sentence.clone()),
        (Behaviour::NotApplicable(why), _) => Some(why.clone()),
        (Behaviour::Diverges, _) => declared(),
        (Behaviour::Pass, _) => None,
    };
    let what = "behaviour".to_owned();
    let ended = Ended::behaved(row);
    Ending { bus: row.bus, what, ended, told: told.unwrap_or_default() }
}

fn measured(row: &PerformanceRow, baseline: Bus) -> Ending {
    let PerformanceRow { metric, candidate, judgement, .. } = row;
    let ended = match Ended::of(&judgement.verdict) {
        Ended::NotApplicable => Ended::NotApplicable,
        _ if !row.gated => Ended::ForInformation,
        ended => ended,
    };
    let estimate = judgement.estimate().map(|estimate| interval(estimate, judgement.basis));
    let ratio = estimate.unwrap_or_else(|| NO_ESTIMATE.to_owned());
    let told = match &judgement.verdict {
        Verdict::NotApplicable(why) => why.clone(),
        _ if !row.gated => ratio,
        Verdict::Inconclusive(reason) => {
            format!("{}: {ratio}, limit {}", reason.as_str(), limit(judgement.limit))
        }
        Verdict::Pass | Verdict::Fail => format!("{ratio}, limit {}", limit(judgement.limit)),
    };
    let beside = (row.baseline != baseline).then(|| format!(" beside {}", row.baseline.as_str()));
    let what = format!("{}{}", metric.as_str(), beside.unwrap_or_default());
    Ending { bus: *candidate, what, ended, told }
}

/// A verdict of the baseline is for information, as everywhere.
fn climbed(row: &CurveRow, run: &Run) -> impl Iterator<Item = Ending> {
    let (baseline, lines) = (run.baseline, row.lines.iter());
    lines.map(move |line: &CurveLine| {
        let judged = line.verdict.as_ref().filter(|_| line.bus != baseline);
        let ended = judged.map_or(Ended::ForInformation, Ended::of);
        Ending { bus: line.bus, what: "curve".to_owned(), ended, told: said_of(line) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Reason;
    use crate::report::sample;

    fn case(id: &str) -> Case {
        Case::bare(id, Vec::new(), Vec::new())
    }

    #[test]
    fn a_failure_is_told_by_its_first_witness() {
        let mut run = sample::run();
        run.behaviour[1] = sample::failing(Bus::Process);
        let told = endings(&run, &case("ordering/one"));
        let words: Vec<_> = told.iter().map(|one| (one.bus, one.ended, &*one.told)).collect();
        assert_eq!(
            words,
            [
                (Bus::Crossbeam, Ended::Pass, ""),
                (Bus::Process, Ended::Fail, "C4: s0 received p0#18 before p0#17"),
            ]
        );
        assert!(endings(&run, &case("ordering/two")).is_empty());
        run.behaviour[1] = sample::differing(Bus::Process);
        let open = endings(&run, &case("ordering/one")).remove(1);
        assert_eq!((open.ended, &*open.told), (Ended::Inconclusive, "one did more"));
    }

    #[test]
    fn a_gate_is_told_with_its_figures_and_what_no_gate_covers_informs() {
        let mut run = sample::run();
        let saturation = case("perf/saturation[subs=1]");
        let of = |run: &Run| endings(run, &saturation).remove(0);
        let passed = of(&run);
        assert_eq!((passed.ended, &*passed.what), (Ended::Pass, "throughput"));
        assert_eq!(passed.told, "3.00 [2.90, 3.12], limit ≥ 0.80");
        run.performance[0].judgement.verdict = Verdict::Inconclusive(Reason::Noise);
        assert!(of(&run).told.starts_with("noise: 3.00"));
        run.performance[0].gated = false;
        assert_eq!(of(&run).ended, Ended::ForInformation);
        run.performance[0].baseline = Bus::Nats;
        assert_eq!(of(&run).what, "throughput beside nats");
    }

    #[test]
    fn words_are_unique() {
        for (index, one) in Ended::ALL.iter().enumerate() {
            assert!(Ended::ALL[..index].iter().all(|other| other.as_str() != one.as_str()));
        }
    }
}
