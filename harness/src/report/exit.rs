//! The exit code of a run, and how strict it is.
//!
//! As README has them: 0 pass, 1 fail, 3 inconclusive, 4 infrastructure; 2 (usage) never comes
//! from a run.
//! A failure found is said even if the harness broke or was interrupted later: it is the more
//! useful news.

use super::{Behaviour, Ended, PerformanceRow, Run};
use crate::gate::{Reason, Verdict};
use crate::record::{CurveTrial, Validity};

/// How a run ends for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to object to, at this strictness.
    Pass,
    /// A broken promise, something left behind, or a gate that failed and counts.
    Fail,
    /// Something is open, and that counts.
    Inconclusive,
    /// The harness could not do its work, or was interrupted.
    Infrastructure,
}

impl Exit {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Fail => 1,
            Self::Inconclusive => 3,
            Self::Infrastructure => 4,
        }
    }
}

/// Which failed gates fail a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailOn {
    /// All of them: the command line.
    #[default]
    AllCells,
    /// Those marked `enforced` in `scenarios/gates.toml`: CI.
    EnforcedCells,
}

/// What an undecided gate does to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnInconclusive {
    /// Exit 3: the command line.
    #[default]
    Fail,
    /// Printed, no more: CI.
    Warn,
}

/// How strict a run's exit code is; the default is the command line's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Strictness {
    /// Which failed gates count.
    pub fail_on: FailOn,
    /// Whether undecided ones do.
    pub inconclusive: OnInconclusive,
}

/// The exit code of a run.
///
/// A gate that is open only because the smoke profile never concludes does not count: smoke is
/// about behaviour. A partial run never passes, nor one that judged nothing, however strict.
pub fn exit(run: &Run, strictness: Strictness) -> Exit {
    if broke_a_promise(run)
        || gates(run).any(|row| counts_as_failed(row, strictness))
        || curve_counts_as_failed(run, strictness)
    {
        Exit::Fail
    } else if run.interrupted.is_some()
        || !run.infrastructure.is_empty()
        || any_behaviour(run, is_broken)
    {
        Exit::Infrastructure
    } else if !judged_something(run) || counts_as_open(run, strictness) {
        Exit::Inconclusive
    } else {
        Exit::Pass
    }
}

fn broke_a_promise(run: &Run) -> bool {
    any_behaviour(run, |outcome| *outcome == Behaviour::Fail)
        || run.left_behind.iter().any(|row| !row.tear_down.is_clean())
}

/// Whether there is a row that says anything: of what applies nowhere, nothing is known.
fn judged_something(run: &Run) -> bool {
    let applies = |outcome: &Behaviour| !matches!(outcome, Behaviour::NotApplicable(_));
    let measured =
        |row: &PerformanceRow| !matches!(row.judgement.verdict, Verdict::NotApplicable(_));
    let is_valid = |trial: &CurveTrial| trial.validity == Validity::Valid;
    let drawn = run.curves.iter().any(|row| row.trials.iter().any(is_valid));
    any_behaviour(run, applies) || run.performance.iter().any(measured) || drawn
}

fn counts_as_open(run: &Run, strictness: Strictness) -> bool {
    let is_open = |verdict: &Verdict| match verdict {
        Verdict::Inconclusive(reason) => *reason != Reason::Smoke,
        Verdict::NotApplicable(_) => run.host.judges_performance(),
        Verdict::Pass | Verdict::Fail => false,
    };
    let something_is_open = gates(run).any(|row| is_open(&row.judgement.verdict))
        || curves(run).any(is_open)
        || run.behaviour.iter().any(|row| Ended::behaved(row).is_open());
    strictness.inconclusive == OnInconclusive::Fail && something_is_open
}

/// Whether a gate failed, and counts.
pub(super) fn counts_as_failed(row: &PerformanceRow, strictness: Strictness) -> bool {
    let counts = strictness.fail_on == FailOn::AllCells || row.enforced;
    counts && row.judgement.verdict == Verdict::Fail
}

/// Whether a curve that failed counts: they are never enforced, their exponents are absolute figures of one
/// host.
pub(super) fn curves_count(strictness: Strictness) -> bool {
    strictness.fail_on == FailOn::AllCells
}

fn curve_counts_as_failed(run: &Run, strictness: Strictness) -> bool {
    curves_count(strictness) && curves(run).any(|verdict| *verdict == Verdict::Fail)
}

/// Verdicts on the candidates' curves where theory says flat; the baseline's are for information.
fn curves(run: &Run) -> impl Iterator<Item = &Verdict> {
    let others = run.candidates.iter().filter(|candidate| **candidate != run.baseline);
    others.flat_map(|candidate| run.curves.iter().filter_map(|row| row.verdict(*candidate)))
}

fn is_broken(outcome: &Behaviour) -> bool {
    matches!(outcome, Behaviour::Broken(_))
}

fn any_behaviour(run: &Run, holds: impl Fn(&Behaviour) -> bool) -> bool {
    run.behaviour.iter().any(|row| holds(&row.outcome))
}

fn gates(run: &Run) -> impl Iterator<Item = &PerformanceRow> {
    run.performance.iter().filter(|row| row.gated)
}

#[cfg(test)]
mod tests;
