//! Why the checks are to be believed: which broken bus was caught by which of them.

use maud::{Markup, html};

use super::figures::table_of;
use crate::mutants::{Guard, KillMatrix, MutantRow, Shown};
use crate::report::Run;
use crate::report::kills::Kills;

/// The section; nothing where nobody has put the checks to the test.
pub(super) fn section(run: &Run, kills: &Kills) -> Markup {
    html! {
        @match kills {
            Kills::Unknown => {}
            Kills::Unreadable(why) => {
                section {
                    h2 { "Checks put to the test" }
                    p { "There is a kill matrix beside this report that cannot be read: " (why) "." }
                }
            }
            Kills::Known(matrix) => (known(run, matrix))
        }
    }
}

fn known(run: &Run, matrix: &KillMatrix) -> Markup {
    let caught = matrix.mutants.iter().filter(|row| row.is_caught()).count();
    let complaints = matrix.complaints();
    let unmasked = matrix.checkers.vacuous.iter().filter(|row| !row.unmasked_by.is_empty()).count();
    let vacuous = matrix.checkers.vacuous.len();
    html! {
        section {
            h2 { "Checks put to the test" }
            p {
                (caught) " of " (matrix.mutants.len()) " deliberately broken buses are caught, and " (unmasked) " of "
                (vacuous) " vacuous checkers unmasked"
                @if matrix.revision != run.revision { ", at revision " (matrix.revision) " and not at this report's" }
                "."
            }
            @if !matrix.complete { p.open { "Not all of them were run." } }
            @for complaint in &complaints { p.fail { (complaint) } }
            details {
                summary { "Who caught which" }
                (table_of(&["broken bus", "breaks", "caught by", "in"], matrix.mutants.iter().map(mutant)))
            }
            details {
                summary { "What each check caught" }
                (table_of(
                    &["check", "judges", "caught"],
                    matrix.kills_by_guard().into_iter().map(|(guard, names)| ("", by(guard, &names))),
                ))
            }
        }
    }
}

fn mutant(row: &MutantRow) -> (&'static str, Vec<Markup>) {
    let class = if row.is_caught() { "" } else { "fail" };
    let catchers = match &row.trial.shown {
        Shown::Judged(catch) if catch.kills.is_empty() => html! { strong { "nobody" } },
        Shown::Judged(catch) => listed(catch.kills.keys().copied(), row),
        Shown::NotRun(_) | Shown::Interrupted => html! { "not run" },
    };
    let bus = html! { code { (row.trial.name) } " " (row.summary) };
    let cells = vec![bus, html! { (row.rule) }, catchers, html! { code { (row.trial.case) } }];
    (class, cells)
}

/// Checks of the promise that is broken stand out.
fn listed(guards: impl Iterator<Item = Guard>, row: &MutantRow) -> Markup {
    html! {
        @for (place, guard) in guards.enumerate() {
            @if place > 0 { ", " }
            @if row.guards.contains(&guard) { strong { (guard.name()) } } @else { (guard.name()) }
        }
    }
}

fn by(guard: Guard, names: &[&str]) -> Vec<Markup> {
    vec![
        html! { code { (guard.name()) } },
        html! { (guard.rule()) },
        html! { (names.len()) @if !names.is_empty() { ": " (names.join(", ")) } },
    ]
}
