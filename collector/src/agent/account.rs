//! What became of what triggers asked for: written where it happens, read by whoever asks how the
//! agent is.

use std::collections::BTreeMap;

use daemoneye_eventbus::rpc::{HealthPart, HealthStatus};
use tokio::sync::watch;

use crate::analysis::{AnalysisOutcome, AnalysisResult, Interruption, StartError};
use crate::trigger::{TriggerHandle, TriggerServiceStatistics};

/// Workflows that are named in a reason; of more, it is told how many.
const NAMED_FAILURES: usize = 3;

/// What became of requests. No counter ever decreases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// Requests that started an analysis; each ends as one of the next three.
    pub(super) started: u64,
    /// Analyses that succeeded.
    pub(super) succeeded: u64,
    /// Analyses that failed, or whose time was over.
    pub(super) failed: u64,
    /// Analyses that were cancelled with the agent.
    pub(super) cancelled: u64,
    /// Requests that started nothing.
    pub(super) refused: u64,
    /// Requests that came faster than they were looked at, and were given up.
    pub(super) lost: u64,
    /// Why the last request was refused, unless one was not since.
    last_refusal: Option<String>,
    /// By workflow, how its last analysis failed, if it did; bounded by the workflows there are.
    failing: BTreeMap<String, String>,
}

/// The account as those change it who look after requests and analyses: each notes what became of
/// one when it happens. Clones write to the same account.
#[derive(Debug, Clone)]
pub(super) struct AccountWriter {
    state: watch::Sender<State>,
}

/// The account as whoever asks how the agent is sees it.
#[derive(Debug, Clone)]
pub(super) struct AccountReader {
    state: watch::Receiver<State>,
}

#[derive(Debug, Default)]
struct State {
    account: Account,
    /// Knows what the triggers of the configuration count, if there are any.
    triggers: Option<TriggerHandle>,
}

impl Account {
    /// A request started an analysis.
    pub(super) fn began(&mut self) {
        self.started += 1;
        self.last_refusal = None;
    }

    /// A request started nothing; whether the one before did.
    pub(super) fn refused(&mut self, error: &StartError) -> bool {
        self.refused += 1;
        self.last_refusal.replace(error.to_string()).is_none()
    }

    /// An analysis has ended; whether its workflow began to fail with it.
    pub(super) fn ended(&mut self, result: &AnalysisResult) -> bool {
        match &result.outcome {
            AnalysisOutcome::Succeeded => {
                self.succeeded += 1;
                self.failing.remove(&result.workflow);
                false
            }
            AnalysisOutcome::Unfinished(Interruption::Cancelled) => {
                self.cancelled += 1;
                false
            }
            AnalysisOutcome::Failed { .. }
            | AnalysisOutcome::Unfinished(Interruption::TimedOut) => {
                self.failed += 1;
                self.failing.insert(result.workflow.clone(), failure(result)).is_none()
            }
        }
    }

    /// Degraded while the last analysis of any workflow failed or the last request was refused, and
    /// once requests were lost.
    fn part(&self) -> HealthPart {
        let mut reasons = Vec::new();
        let failing = self.failing.iter().take(NAMED_FAILURES);
        reasons.extend(failing.map(|(workflow, how)| format!("{workflow}: {how}")));
        let more = self.failing.len().saturating_sub(NAMED_FAILURES);
        reasons.extend((more > 0).then(|| format!("{more} more workflows fail")));
        reasons.extend(self.last_refusal.as_ref().map(|why| format!("refused: {why}")));
        reasons.extend((self.lost > 0).then(|| format!("{} requests lost", self.lost)));
        part("analyses", &reasons)
    }
}

impl AccountWriter {
    /// Of nothing yet.
    pub(super) fn new() -> Self {
        Self { state: watch::Sender::new(State::default()) }
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Account)) {
        self.state.send_modify(|state| change(&mut state.account));
    }

    /// Tells of these triggers as well.
    pub(super) fn show(&self, triggers: TriggerHandle) {
        self.state.send_modify(|state| state.triggers = Some(triggers));
    }

    pub(super) fn current(&self) -> Account {
        self.state.borrow().account.clone()
    }

    pub(super) fn reader(&self) -> AccountReader {
        AccountReader { state: self.state.subscribe() }
    }
}

impl AccountReader {
    /// What there is to tell of triggers and of analyses, each as a part of the agent's health.
    pub(super) fn parts(&self) -> Vec<HealthPart> {
        let triggers = self.triggers().as_ref().map(of_triggers);
        triggers.into_iter().chain([self.state.borrow().account.part()]).collect()
    }

    /// What the triggers of the configuration have counted so far; `None` where there are none.
    pub(super) fn triggers(&self) -> Option<TriggerServiceStatistics> {
        self.state.borrow().triggers.as_ref().map(TriggerHandle::statistics)
    }
}

/// Degraded once anything was lost: what was not looked at cannot be made up for.
fn of_triggers(statistics: &TriggerServiceStatistics) -> HealthPart {
    let lost = [
        (statistics.events_lost, "observations lost"),
        (statistics.requests_lost, "requests lost"),
    ];
    let lost = lost.iter().filter(|(number, _)| *number > 0);
    let reasons: Vec<_> = lost.map(|(number, what)| format!("{number} {what}")).collect();
    part("triggers", &reasons)
}

/// Degraded where there is a reason.
fn part(name: &str, reasons: &[String]) -> HealthPart {
    let is_well = reasons.is_empty();
    HealthPart {
        name: name.to_owned(),
        status: if is_well { HealthStatus::Healthy } else { HealthStatus::Degraded },
        reason: (!is_well).then(|| reasons.join("; ")),
    }
}

/// How an analysis failed, in the words of its stage where one is to blame.
fn failure(result: &AnalysisResult) -> String {
    let AnalysisOutcome::Failed { stage } = &result.outcome else {
        return result.outcome.to_string();
    };
    let report = result.stage(stage);
    report.map_or_else(
        || result.outcome.to_string(),
        |report| format!("stage {stage} {}", report.outcome),
    )
}

#[cfg(test)]
mod tests;
