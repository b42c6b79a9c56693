//! How far an analysis is, and what comes next. Told the time and what attempts came to; waits for
//! nothing, asks nobody.
//!
//! - A stage starts once all it needs have ended. One of those that is required and did not succeed
//!   skips it at once; one that is not is done without.
//! - Every attempt ends once: by an answer, by its time, or with the analysis. What is said of an
//!   attempt that has ended changes nothing.
//! - With its time, or when it is cancelled, all of the analysis ends, and nothing more is begun.
//!
//! Times are counted from the start of the analysis.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::findings::Findings;
use super::outcome::{AnalysisOutcome, Interruption, StageFailure, StageOutcome, StageReport};
use super::pauses::RetryPauses;
use super::plan::Plan;

/// One analysis under way.
#[derive(Debug)]
pub(super) struct Progress {
    plan: Arc<Plan>,
    /// Attempts that may run at once.
    at_once: usize,
    pauses: RetryPauses,
    /// In the order of the plan.
    stages: Vec<Standing>,
    interrupted: Option<Interruption>,
}

/// Where one stage is.
#[derive(Debug)]
struct Standing {
    state: State,
    /// How often it was begun; the number of the attempt that runs.
    attempts: u32,
    began: Option<Duration>,
    ended: Option<Duration>,
}

#[derive(Debug)]
enum State {
    /// For those it needs, or for a place.
    Waiting,
    Running {
        until: Duration,
    },
    /// Between two attempts.
    Pausing {
        until: Duration,
    },
    Ended(StageOutcome),
}

/// What shall be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Begin an attempt of a stage, counted from 1, that may take so long.
    Start { stage: usize, attempt: u32, within: Duration },
    /// Nobody waits for this attempt any more.
    Abort { stage: usize, attempt: u32 },
}

impl Progress {
    /// Nothing is begun yet; at least one attempt runs at once.
    pub(super) fn new(plan: Arc<Plan>, at_once: usize, pauses: RetryPauses) -> Self {
        let waiting = || Standing { state: State::Waiting, attempts: 0, began: None, ended: None };
        let stages = (0..plan.len()).map(|_| waiting()).collect();
        Self { plan, at_once: at_once.max(1), pauses, stages, interrupted: None }
    }

    /// What is to be done now; `chance`, from 0 to 1, shortens pauses.
    pub(super) fn advance(&mut self, now: Duration, chance: f64) -> Vec<Step> {
        if now >= self.plan.timeout() {
            return self.interrupt(Interruption::TimedOut, now);
        }
        let mut steps = self.time_out(now, chance);
        self.skip(now);
        self.start(now, &mut steps);
        steps
    }

    /// An attempt has come to an end; one that is over already is not heeded.
    pub(super) fn answered(
        &mut self,
        stage: usize,
        attempt: u32,
        answer: Result<Findings, StageFailure>,
        now: Duration,
        chance: f64,
    ) {
        let standing = &mut self.stages[stage];
        if standing.attempts != attempt || !matches!(standing.state, State::Running { .. }) {
            return;
        }
        match answer {
            Ok(findings) => standing.end(StageOutcome::Succeeded(findings), now),
            Err(failure) => self.fail(stage, failure, now, chance),
        }
    }

    /// Ends everything that has not ended; what runs is to be aborted.
    pub(super) fn cancel(&mut self, now: Duration) -> Vec<Step> {
        self.interrupt(Interruption::Cancelled, now)
    }

    /// Whether all stages have ended.
    pub(super) fn is_over(&self) -> bool {
        self.stages.iter().all(Standing::has_ended)
    }

    /// When something is to be done at the latest, whether or not an answer comes.
    pub(super) fn wakes_at(&self) -> Duration {
        let has_room = self.running() < self.at_once;
        let moments = self.stages.iter().filter_map(|standing| match standing.state {
            State::Running { until } => Some(until),
            // Without room it is looked for again when an attempt ends.
            State::Pausing { until } if has_room => Some(until),
            State::Pausing { .. } | State::Waiting | State::Ended(_) => None,
        });
        moments.fold(self.plan.timeout(), Duration::min)
    }

    /// What those a stage needs have found.
    pub(super) fn inputs(&self, stage: usize) -> BTreeMap<String, Findings> {
        let found = |need: &usize| match &self.stages[*need].state {
            State::Ended(StageOutcome::Succeeded(findings)) => {
                Some((self.plan.stage(*need).id.clone(), findings.clone()))
            }
            _ => None,
        };
        self.plan.needs(stage).iter().filter_map(found).collect()
    }

    /// What came of it, as a whole and stage by stage.
    pub(super) fn finish(self) -> (AnalysisOutcome, Vec<StageReport>) {
        let outcome = self.outcome();
        let stages = self.stages.into_iter().enumerate();
        let reports = stages.map(|(stage, standing)| standing.report(&self.plan.stage(stage).id));
        (outcome, reports.collect())
    }

