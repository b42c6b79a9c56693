//! The slow buses as a Markdown page: what each gate said, and what it rests on.

use std::fmt::Write as _;

use super::{GateSaid, SlowMatrix, SlowRow, Stopped};

/// Files of the slow buses in the folder of a report: the record, and the page to read.
pub const SLOW_FILES: [&str; 2] = ["mutants-slow.json", "mutants-slow.md"];
/// The same while not all are measured: it never replaces one of all.
pub const SLOW_PARTIAL_FILES: [&str; 2] = ["mutants-slow-partial.json", "mutants-slow-partial.md"];

/// The page.
pub fn slow_page(matrix: &SlowMatrix) -> String {
    let mut text = String::from("# Slow buses\n\n");
    let (right, all) = (matrix.right(), matrix.rows.len());
    line(&mut text, &format!("{right} of {all} measurements are right.\n"));
    if !matrix.complete {
        let stopped = matrix.stopped.as_ref().map(Stopped::to_string);
        let cause = stopped.unwrap_or_else(|| "not all were asked for".to_owned());
        line(&mut text, &format!("PARTIAL: {cause}; `{}` has all, if any.\n", SLOW_FILES[1]));
    }
    for sentence in matrix.complaints() {
        line(&mut text, &format!("- **{sentence}**"));
    }
    let [verdict, rest @ ..] = GateSaid::COLUMNS;
    let rest = rest.join(" | ");
    line(&mut text, &format!("\n| Bus | run | gate | must say | {verdict} | {rest} |"));
    line(&mut text, "| --- | --: | --- | --- | --- | --- | --: | --: | --: |");
    for row in &matrix.rows {
        row.gates.iter().for_each(|gate| line(&mut text, &said(row, gate)));
    }
    line(&mut text, "\nRatios are of the slow bus to the sound one behind the same wrapper.\n");
    let mut told: Vec<&str> = Vec::new();
    for SlowRow { name, summary, case, .. } in &matrix.rows {
        if !told.contains(&name.as_str()) {
            told.push(name);
            line(&mut text, &format!("- `{name}` {summary}; measured on `{case}`."));
        }
    }
    text
}

fn said(row: &SlowRow, gate: &GateSaid) -> String {
    let (name, run, metric) = (&row.name, row.run, gate.metric.as_str());
    let (metric, expected) = if gate.metric == row.metric {
        (format!("**{metric}**"), row.expected.to_string())
    } else {
        (metric.to_owned(), "not FAIL".to_owned())
    };
    format!("| {name} | {run} | {metric} | {expected} | {} |", gate.cells().join(" | "))
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a string takes any text");
}
