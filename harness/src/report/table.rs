//! The verdict table, for the terminal: plain text, aligned, without colour.

use super::again::{of_behaviour, of_gates};
use super::alignment::aligned;
use super::answer::bystanders;
use super::curves::lines as curves;
use super::divergences::lines as divergences;
use super::figure::{counted, ratio};
use super::not_run::sentence as not_run;
use super::sides::sides_of;
use super::{Answer, Behaviour, BehaviourRow, PerformanceRow, Run, answer, figure};
use crate::gate::{Basis, Direction, Estimate, Judgement, Limit, Verdict};
use crate::plan::Bus;

/// Said where a row has no figure.
const NOTHING: &str = "-";
/// Columns of figures in the table of performance: both sides, and the blocks.
const FLUSH_RIGHT: [usize; 3] = [2, 3, 7];
/// Witnesses shown per behaviour case; the rest is in `report.json`.
const WITNESSES_SHOWN: usize = 3;

/// The whole table; its first lines answer the question, candidate by candidate.
pub fn table(run: &Run) -> String {
    let mut lines = Vec::new();
    for candidate in &run.candidates {
        lines.push(headline(run, *candidate));
    }
    lines.extend(bystanders(run));
    for candidate in &run.candidates {
        lines.extend(performance(run, *candidate));
        lines.extend(beside(run, *candidate));
    }
    lines.extend(curves(&run.curves));
    lines.extend(behaviour(run));
    lines.extend(divergences(run));
    lines.extend(not_run(run));
    lines.extend(notes(run).into_iter().map(|note| format!("note: {note}")));
    lines.push(String::new());
    lines.join("\n")
}

/// `process against crossbeam: not yet known, because …`; a bus against itself has nothing to
/// switch to.
pub(super) fn headline(run: &Run, candidate: Bus) -> String {
    if let Some(told) = beside_alone(run, candidate) {
        return told;
    }
    let answer = answer(run, candidate);
    let [a, b] = sides_of(run, candidate);
    if candidate != run.baseline || run.baseline_revision.is_some() {
        let answer = match (&run.baseline_revision, answer) {
            (None, answer) => answer.to_string(),
            // There is nothing to switch to: it is a change that is taken or not.
            (Some(_), Answer::Switch) => "no gate between revisions fails".to_owned(),
            (Some(_), Answer::DoNotSwitch(why)) => format!("worse: {why}"),
            (Some(_), open) => open.to_string(),
        };
        return format!("{b} against {a}: {answer}");
    }
    let measured = run.performance.iter().any(|row| row.candidate == candidate);
    let pair =
        if measured { format!("{b} against {a}") } else { format!("{} alone", candidate.as_str()) };
    let ones = ones(run, candidate).map_or_else(String::new, |told| format!("; {told}"));
    match answer {
        Answer::Switch => format!("{pair}: every gate passes and no promise is broken{ones}"),
        Answer::DoNotSwitch(why) | Answer::NotYetKnown(why) => format!("{pair}: {why}{ones}"),
    }
}

/// Of a candidate that was measured beside other brokers and nothing else: there is nothing to switch from.
fn beside_alone(run: &Run, candidate: Bus) -> Option<String> {
    let is_judged = rows_of(run, candidate).next().is_some() || !run.behaviour.is_empty();
    let mut others: Vec<&str> = Vec::new();
    for row in rows_beside(run, candidate) {
        if !others.contains(&row.baseline.as_str()) {
            others.push(row.baseline.as_str());
        }
    }
    let is_whole = run.interrupted.is_none() && run.infrastructure.is_empty();
    (!is_judged && is_whole && !others.is_empty()).then(|| {
        format!(
            "{} beside {}: for information, no gate is set",
            candidate.as_str(),
            others.join(", ")
        )
    })
}

