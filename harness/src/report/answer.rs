//! The question everybody has: switch, do not switch, or not yet known.
//!
//! The rule, first match wins:
//!
//! 1. the candidate broke a promise or left something behind: **do not switch**;
//! 2. a gate failed conclusively, or a cost grows that theory says is flat: **do not switch**;
//! 3. the run is partial, the harness could not do its work, the baseline itself broke a promise,
//!    something was not exercised, two buses differ and neither is shown to be wrong, no gate was
//!    judged, one is undecided or could not be read, or the run had no behaviour or nothing of a
//!    metric that is gated: **not yet known**;
//! 4. otherwise every gate that applies passed: **switch**.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::figure::{counted, ratio};
use super::not_run::number;
use super::{Behaviour, BehaviourRow, CurveRow, LeftBehind, PerformanceRow, Run};
use crate::check::Difference;
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
    if let Some(why) = broken_promise(run, candidate)
        .or_else(|| failed_gate(run, candidate))
        .or_else(|| failed_curve(run, candidate))
    {
        return Answer::DoNotSwitch(why);
    }
    match open(run, candidate) {
        Some(why) => Answer::NotYetKnown(why),
        None => Answer::Switch,
    }
}

/// What fails the run on buses that nobody wants to switch to: those that run a case for what it declares
/// of them. One sentence each.
pub(super) fn bystanders(run: &Run) -> Vec<String> {
    let is_asked_about = |bus: Bus| bus == run.baseline || run.candidates.contains(&bus);
    let mut buses: Vec<Bus> = Vec::new();
    for row in run.behaviour.iter().filter(|row| !is_asked_about(row.bus)) {
        if !buses.contains(&row.bus) {
            buses.push(row.bus);
        }
    }
    let told = buses.into_iter().filter_map(|bus| failed_cases(run, bus));
    told.map(|why| format!("{why}; nobody asks about that bus, and the run fails by it")).collect()
}

fn broken_promise(run: &Run, bus: Bus) -> Option<String> {
    failed_cases(run, bus).or_else(|| something_left(run, bus))
}

/// Cases a bus fails, those apart in which the baseline breaks the same promises.
fn failed_cases(run: &Run, bus: Bus) -> Option<String> {
    let failed = run.behaviour.iter().filter(|row| row.bus == bus && is_failed(row));
    let (shared, own): (Vec<_>, Vec<_>) = failed.partition(|row| is_shared(run, row));
    let name = bus.as_str();
    match (own.first(), shared.first()) {
        (None, None) => None,
        (Some(first), None) => Some(format!("{name} fails {}", cases(own.len(), first))),
        (None, Some(first)) => {
            Some(format!("both buses alike fail {}", cases(shared.len(), first)))
        }
        (Some(first), Some(_)) => Some(format!(
            "{name} alone fails {}; both buses alike fail {} more",
            cases(own.len(), first),
            shared.len()
        )),
    }
}

fn is_failed(row: &BehaviourRow) -> bool {
    row.outcome == Behaviour::Fail
}

/// Whether the baseline, too, fails the case of another bus's row, by the same rules.
fn is_shared(run: &Run, row: &BehaviourRow) -> bool {
    let rules =
        |row: &BehaviourRow| row.violations.iter().map(|w| w.rule.clone()).collect::<BTreeSet<_>>();
    let same = |other: &BehaviourRow| {
        other.bus == run.baseline && other.case == row.case && is_failed(other)
    };
    row.bus != run.baseline
        && run.behaviour.iter().any(|other| same(other) && rules(other) == rules(row))
}

fn something_left(run: &Run, bus: Bus) -> Option<String> {
    let left = |row: &&LeftBehind, bus| row.bus == Some(bus) && !row.tear_down.is_clean();
    let first = run.left_behind.iter().find(|row| left(row, bus))?;
    let shared = |row: &LeftBehind| row.case == first.case && left(&row, run.baseline);
    if bus != run.baseline && run.left_behind.iter().any(shared) {
        return Some(format!("both buses alike leave something behind in {}", first.case));
    }
    Some(format!("{} leaves something behind in {}", bus.as_str(), first.case))
}

fn failed_gate(run: &Run, candidate: Bus) -> Option<String> {
    let failed = |row: &&PerformanceRow| row.judgement.verdict == Verdict::Fail;
    let count = gates(run, candidate).filter(failed).count();
    let first = gates(run, candidate).find(failed)?;
    let (metric, case) = (first.metric.as_str(), &first.case);
    let found = first.judgement.estimate().map_or("?".to_owned(), |e| ratio(e.ratio));
    let limit = ratio(first.judgement.limit.ratio);
    let gates = counted(count, "gate fails", "gates fail");
    Some(format!("{gates}, first {metric} in {case} with a ratio of {found} against {limit}"))
}

/// A cost that grows where theory says flat. Nothing of a baseline: what it costs is how it is.
fn failed_curve(run: &Run, candidate: Bus) -> Option<String> {
    let failed = |row: &&CurveRow| row.verdict(candidate) == Some(&Verdict::Fail);
    let first = run.curves.iter().filter(|_| candidate != run.baseline).find(failed)?;
    let (label, scenario) = (&first.axis.label, &first.scenario);
    Some(format!("what a delivery costs grows with {label} in {scenario}"))
}

