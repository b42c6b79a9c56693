//! Verdicts, each with a picture of its interval, and curves.

use maud::{Markup, PreEscaped, html};

use super::class;
use super::figures::{picture, table, table_of};
use crate::gate::Verdict;
use crate::plan::Bus;
use crate::report::again::of_gates;
use crate::report::curves::{
    asked, cells as curve_cells, columns as curve_columns, notes as curve_notes, said_of,
};
use crate::report::picture::{curve, interval};
use crate::report::sides::sides_of;
use crate::report::table::{
    cells, cells_beside, columns, columns_beside, legend, rows_beside, rows_of,
};
use crate::report::{PerformanceRow, Run};

/// Name of the column of pictures; they say what the two columns after it say.
const DRAWN: &str = "⅛ … 1 … 8";

/// A table for each candidate against the run's baseline.
pub(super) fn section(run: &Run) -> Markup {
    html! {
        @for candidate in &run.candidates {
            @let rows: Vec<&PerformanceRow> = rows_of(run, *candidate).collect();
            @if !rows.is_empty() {
                section {
                    @let [a, b] = sides_of(run, *candidate);
                    h2 { "Performance: " (b) " against " (a) }
                    (verdicts(&columns(run, *candidate), rows.iter().map(|row| (*row, cells(row)))))
                    p.legend {
                        (legend(run, *candidate))
                        ". In the picture the shaded side of the limit passes; the axis is logarithmic."
                    }
                    @for again in of_gates(run, *candidate) { pre { code { (again) } } }
                }
            }
        }
    }
}

/// Brokers of others, for information.
pub(super) fn beside(run: &Run) -> Markup {
    html! {
        @for candidate in &run.candidates {
            @let rows: Vec<&PerformanceRow> = rows_beside(run, *candidate).collect();
            @if !rows.is_empty() {
                section {
                    h2 { "Beside other brokers: " (candidate.as_str()) }
                    (verdicts(&columns_beside(*candidate), rows.iter().map(|row| (*row, cells_beside(row)))))
                }
            }
        }
    }
}

/// The columns of the summary, with a picture after the third last but one: before the ratio's text.
fn verdicts<'a>(
    names: &[String; 8],
    rows: impl Iterator<Item = (&'a PerformanceRow, [String; 8])>,
) -> Markup {
    let at = names.iter().position(|name| name.contains("[interval]")).unwrap_or(names.len());
    let mut columns: Vec<&str> = names.iter().map(String::as_str).collect();
    columns.insert(at, DRAWN);
    let rows = rows.map(|(row, cells)| {
        let mut cells: Vec<Markup> = cells.iter().map(|cell| html! { (cell) }).collect();
        cells.insert(at, drawn(row));
        (shade(row), cells)
    });
    table_of(&columns, rows)
}

/// What is for information has no colour of a verdict.
fn shade(row: &PerformanceRow) -> &'static str {
    let verdict = &row.judgement.verdict;
    let is_told = row.gated || matches!(verdict, Verdict::NotApplicable(_));
    if is_told { class(verdict) } else { "aside" }
}

fn drawn(row: &PerformanceRow) -> Markup {
    let judgement = &row.judgement;
    let limit = Some(judgement.limit).filter(|_| row.gated);
    let svg = judgement.estimate().map(|estimate| interval(estimate, limit, shade(row)));
    html! { (PreEscaped(svg.unwrap_or_default())) }
}

/// Every curve as a picture, what it comes to on each bus, and its figures folded away.
pub(super) fn curves(run: &Run) -> Markup {
    html! {
        @for row in &run.curves {
            section {
                h2 { "Curve: " (row.axis.label) }
                p { (asked(&row.axis)) }
                (picture(&curve(row)))
                ul {
                    @for line in &row.lines {
                        @let verdict = line.verdict.as_ref().filter(|_| is_candidate(run, line.bus));
                        li class=(verdict.map_or("", class)) { (said_of(line)) }
                        @for note in curve_notes(line) { li { (note) } }
                    }
                }
                details {
                    summary { "Figures of " code { (row.scenario) } }
                    @let columns = curve_columns(&row.axis);
                    @let names: Vec<&str> = columns.iter().map(String::as_str).collect();
                    (table(&names, curve_cells(row).into_iter().map(|cells| ("", cells.to_vec()))))
                }
            }
        }
    }
}

fn is_candidate(run: &Run, bus: Bus) -> bool {
    bus != run.baseline && run.candidates.contains(&bus)
}