/// Of a bus against itself: how many intervals have 1.00 in them, of gates alone where there are any.
fn ones(run: &Run, candidate: Bus) -> Option<String> {
    let own = || run.performance.iter().filter(|row| row.candidate == candidate);
    let gated = own().any(|row| row.gated);
    let held: Vec<bool> =
        own().filter(|row| row.gated == gated).filter_map(|row| row.holds_one).collect();
    let (inside, all) = (held.iter().filter(|held| **held).count(), held.len());
    (all > 0).then(|| format!("1.00 is in {inside} of {}", counted(all, "interval", "intervals")))
}

/// The rows of a candidate against the run's baseline.
pub(super) fn rows_of(run: &Run, candidate: Bus) -> impl Iterator<Item = &PerformanceRow> {
    let own = run.performance.iter().filter(move |row| row.candidate == candidate);
    own.filter(|row| row.baseline == run.baseline)
}

/// Its rows beside other buses than the run's baseline: those a case names itself.
pub(super) fn rows_beside(run: &Run, candidate: Bus) -> impl Iterator<Item = &PerformanceRow> {
    let own = run.performance.iter().filter(move |row| row.candidate == candidate);
    own.filter(|row| row.baseline != run.baseline)
}

/// Names of the columns of [`cells_beside`].
pub(super) fn columns_beside(candidate: Bus) -> [String; 8] {
    let own = candidate.as_str();
    let ratio = format!("{own} / other [interval]");
    ["case", "metric", "the other", own, "other", &ratio, "verdict", "blocks"].map(str::to_owned)
}

/// One performance row beside another bus, as text.
pub(super) fn cells_beside(row: &PerformanceRow) -> [String; 8] {
    let [case, metric, other, own, ratio, _, verdict, blocks] = cells(row);
    [case, metric, other, own, row.baseline.as_str().to_owned(), ratio, verdict, blocks]
}

/// Names of the columns of [`cells`].
pub(super) fn columns(run: &Run, candidate: Bus) -> [String; 8] {
    let [a, b] = sides_of(run, candidate);
    ["case", "metric", &a, &b, "ratio [interval]", "limit", "verdict", "blocks"].map(str::to_owned)
}

/// How to read the ratios of a table.
pub(super) fn legend(run: &Run, candidate: Bus) -> String {
    let [a, b] = sides_of(run, candidate);
    let corrected = rows_of(run, candidate)
        .map(|row| &row.judgement)
        .any(|judgement| judgement.estimate().is_some() && judgement.basis == Basis::Corrected);
    let star = "; * the worse of two, with and without the void floor";
    format!("ratio: {b} / {a}{}", if corrected { star } else { "" })
}

/// One performance row as text.
pub(super) fn cells(row: &PerformanceRow) -> [String; 8] {
    let judgement = &row.judgement;
    let side =
        |value: Option<f64>| value.map_or(NOTHING.to_owned(), |value| figure(row.metric, value));
    let blocks = judgement.estimate().map_or(0, |estimate| estimate.blocks);
    [
        row.case.clone(),
        metric(row),
        side(judgement.baseline),
        side(judgement.candidate),
        judgement.estimate().map_or(NOTHING.to_owned(), |e| interval(e, judgement.basis)),
        if row.gated { limit(judgement.limit) } else { NOTHING.to_owned() },
        verdict(row),
        blocks.to_string(),
    ]
}

/// The verdict; of a bus against itself also whether no difference is among what it allows.
fn verdict(row: &PerformanceRow) -> String {
    let is_told = row.gated || matches!(row.judgement.verdict, Verdict::NotApplicable(_));
    let verdict =
        if is_told { row.judgement.verdict.to_string() } else { "for information".to_owned() };
    match row.holds_one {
        Some(true) => format!("{verdict}, 1.00 inside"),
        Some(false) => format!("{verdict}, 1.00 outside"),
        None => verdict,
    }
}

/// The metric as it was judged: a lowered quantile by its own name.
fn metric(row: &PerformanceRow) -> String {
    match row.judgement.quantile {
        Some(quantile) => format!("latency-{}", quantile.as_str()),
        None => row.metric.as_str().to_owned(),
    }
}