fn open(run: &Run, candidate: Bus) -> Option<String> {
    if let Some(partial) = &run.interrupted {
        let missing = number(run).map_or_else(String::new, |missing| format!("; {missing}"));
        return Some(format!("the run is partial: {partial}{missing}"));
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
    unexercised(run, candidate)
        .or_else(|| unexplained(run, candidate))
        .or_else(|| undecided(run, candidate))
}

fn unexercised(run: &Run, candidate: Bus) -> Option<String> {
    let concerned = |row: &&BehaviourRow| row.bus == candidate || row.bus == run.baseline;
    run.behaviour.iter().filter(concerned).find_map(|row| {
        let alike = |other: &&BehaviourRow| other.case == row.case && other.outcome == row.outcome;
        let buses = run.behaviour.iter().filter(concerned).filter(alike).count();
        let on = if buses > 1 { "both buses alike" } else { row.bus.as_str() };
        match &row.outcome {
            Behaviour::NotExercised(what) => {
                Some(format!("{} was not exercised on {on}: {what}", row.case))
            }
            Behaviour::Broken(why) => {
                Some(format!("{} on {on} could not be judged: {why}", row.case))
            }
            Behaviour::Pass
            | Behaviour::Fail
            | Behaviour::Diverges
            | Behaviour::NotApplicable(_) => None,
        }
    })
}

/// A steady difference between the buses that the plan does not decide.
fn unexplained(run: &Run, candidate: Bus) -> Option<String> {
    let mut own = run.behaviour.iter().filter(|row| row.bus == candidate);
    own.find_map(|row| {
        let Difference { sentence, .. } = row.open_difference()?;
        Some(format!(
            "the buses differ in {}, and neither is shown to be wrong: {sentence}",
            row.case
        ))
    })
}

fn undecided(run: &Run, candidate: Bus) -> Option<String> {
    let mut reasons: BTreeMap<&'static str, usize> = BTreeMap::new();
    let (mut passed, mut open) = (0, 0);
    let gated = gates(run, candidate).map(|row| &row.judgement.verdict);
    let drawn = run.curves.iter().filter(|_| candidate != run.baseline);
    // A curve may leave the answer open; that some cost is flat is no reason to switch.
    let drawn = drawn.filter_map(|row| row.verdict(candidate));
    for verdict in gated.chain(drawn.filter(|verdict| **verdict != Verdict::Pass)) {
        match verdict {
            Verdict::Pass => passed += 1,
            Verdict::Inconclusive(reason) => {
                open += 1;
                *reasons.entry(reason.as_str()).or_default() += 1;
            }
            Verdict::Fail | Verdict::NotApplicable(_) => {}
        }
    }
    if open == 0 {
        let still_open = || unread(run, candidate).or_else(|| lacking(run, candidate));
        let decided = (passed > 0).then(still_open);
        return decided.unwrap_or_else(|| Some(unmeasured(run, candidate)));
    }
    if reasons.len() == 1 && reasons.contains_key(Reason::Smoke.as_str()) {
        return Some("the smoke profile does not conclude on performance".to_owned());
    }
    let named: Vec<String> = reasons.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
    let all = passed + open;
    let gates = if all == 1 { "gate is" } else { "gates are" };
    Some(format!("{open} of {all} {gates} undecided ({})", named.join(", ")))
}

/// A gate whose figure no trial has, on a host that judges performance.
fn unread(run: &Run, candidate: Bus) -> Option<String> {
    gates(run, candidate).find_map(|row| match &row.judgement.verdict {
        Verdict::NotApplicable(_) if run.host.judges_performance() => {
            Some(format!("{} of {} could not be read", row.metric.as_str(), row.case))
        }
        _ => None,
    })
}

/// What a switch would rest on and this run has nothing of: a run of a part does not speak for the whole.
/// Of a bus beside itself it is not asked, as there is nothing to switch to.
fn lacking(run: &Run, candidate: Bus) -> Option<String> {
    if candidate == run.baseline || run.baseline_revision.is_some() {
        return None;
    }
    let was_run = |row: &BehaviourRow| !matches!(row.outcome, Behaviour::NotApplicable(_));
    let behaves = run.behaviour.iter().any(|row| row.bus == candidate && was_run(row));
    let behaviour = (!behaves).then(|| "behaviour was not run".to_owned());
    let demanded = run.demanded.iter().filter(|own| own.bus == candidate);
    let missing = demanded.flat_map(|own| &own.metrics);
    let missing = missing.filter(|metric| gates(run, candidate).all(|row| row.metric != **metric));
    let missing: Vec<&str> = missing.map(|metric| metric.as_str()).collect();
    let gated = match missing.as_slice() {
        [] => None,
        [one] => Some(format!("{one} was not judged")),
        several => Some(format!("{} were not judged", several.join(", "))),
    };
    let all: Vec<String> = behaviour.into_iter().chain(gated).collect();
    (!all.is_empty()).then(|| all.join(", and "))
}

fn gates(run: &Run, candidate: Bus) -> impl Iterator<Item = &PerformanceRow> {
    run.performance.iter().filter(move |row| row.gated && row.candidate == candidate)
}

/// What there is to say where no gate was decided, well or not.
fn unmeasured(run: &Run, candidate: Bus) -> String {
    let held = |row: &&BehaviourRow| row.bus == candidate && row.outcome == Behaviour::Pass;
    let held = run.behaviour.iter().filter(held).count();
    let any = run.performance.iter().any(|row| row.candidate == candidate);
    if any && gates(run, candidate).next().is_none() {
        return format!(
            "no gate is set for {}; its figures are for information",
            candidate.as_str()
        );
    }
    if any || held == 0 {
        return "no performance gate was judged".to_owned();
    }
    let held = counted(held, "behaviour case passes", "behaviour cases pass");
    format!("performance was not measured; {held}")
}

fn cases(count: usize, first: &BehaviourRow) -> String {
    let rule = first.violations.first().map_or("its expectations", |w| w.rule.as_str());
    let cases = counted(count, "behaviour case", "behaviour cases");
    format!("{cases}, first {} ({rule})", first.case)
}

#[cfg(test)]
mod tests;
