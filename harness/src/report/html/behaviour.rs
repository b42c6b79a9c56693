//! Promises: what broke first, what is open next, everything else folded away.

use maud::{Markup, html};

use super::figures::{ladder, table};
use crate::check::{Colour, Difference};
use crate::report::again::of_behaviour;
use crate::report::divergences::{HEADS, cells as divergence_cells, declared};
use crate::report::figure::counted;
use crate::report::picture::lanes;
use crate::report::table::{buses, counts, steadiness};
use crate::report::{Behaviour, BehaviourRow, Ended, Run, Witness};

/// Witnesses of a case that are shown; the rest is in `report.json`.
const MOST_WITNESSES: usize = 10;
/// Failed cases that are told whole: the page stays below 2 MB whatever broke.
const MOST_FAILED: usize = 50;

/// Every broken promise; nothing where none is.
pub(super) fn failures(run: &Run) -> Markup {
    let failed: Vec<&BehaviourRow> =
        run.behaviour.iter().filter(|row| row.outcome == Behaviour::Fail).collect();
    html! {
        @if !failed.is_empty() {
            section {
                h2 { "Broken promises" }
                @for row in failed.iter().take(MOST_FAILED) { (failure(row)) }
                @if failed.len() > MOST_FAILED {
                    p.more { (failed.len() - MOST_FAILED) " more cases fail; they are in report.json." }
                }
            }
        }
    }
}

/// What else is to be said of behaviour: how much there was, what is open, and every row.
pub(super) fn section(run: &Run) -> Markup {
    let others = run.behaviour.iter().filter(|row| row.outcome != Behaviour::Fail);
    let others =
        others.filter(|row| Ended::behaved(row).is_open() || undeclared(row).next().is_some());
    html! {
        @if !run.behaviour.is_empty() {
            section {
                h2 { "Behaviour" }
                (totals(run))
                @for row in others { (remark(row)) }
                details {
                    summary { "All " (counted(run.behaviour.len(), "case", "cases")) ", by bus" }
                    (all(run))
                }
            }
        }
    }
}

/// What differs from the baseline and was not declared; what was has a section of its own.
fn undeclared(row: &BehaviourRow) -> impl Iterator<Item = &Difference> {
    row.differences.iter().filter(|one| one.colour != Colour::Declared)
}

fn totals(run: &Run) -> Markup {
    html! {
        ul {
            @for bus in buses(run) {
                @let own: Vec<&BehaviourRow> = run.behaviour.iter().filter(|row| row.bus == bus).collect();
                @if !own.is_empty() { li { (bus.as_str()) ": " (counts(&own)) } }
            }
        }
    }
}

/// A broken promise: what, what surrounded it, and how to see it again.
fn failure(row: &BehaviourRow) -> Markup {
    html! {
        article.fail {
            h3 { "FAIL " code { (row.case) } " on " (row.bus.as_str()) }
            ul { @for witness in row.violations.iter().take(MOST_WITNESSES) { (told(witness)) } }
            @if row.violations.len() > MOST_WITNESSES {
                p { (row.violations.len() - MOST_WITNESSES) " more are in report.json." }
            }
            @if let Some(timeline) = &row.timeline {
                (ladder(&lanes(timeline)))
                @if timeline.left_out > 0 {
                    p.legend { (timeline.left_out) " events around these had no room." }
                }
            }
            (beside(row))
            (kept(row))
            pre { code { (row.rerun) } }
        }
    }
}

/// A link to the folder of a trial, for a page that lies where its run wrote it.
fn kept(row: &BehaviourRow) -> Markup {
    let folder = row.kept_in.as_ref().filter(|_| row.kept().is_some());
    html! {
        @if let Some(folder) = folder {
            // The names of folders have `%` in them, which in a link begins a byte.
            p { "Kept beside this page: " a href=(format!("{}/", folder.replace('%', "%25"))) { code { (folder) } } }
        }
    }
}

fn told(witness: &Witness) -> Markup {
    html! { li { b { (witness.rule) } ": " (witness.told()) } }
}

/// What could not be judged, and where two buses part.
fn remark(row: &BehaviourRow) -> Markup {
    html! {
        article class=(if Ended::behaved(row).is_open() { "open" } else { "aside" }) {
            h3 { code { (row.case) } " on " (row.bus.as_str()) }
            @match &row.outcome {
                Behaviour::NotExercised(what) => p { "Not exercised: " (what) },
                Behaviour::Broken(why) => p { "Not judged: " (why) },
                _ => {}
            }
            (beside(row))
            (kept(row))
            @if let Some(again) = of_behaviour(row) { pre { code { (again) } } }
        }
    }
}

fn beside(row: &BehaviourRow) -> Markup {
    html! {
        ul {
            @for one in undeclared(row).take(MOST_WITNESSES) {
                li { "beside the baseline, " (one.colour.in_words()) ": " (one.sentence) (steadiness(one.unsteady)) }
            }
        }
    }
}

fn all(run: &Run) -> Markup {
    let columns = ["case", "bus", "outcome", "published", "received", "judged"];
    table(
        &columns,
        run.behaviour.iter().map(|row| {
            let (class, outcome) = outcome(&row.outcome);
            let judged: u64 = row.checked.iter().map(|check| check.items).sum();
            let cells = vec![
                row.case.clone(),
                row.bus.as_str().to_owned(),
                outcome,
                row.published.to_string(),
                row.received.to_string(),
                judged.to_string(),
            ];
            (class, cells)
        }),
    )
}

fn outcome(outcome: &Behaviour) -> (&'static str, String) {
    let word = outcome.word();
    match outcome {
        Behaviour::Pass | Behaviour::Diverges => ("pass", word.to_owned()),
        Behaviour::Fail => ("fail", word.to_owned()),
        Behaviour::NotApplicable(why) => ("aside", format!("{word}: {why}")),
        Behaviour::NotExercised(what) | Behaviour::Broken(what) => {
            ("open", format!("{word}: {what}"))
        }
    }
}

/// Departures from the contract that are known and dated.
pub(super) fn divergences(run: &Run) -> Markup {
    let rows: Vec<_> = declared(run).collect();
    html! {
        @if !rows.is_empty() {
            section {
                h2 { "Declared divergences" }
                p { "Departures from the contract that are known and dated; no failures while they hold." }
                (table(&HEADS, rows.iter().map(|(row, one)| {
                    let class = if one.standing.is_failure() { "fail" } else { "aside" };
                    (class, divergence_cells(row, one).to_vec())
                })))
            }
        }
    }
}