/// The ratio with its bounds; a star where the void floor is taken off.
pub(super) fn interval(estimate: &Estimate, basis: Basis) -> String {
    let mark = if basis == Basis::Corrected { "*" } else { "" };
    let centre = ratio(estimate.ratio);
    match estimate.interval {
        Some(bounds) => format!("{centre}{mark} [{}, {}]", ratio(bounds.low), ratio(bounds.high)),
        None => format!("{centre}{mark}"),
    }
}

/// `≤ 2.00`.
pub(super) fn limit(limit: Limit) -> String {
    let sign = match limit.direction {
        Direction::AtLeast => "≥",
        Direction::AtMost => "≤",
    };
    format!("{sign} {}", ratio(limit.ratio))
}

fn performance(run: &Run, candidate: Bus) -> Vec<String> {
    let rows: Vec<[String; 8]> = rows_of(run, candidate).map(cells).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new()];
    lines.extend(aligned(&columns(run, candidate), &rows, &FLUSH_RIGHT));
    lines.push(legend(run, candidate));
    lines.extend(of_gates(run, candidate).into_iter().map(|again| format!("again: {again}")));
    lines
}

fn beside(run: &Run, candidate: Bus) -> Vec<String> {
    let rows: Vec<[String; 8]> = rows_beside(run, candidate).map(cells_beside).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new()];
    lines.extend(aligned(&columns_beside(candidate), &rows, &FLUSH_RIGHT));
    lines
}

fn behaviour(run: &Run) -> Vec<String> {
    let mut lines = Vec::new();
    for bus in buses(run) {
        let own: Vec<&BehaviourRow> = run.behaviour.iter().filter(|row| row.bus == bus).collect();
        if !own.is_empty() {
            lines.push(format!("behaviour on {}: {}", bus.as_str(), counts(&own)));
        }
    }
    if !lines.is_empty() {
        lines.insert(0, String::new());
    }
    for row in &run.behaviour {
        lines.extend(details(row));
        lines.extend(differences(row, run.baseline));
        lines.extend(row.unsteady.iter().take(WITNESSES_SHOWN).map(|found| {
            format!("UNSTEADY {} on {}: {}", row.case, row.bus.as_str(), found.sentence)
        }));
        lines.extend(of_behaviour(row).map(|again| format!("  again: {again}")));
    }
    lines.extend(run.left_behind.iter().filter(|left| !left.tear_down.is_clean()).map(left_behind));
    lines
}

/// Every bus of a run once: baseline, candidates, then those that ran for what they declare alone.
pub(super) fn buses(run: &Run) -> Vec<Bus> {
    let named = std::iter::once(run.baseline).chain(run.candidates.iter().copied());
    let mut buses = Vec::new();
    for bus in named.chain(run.behaviour.iter().map(|row| row.bus)) {
        if !buses.contains(&bus) {
            buses.push(bus);
        }
    }
    buses
}

/// `12 pass, 1 fail, 2 not applicable`.
pub(super) fn counts(rows: &[&BehaviourRow]) -> String {
    type Is = fn(&Behaviour) -> bool;
    let kinds: [(&str, Is); 6] = [
        ("pass", |outcome| *outcome == Behaviour::Pass),
        ("fail", |outcome| *outcome == Behaviour::Fail),
        ("as declared", |outcome| *outcome == Behaviour::Diverges),
        ("not applicable", |outcome| matches!(outcome, Behaviour::NotApplicable(_))),
        ("not exercised", |outcome| matches!(outcome, Behaviour::NotExercised(_))),
        ("not judged", |outcome| matches!(outcome, Behaviour::Broken(_))),
    ];
    let count = |is: Is| rows.iter().filter(|row| is(&row.outcome)).count();
    let found = kinds.into_iter().map(|(name, is)| (count(is), name));
    let named: Vec<String> =
        found.filter(|(n, _)| *n > 0).map(|(n, name)| format!("{n} {name}")).collect();
    named.join(", ")
}

