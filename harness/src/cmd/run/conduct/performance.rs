//! A performance case within a run: who is compared with whom, and the rows that come of it.

use super::{Conductor, outcome};
use crate::cmd::performance::{self, Entrant, Failure, Pair};
use crate::cmd::run::begin::measured_again;
use crate::cmd::run::options::RunOptions;
use crate::driver::{DriveError, why_unavailable};
use crate::plan::{Bus, Case};
use crate::report::{self, LeftBehind, PerformanceRow};

/// The pairs of buses of a performance case.
pub(super) struct Pairs<'a> {
    pub(super) measured: Vec<Pair<'a>>,
    /// Of which one bus has no part in the case, or cannot be had, and why.
    pub(super) left_out: Vec<(Bus, Bus, String)>,
}

impl<'a> Pairs<'a> {
    pub(super) fn of(options: &'a RunOptions, case: &Case) -> Self {
        let mut pairs = Self { measured: Vec::new(), left_out: Vec::new() };
        for (baseline, candidate) in options.pairs(case) {
            let why = |bus| Some(format!("{}: {}", Bus::as_str(bus), unmeasured(case, bus)?));
            match why(baseline).or_else(|| why(candidate)) {
                Some(why) => pairs.left_out.push((baseline, candidate, why)),
                None => pairs.measured.push(Pair {
                    baseline: Entrant { earlier: options.earlier(), ..baseline.into() },
                    candidate: candidate.into(),
                }),
            }
        }
        pairs
    }
}

impl Conductor<'_> {
    pub(super) async fn performance_case(&mut self, case: &Case, pairs: Vec<Pair<'_>>) {
        self.progress.case_started(&case.id, &self.taking_part(&pairs));
        let plan = performance::Plan {
            executable: self.executable,
            pairs,
            most_blocks: self.options.most_blocks(),
            concludes: self.options.concludes(),
            share_by_clone: self.share_by_clone,
            directory: self.folder(case),
            table: &self.selection.table,
            seed: case.seed,
        };
        let gathered =
            performance::run(case, &plan, self.interrupt.clone(), &mut self.progress).await;
        for (bus, tear_down) in gathered.left_behind {
            self.run.left_behind.push(LeftBehind { case: case.id.clone(), bus, tear_down });
        }
        let broken = gathered.promises.rows(case, &self.options.wanted);
        let mut words: Vec<String> = broken.iter().map(outcome).collect();
        self.run.behaviour.extend(broken);
        for (pair, evidence) in plan.pairs.iter().zip(gathered.evidence) {
            let again = measured_again(self.options, case, (pair.baseline.bus, pair.candidate.bus));
            let of = plan.called(*pair).map_or_else(String::new, |of| format!("{of} "));
            for mut row in PerformanceRow::of(&evidence, &self.selection.table) {
                if row.gated {
                    let (metric, verdict) = (row.metric.as_str(), &row.judgement.verdict);
                    words.push(format!("{of}{metric} {verdict}"));
                }
                row.rerun = Some(again.clone());
                self.run.performance.push(row);
            }
            self.run.evidence.push(evidence);
        }
        let mut failures = gathered.failures;
        let is_over = |failure: &Failure| matches!(failure.error, DriveError::Interrupted);
        if !failures.iter().any(is_over) {
            failures.extend(self.trace(case, &plan).await.err());
        }
        for failure in failures {
            words.push(failure.error.to_string());
            self.note_failure(case, failure.bus, &failure.error);
        }
        if words.is_empty() {
            words.push("for information".to_owned());
        }
        self.progress.case_done(&words.join(", "));
    }

    /// Who is compared with whom, as `process, agent against crossbeam`.
    fn taking_part(&self, pairs: &[Pair<'_>]) -> String {
        let revision = self.options.revision.as_deref();
        let mut names = [Vec::new(), Vec::new()];
        for pair in pairs {
            let sides = report::sides(pair.baseline.bus, revision, pair.candidate.bus);
            for (known, side) in names.iter_mut().zip(sides) {
                if !known.contains(&side) {
                    known.push(side);
                }
            }
        }
        let [baselines, candidates] = names.map(|side| side.join(", "));
        format!("{candidates} against {baselines}")
    }
}

/// Why a performance case is not measured on a bus, if it is not.
pub(super) fn unmeasured(case: &Case, bus: Bus) -> Option<String> {
    why_unavailable(bus).or_else(|| case.left_out(bus).filter(|_| bus.is_peer()).map(str::to_owned))
}
