//! How each success criterion of the documents stands after a run: missed, open or met.
//!
//! METHOD §8. A criterion is met when all that is evidence for it is conclusive and good, and missed as
//! soon as some of it is conclusively against it. Everything else leaves it open, with the reason:
//! nothing that was not shown is told as good.

mod behaviour;
mod figures;

use serde::Serialize;

use super::Run;
use crate::plan::Bus;
use crate::plan::ledger::{Criterion, Proof};

/// How a criterion stands, in the order people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// Something is conclusively against it.
    Missed,
    /// Some of what it takes is not shown.
    Open,
    /// All that it takes is shown.
    Met,
}

impl State {
    /// `missed`, `open` or `met`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::Open => "open",
            Self::Met => "met",
        }
    }
}

/// One criterion, for one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ClaimRow {
    /// Its name.
    pub(super) id: String,
    /// What is asked.
    pub(super) criterion: String,
    /// Document and section.
    pub(super) source: String,
    /// How it stands.
    pub(super) state: State,
    /// The verdicts it rests on with their counts, or why it is open; what decides comes first.
    pub(super) evidence: String,
}

/// What one piece of evidence comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    state: State,
    told: String,
}

impl Finding {
    fn open(told: impl Into<String>) -> Self {
        Self { state: State::Open, told: told.into() }
    }

    /// The first of several reasons, with the number of the others; `None` without any.
    fn first_of(state: State, reasons: &[String]) -> Option<Self> {
        let (first, others) = reasons.split_first()?;
        let more =
            if others.is_empty() { String::new() } else { format!(", and {} more", others.len()) };
        Some(Self { state, told: format!("{first}{more}") })
    }
}

/// Every criterion of a run for one candidate: those missed first, then open ones, then those met,
/// each in the order of the ledger.
pub(super) fn ledger(run: &Run, candidate: Bus) -> Vec<ClaimRow> {
    let mut rows: Vec<ClaimRow> =
        run.criteria.iter().map(|criterion| row(run, candidate, criterion)).collect();
    rows.sort_by_key(|row| row.state);
    rows
}

fn row(run: &Run, candidate: Bus, criterion: &Criterion) -> ClaimRow {
    let mut findings = match not_asked(run, candidate, criterion) {
        Some(why) => vec![Finding::open(why)],
        None => criterion.proofs.iter().map(|proof| finding(run, candidate, proof)).collect(),
    };
    findings.sort_by_key(|finding| finding.state);
    let state = findings.first().map_or(State::Open, |first| first.state);
    let told: Vec<&str> = findings.iter().map(|finding| finding.told.as_str()).collect();
    ClaimRow {
        id: criterion.id.clone(),
        criterion: criterion.asks.clone(),
        source: criterion.source.clone(),
        state,
        evidence: told.join("; "),
    }
}

/// Why a run on this system can say nothing of a criterion for this bus, if it cannot.
fn not_asked(run: &Run, candidate: Bus, criterion: &Criterion) -> Option<String> {
    if !criterion.buses.is_empty() && !criterion.buses.contains(&candidate) {
        let names: Vec<&str> = criterion.buses.iter().map(|bus| bus.as_str()).collect();
        return Some(format!("asked of {} alone", names.join(", ")));
    }
    let system = criterion.system.as_ref().filter(|system| **system != run.host.system)?;
    Some(format!("a run on {system} shows it, this one was on {}", run.host.system))
}

fn finding(run: &Run, candidate: Bus, proof: &Proof) -> Finding {
    match proof {
        Proof::Cases { said, cases, absent } => {
            behaviour::cases(run, candidate, said, (cases, absent))
        }
        Proof::Claim { number, is_reported, cases } => {
            behaviour::claim(run, candidate, (number, *is_reported), cases)
        }
        Proof::Gate { metric, limit, cases } => {
            figures::gate(run, candidate, (*metric, *limit), cases)
        }
        Proof::Budget { metric, limit, cases } => {
            figures::budget(run, candidate, (*metric, *limit), cases)
        }
        Proof::Test { command } => Finding::open(format!("no run shows it, `{command}` does")),
        Proof::Bench { command } => Finding::open(format!("needs a bench: `{command}`")),
        Proof::Untested { why } => Finding::open(format!("nobody tests it yet: {why}")),
    }
}

#[cfg(test)]
mod tests;
