//! `report.html`: the report for a browser, one self-contained file.
//!
//! Nothing is loaded and no script runs: what folds is `<details>`. What it says is in the [`Run`], in the
//! words of table and summary; only pictures are added.

mod behaviour;
mod cases;
mod figures;
mod hops;
mod kills;
mod performance;
mod trend;
mod waterfall;

pub use self::trend::{TREND_TITLE, trend_page};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::answer::bystanders;
use super::figure::counted;
use super::kills::Kills;
use super::ledger::{State, ledger};
use super::not_run::sentence as not_run;
use super::stamp::{lasted, utc};
use super::table::{headline, left_behind, notes};
use super::{Answer, Run, answer, figure};
use crate::gate::Verdict;
use crate::plan::Bus;
use crate::plan::gates::Metric;

const STYLE: &str = include_str!("html/style.css");

/// The page.
pub(super) fn page(run: &Run, kills: &Kills) -> String {
    let title = run.candidates.first().map_or_else(String::new, |first| headline(run, *first));
    let header = html! { (answers(run)) (origin(run)) (troubles(run)) };
    let main = html! {
        (behaviour::failures(run))
        (performance::section(run))
        (performance::beside(run))
        (cases::section(run))
        (performance::curves(run))
        (behaviour::section(run))
        (behaviour::divergences(run))
        @for candidate in &run.candidates { (claims(run, *candidate)) }
        (kills::section(run, kills))
        (remarks(run))
    };
    whole(&title, &header, &main)
}

/// A page with its style, which is all it needs.
fn whole(title: &str, header: &Markup, main: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { (header) }
                main { (main) }
            }
        }
    };
    page.into_string()
}

/// The class of a verdict; colours never stand alone, the word is always beside them.
fn class(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive(_) => "open",
        Verdict::NotApplicable(_) => "aside",
    }
}

/// Whether to switch, for each candidate: the first thing on the page.
fn answers(run: &Run) -> Markup {
    html! {
        @for (place, candidate) in run.candidates.iter().enumerate() {
            @let class = match answer(run, *candidate) {
                Answer::Switch => "pass",
                Answer::DoNotSwitch(_) => "fail",
                Answer::NotYetKnown(_) => "open",
            };
            @if place == 0 {
                h1 class=(class) { (headline(run, *candidate)) }
            } @else {
                p class={ "answer " (class) } { (headline(run, *candidate)) }
            }
        }
        @for told in bystanders(run) { p class="answer fail" { (told) } }
        pre { code { (run.command) } }
    }
}

fn origin(run: &Run) -> Markup {
    let host = &run.host;
    let memory = host
        .memory_bytes
        .map_or("memory unknown".to_owned(), |bytes| figure(Metric::Memory, bytes as f64));
    let time = lasted(run.finished_unix_s.saturating_sub(run.started_unix_s));
    html! {
        p.origin {
            (utc(run.started_unix_s)) ", " (time) " · revision " (run.revision)
            " · profile " (run.profile) " · seed " (run.seed) br;
            (host.class()) ", " (memory) ", governor " (host.governor)
        }
    }
}

/// Why the run is not whole, and what it left behind.
fn troubles(run: &Run) -> Markup {
    let partial = run.interrupted.iter().map(|why| format!("Partial: {why}")).chain(not_run(run));
    let broken = run.infrastructure.iter().map(|why| format!("Infrastructure: {why}"));
    let left = run.left_behind.iter().filter(|left| !left.tear_down.is_clean()).map(left_behind);
    let troubles: Vec<String> = partial.chain(broken).chain(left).collect();
    html! {
        @if !troubles.is_empty() {
            ul.troubles { @for trouble in &troubles { li { (trouble) } } }
        }
    }
}

/// Every success criterion of the documents, and how it stands; nothing where a run had none.
fn claims(run: &Run, candidate: Bus) -> Markup {
    let rows = ledger(run, candidate);
    let count = |state: State| rows.iter().filter(|row| row.state == state).count();
    html! {
        @if !rows.is_empty() {
            section {
                h2 { "Success criteria: " (candidate.as_str()) }
                p {
                    (count(State::Missed)) " missed, " (count(State::Open)) " open, " (count(State::Met)) " met. "
                    "Open is what this run does not show, whatever the reason."
                }
                details open[count(State::Missed) > 0] {
                    summary { (counted(rows.len(), "criterion", "criteria")) }
                    (figures::table(&["id", "criterion", "state", "evidence", "source"], rows.iter().map(|row| {
                        let class = match row.state {
                            State::Met => "pass",
                            State::Missed => "fail",
                            State::Open => "open",
                        };
                        let state = row.state.as_str().to_owned();
                        let (id, criterion) = (row.id.clone(), row.criterion.clone());
                        (class, vec![id, criterion, state, row.evidence.clone(), row.source.clone()])
                    })))
                }
            }
        }
    }
}

fn remarks(run: &Run) -> Markup {
    let calibration = run.calibration.iter().map(|what| format!("calibration: {what}"));
    let all: Vec<String> = calibration.chain(notes(run)).collect();
    html! {
        @if !all.is_empty() {
            section {
                h2 { "Remarks" }
                details {
                    summary { (counted(all.len(), "remark", "remarks")) }
                    ul { @for remark in &all { li { (remark) } } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