/// What a reader must know of one behaviour row that did not simply pass.
fn details(row: &BehaviourRow) -> Vec<String> {
    let place = format!("{} on {}", row.case, row.bus.as_str());
    let mut lines = match &row.outcome {
        Behaviour::Pass | Behaviour::Diverges | Behaviour::NotApplicable(_) => Vec::new(),
        Behaviour::NotExercised(what) => vec![format!("NOT EXERCISED {place}: {what}")],
        Behaviour::Broken(why) => vec![format!("NOT JUDGED {place}: {why}")],
        Behaviour::Fail => {
            let mut lines = vec![format!("FAIL {place}")];
            for witness in row.violations.iter().take(WITNESSES_SHOWN) {
                lines.push(format!("  {}: {}", witness.rule, witness.told()));
            }
            let hidden = row.violations.len().saturating_sub(WITNESSES_SHOWN);
            if hidden > 0 {
                lines.push(format!("  and {hidden} more in report.json"));
            }
            lines
        }
    };
    lines.extend(row.kept().map(|told| format!("  {told}")));
    lines
}

/// What a bus did otherwise than the baseline, or wrong like it.
fn differences(row: &BehaviourRow, baseline: Bus) -> Vec<String> {
    let place = format!("{} on {} and {}", row.case, baseline.as_str(), row.bus.as_str());
    let shown = row.differences.iter().take(WITNESSES_SHOWN);
    let mut lines: Vec<String> = shown
        .map(|found| {
            let mark = steadiness(found.unsteady);
            format!("COMPARED {place}: {}: {}{mark}", found.colour.in_words(), found.sentence)
        })
        .collect();
    let hidden = row.differences.len().saturating_sub(WITNESSES_SHOWN);
    if hidden > 0 {
        lines.push(format!("  and {hidden} more in report.json"));
    }
    lines
}

/// Said of a difference in something that the baseline does not do alike twice.
pub(super) fn steadiness(is_unsteady: bool) -> &'static str {
    if is_unsteady { "; the baseline itself differs in it from run to run" } else { "" }
}

/// Tear-down findings in one line.
pub(super) fn left_behind(left: &super::LeftBehind) -> String {
    let found = &left.tear_down;
    let named = [
        ("killed", &found.killed),
        ("sockets", &found.sockets),
        ("descriptors", &found.descriptors),
        ("failed", &found.failed),
        ("folders", &found.folders),
    ];
    let told: Vec<String> = named
        .into_iter()
        .filter(|(_, items)| !items.is_empty())
        .map(|(name, items)| format!("{name} {}", items.join(", ")))
        .collect();
    let bus = left.bus.map_or("the void floor", Bus::as_str);
    format!("LEFT BEHIND {} on {bus}: {}", left.case, told.join("; "))
}

/// Notes of the performance rows, and by how much a ratio must clear its limit where noise hid it.
///
/// What is said of several rows is said once, with their number.
pub(super) fn notes(run: &Run) -> Vec<String> {
    let mut noted: Vec<(String, String, usize)> = Vec::new();
    for row in &run.performance {
        let place = format!("{} {} on {}", row.case, row.metric.as_str(), row.candidate.as_str());
        for note in row.judgement.notes.iter().cloned().chain(detectable(&row.judgement)) {
            match noted.iter_mut().find(|(known, ..)| *known == note) {
                Some((_, _, rows)) => *rows += 1,
                None => noted.push((note, place.clone(), 1)),
            }
        }
    }
    let told = noted.into_iter().map(|(note, place, rows)| match rows {
        1 => format!("{place}: {note}"),
        _ => format!("{rows} rows: {note}"),
    });
    told.collect()
}

fn detectable(judgement: &Judgement) -> Option<String> {
    let open = matches!(judgement.verdict, Verdict::Inconclusive(_));
    let interval = judgement.estimate().filter(|_| open)?.interval?;
    let factor = interval.detectable;
    Some(format!("at this noise a ratio is told from its limit when a factor {factor:.2} apart"))
}

#[cfg(test)]
mod tests;