    /// Ends attempts whose time is over.
    fn time_out(&mut self, now: Duration, chance: f64) -> Vec<Step> {
        let mut steps = Vec::new();
        for stage in 0..self.stages.len() {
            let standing = &self.stages[stage];
            if !matches!(standing.state, State::Running { until } if until <= now) {
                continue;
            }
            steps.push(Step::Abort { stage, attempt: standing.attempts });
            let waited = self.plan.stage(stage).timeout;
            self.fail(stage, StageFailure::TimedOut { waited }, now, chance);
        }
        steps
    }

    /// Ends stages that cannot be begun any more.
    fn skip(&mut self, now: Duration) {
        let plan = Arc::clone(&self.plan);
        for stage in plan.order() {
            if !matches!(self.stages[*stage].state, State::Waiting) {
                continue;
            }
            if let Some(because) = self.lost_need(*stage) {
                self.stages[*stage].end(StageOutcome::Skipped { because }, now);
            }
        }
    }

    /// Begins what can be, as far as there is room.
    fn start(&mut self, now: Duration, steps: &mut Vec<Step>) {
        let mut room = self.at_once.saturating_sub(self.running());
        for stage in 0..self.stages.len() {
            if room == 0 {
                return;
            }
            if self.is_due(stage, now) {
                steps.push(self.begin(stage, now));
                room -= 1;
            }
        }
    }

    fn is_due(&self, stage: usize, now: Duration) -> bool {
        match self.stages[stage].state {
            State::Waiting => {
                self.plan.needs(stage).iter().all(|need| self.stages[*need].has_ended())
            }
            State::Pausing { until } => until <= now,
            State::Running { .. } | State::Ended(_) => false,
        }
    }

    fn begin(&mut self, stage: usize, now: Duration) -> Step {
        let left = self.plan.timeout().saturating_sub(now);
        let within = self.plan.stage(stage).timeout.min(left);
        let standing = &mut self.stages[stage];
        standing.attempts += 1;
        standing.began = standing.began.or(Some(now));
        standing.state = State::Running { until: now + within };
        Step::Start { stage, attempt: standing.attempts, within }
    }

    fn fail(&mut self, stage: usize, failure: StageFailure, now: Duration, chance: f64) {
        let retries = self.plan.stage(stage).retries;
        let standing = &mut self.stages[stage];
        if failure.is_final() || standing.attempts > retries {
            standing.end(StageOutcome::Failed(failure), now);
        } else {
            let pause = self.pauses.after(standing.attempts, chance);
            standing.state = State::Pausing { until: now + pause };
        }
    }

    fn interrupt(&mut self, by: Interruption, now: Duration) -> Vec<Step> {
        let mut steps = Vec::new();
        for (stage, standing) in self.stages.iter_mut().enumerate() {
            if standing.has_ended() {
                continue;
            }
            if matches!(standing.state, State::Running { .. }) {
                steps.push(Step::Abort { stage, attempt: standing.attempts });
            }
            standing.end(StageOutcome::Unfinished(by), now);
            self.interrupted = Some(by);
        }
        steps
    }

    /// The stage that failed and without which this one cannot be, if there is one.
    fn lost_need(&self, stage: usize) -> Option<String> {
        self.plan.needs(stage).iter().find_map(|need| {
            let State::Ended(outcome) = &self.stages[*need].state else { return None };
            let needed = self.plan.stage(*need);
            if !needed.required || matches!(outcome, StageOutcome::Succeeded(_)) {
                return None;
            }
            match outcome {
                StageOutcome::Skipped { because } => Some(because.clone()),
                _ => Some(needed.id.clone()),
            }
        })
    }

    fn running(&self) -> usize {
        let is_running = |standing: &&Standing| matches!(standing.state, State::Running { .. });
        self.stages.iter().filter(is_running).count()
    }

    fn outcome(&self) -> AnalysisOutcome {
        if let Some(by) = self.interrupted {
            return AnalysisOutcome::Unfinished(by);
        }
        // Whatever was skipped was skipped because of one of these.
        let has_failed =
            |standing: &Standing| matches!(standing.state, State::Ended(StageOutcome::Failed(_)));
        let failed = (0..self.plan.len())
            .find(|stage| self.plan.stage(*stage).required && has_failed(&self.stages[*stage]));
        match failed {
            Some(stage) => AnalysisOutcome::Failed { stage: self.plan.stage(stage).id.clone() },
            None => AnalysisOutcome::Succeeded,
        }
    }
}

impl Standing {
    fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended(_))
    }

    fn end(&mut self, outcome: StageOutcome, now: Duration) {
        self.state = State::Ended(outcome);
        self.ended = Some(now);
    }

    fn report(self, id: &str) -> StageReport {
        let took = self.ended.zip(self.began).map(|(ended, began)| ended.saturating_sub(began));
        StageReport {
            stage: id.to_owned(),
            outcome: match self.state {
                State::Ended(outcome) => outcome,
                // Let go of in the midst.
                _ => StageOutcome::Unfinished(Interruption::Cancelled),
            },
            attempts: self.attempts,
            began: self.began,
            took: took.unwrap_or_default(),
        }
    }
}
