//! The question everybody has: switch, do not switch, or not yet known.
//!
//! The rule, first match wins:
//!
//! 1. the candidate broke a promise or left something behind: **do not switch**;
//! 2. a gate failed conclusively: **do not switch**;
//! 3. the run is partial, the harness could not do its work, the baseline itself broke a promise,
//!    something was not exercised, no gate was judged, or one is undecided: **not yet known**;
//! 4. otherwise every gate that applies passed: **switch**.

use std::collections::BTreeMap;
use std::fmt;

use super::figure::ratio;
use super::{Behaviour, BehaviourRow, LeftBehind, PerformanceRow, Run};
use crate::gate::{Reason, Verdict};
use crate::plan::Bus;

/// Whether to switch to a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Everything asked was answered, and well.
    Switch,
    /// Something is conclusively wrong.
    DoNotSwitch(String),
    /// Nothing is conclusively wrong, something is open.
    NotYetKnown(String),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch => f.write_str("switch: every gate passes and no promise is broken"),
            Self::DoNotSwitch(why) => write!(f, "do not switch: {why}"),
            Self::NotYetKnown(why) => write!(f, "not yet known, because {why}"),
        }
    }
}

/// Whether to switch to this candidate, as far as the run tells.
pub fn answer(run: &Run, candidate: Bus) -> Answer {
    if let Some(why) = broken_promise(run, candidate).or_else(|| failed_gate(run, candidate)) {
        return Answer::DoNotSwitch(why);
    }
    match open(run, candidate) {
        Some(why) => Answer::NotYetKnown(why),
        None => Answer::Switch,
    }
}

fn broken_promise(run: &Run, bus: Bus) -> Option<String> {
    let failed = |row: &&BehaviourRow| row.bus == bus && row.outcome == Behaviour::Fail;
    let count = run.behaviour.iter().filter(failed).count();
    if let Some(first) = run.behaviour.iter().find(failed) {
        let rule = first.violations.first().map_or("its expectations", |w| w.rule.as_str());
        let name = bus.as_str();
        return Some(format!("{name} fails {}, first {} ({rule})", cases(count), first.case));
    }
    let left = |row: &&LeftBehind| row.bus == Some(bus) && !row.tear_down.is_clean();
    let first = run.left_behind.iter().find(left)?;
    Some(format!("{} leaves something behind in {}", bus.as_str(), first.case))
}

fn failed_gate(run: &Run, candidate: Bus) -> Option<String> {
    let failed = |row: &&PerformanceRow| row.judgement.verdict == Verdict::Fail;
    let count = gates(run, candidate).filter(failed).count();
    let first = gates(run, candidate).find(failed)?;
    let (metric, case) = (first.metric.as_str(), &first.case);
    let found = first.judgement.estimate().map_or("?".to_owned(), |e| ratio(e.ratio));
    let limit = ratio(first.judgement.limit.ratio);
    let gates = if count == 1 { "1 gate fails".to_owned() } else { format!("{count} gates fail") };
    Some(format!("{gates}, first {metric} in {case} with a ratio of {found} against {limit}"))
}

fn open(run: &Run, candidate: Bus) -> Option<String> {
    if let Some(partial) = &run.interrupted {
        return Some(format!("the run is partial: {partial}"));
    }
    if let Some(first) = run.infrastructure.first() {
        return Some(format!("the harness could not do its work: {first}"));
    }
    if let Some(why) = broken_promise(run, run.baseline) {
        return Some(format!("the baseline itself is broken: {why}"));
    }
    let own = |row: &&LeftBehind| row.bus.is_none() && !row.tear_down.is_clean();
    if let Some(left) = run.left_behind.iter().find(own) {
        return Some(format!("the harness itself leaves something behind in {}", left.case));
    }
    unexercised(run, candidate).or_else(|| undecided(run, candidate))
}

fn unexercised(run: &Run, candidate: Bus) -> Option<String> {
    let concerned = |row: &&BehaviourRow| row.bus == candidate || row.bus == run.baseline;
    run.behaviour.iter().filter(concerned).find_map(|row| match &row.outcome {
        Behaviour::NotExercised(what) => Some(format!("{} did not exercise {what}", row.case)),
        Behaviour::Broken(why) => Some(format!("{} could not be judged: {why}", row.case)),
        Behaviour::Pass | Behaviour::Fail | Behaviour::NotApplicable(_) => None,
    })
}

fn undecided(run: &Run, candidate: Bus) -> Option<String> {
    let mut reasons: BTreeMap<&'static str, usize> = BTreeMap::new();
    let (mut passed, mut open) = (0, 0);
    for row in gates(run, candidate) {
        match &row.judgement.verdict {
            Verdict::Pass => passed += 1,
            Verdict::Inconclusive(reason) => {
                open += 1;
                *reasons.entry(reason.as_str()).or_default() += 1;
            }
            Verdict::Fail | Verdict::NotApplicable(_) => {}
        }
    }
    if open == 0 {
        return (passed == 0).then(|| "no performance gate was judged".to_owned());
    }
    if reasons.len() == 1 && reasons.contains_key(Reason::Smoke.as_str()) {
        return Some("the smoke profile does not conclude on performance".to_owned());
    }
    let named: Vec<String> = reasons.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
    let all = passed + open;
    Some(format!("{open} of {all} gates are undecided ({})", named.join(", ")))
}

fn gates(run: &Run, candidate: Bus) -> impl Iterator<Item = &PerformanceRow> {
    run.performance.iter().filter(move |row| row.gated && row.candidate == candidate)
}

fn cases(count: usize) -> String {
    if count == 1 { "1 behaviour case".to_owned() } else { format!("{count} behaviour cases") }
}

#[cfg(test)]
mod tests;
