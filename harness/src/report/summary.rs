//! `summary.md`: the same as the table, in the Markdown a pull request shows.

use std::fmt::Write as _;

use super::curves::{
    asked, cells as curve_cells, columns as curve_columns, notes as curve_notes, said_of,
};
use super::divergences::{HEADS, cells as divergence_cells, declared};
use super::sides::sides_of;
use super::stamp::utc;
use super::table::{
    buses, cells, cells_beside, columns, columns_beside, counts, headline, left_behind, legend,
    notes, rows_beside, rows_of, steadiness,
};
use super::{Behaviour, BehaviourRow, Budget, BudgetState, Run, budgets, figure};
use crate::plan::Bus;
use crate::plan::gates::Metric;

/// The page; its first line answers the question, the command that reproduces it follows.
pub fn summary(run: &Run) -> String {
    let mut page = String::new();
    for candidate in &run.candidates {
        line(&mut page, &format!("**{}**", headline(run, *candidate)));
        line(&mut page, "");
    }
    line(&mut page, &format!("```console\n{}\n```\n", run.command));
    for candidate in &run.candidates {
        performance(&mut page, run, *candidate);
        beside(&mut page, run, *candidate);
    }
    curves(&mut page, run);
    behaviour(&mut page, run);
    divergences(&mut page, run);
    remarks(&mut page, run);
    for candidate in &run.candidates {
        ledger(&mut page, &budgets(run, *candidate), *candidate);
    }
    origin(&mut page, run);
    page
}

fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}

/// One row of a Markdown table; a bar inside a cell would end it.
fn row(page: &mut String, cells: &[String]) {
    let escaped: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    line(page, &format!("| {} |", escaped.join(" | ")));
}

fn performance(page: &mut String, run: &Run, candidate: Bus) {
    let mut rows = rows_of(run, candidate).peekable();
    if rows.peek().is_none() {
        return;
    }
    let [a, b] = sides_of(run, candidate);
    line(page, &format!("## Performance: {b} against {a}\n"));
    row(page, &columns(run, candidate));
    line(page, "| --- | --- | --: | --: | --- | --- | --- | --: |");
    rows.for_each(|found| row(page, &cells(found).map(|cell| cell.replace('*', "\\*"))));
    line(page, &format!("\n{}\n", legend(run, candidate).replace('*', "\\*")));
}

fn beside(page: &mut String, run: &Run, candidate: Bus) {
    let mut rows = rows_beside(run, candidate).peekable();
    if rows.peek().is_none() {
        return;
    }
    line(page, &format!("## Beside other brokers: {}\n", candidate.as_str()));
    row(page, &columns_beside(candidate));
    line(page, "| --- | --- | --: | --: | --- | --- | --- | --: |");
    rows.for_each(|found| row(page, &cells_beside(found).map(|cell| cell.replace('*', "\\*"))));
    line(page, "");
}

fn curves(page: &mut String, run: &Run) {
    for found in &run.curves {
        line(page, &format!("## Curve: `{}`, {}\n", found.scenario, found.axis.label));
        line(page, &format!("{}\n", asked(&found.axis)));
        row(page, &curve_columns(&found.axis));
        line(page, "| --- | --- | --: | --: | --: | --: |");
        for cells in curve_cells(found) {
            row(page, &cells);
        }
        line(page, "");
        let told = found.lines.iter().map(said_of).chain(found.lines.iter().flat_map(curve_notes));
        for told in told {
            line(page, &format!("- {}", told.replace('*', "\\*")));
        }
        line(page, "");
    }
}

fn behaviour(page: &mut String, run: &Run) {
    if run.behaviour.is_empty() {
        return;
    }
    line(page, "## Behaviour\n");
    for bus in buses(run) {
        let own: Vec<&BehaviourRow> = run.behaviour.iter().filter(|row| row.bus == bus).collect();
        if !own.is_empty() {
            line(page, &format!("- {}: {}", bus.as_str(), counts(&own)));
        }
    }
    for found in &run.behaviour {
        let place = format!("`{}` on {}", found.case, found.bus.as_str());
        match &found.outcome {
            // Declared divergences have a section of their own.
            Behaviour::Pass | Behaviour::Diverges => {}
            Behaviour::Fail => violations(page, found, &place),
            Behaviour::NotApplicable(why) => {
                line(page, &format!("- {place}: not applicable, {why}"));
            }
            Behaviour::NotExercised(what) => {
                line(page, &format!("- {place}: **not exercised**, {what}"));
            }
            Behaviour::Broken(why) => line(page, &format!("- {place}: **not judged**, {why}")),
        }
        for one in &found.differences {
            let words = one.colour.in_words();
            let (sentence, mark) = (&one.sentence, steadiness(one.unsteady));
            line(page, &format!("- {place}, beside the baseline: {words}: {sentence}{mark}"));
        }
        for one in &found.unsteady {
            line(page, &format!("- {place}, run twice with the same seed: {}", one.sentence));
        }
    }
    line(page, "");
}

fn divergences(page: &mut String, run: &Run) {
    let mut rows = declared(run).peekable();
    if rows.peek().is_none() {
        return;
    }
    line(page, "## Declared divergences\n");
    line(
        page,
        "Departures from the contract that are known and dated; no failures while they hold.\n",
    );
    row(page, &HEADS.map(str::to_owned));
    line(page, "| --- | --- | --- | --- | --: | --- | --- | --- | --- |");
    for (found, one) in rows {
        row(page, &divergence_cells(found, one));
    }
    line(page, "");
}

fn violations(page: &mut String, found: &BehaviourRow, place: &str) {
    line(page, &format!("- {place}: **FAIL**, again with `{}`", found.rerun));
    for witness in &found.violations {
        line(page, &format!("  - {}: {}", witness.rule, witness.told()));
    }
}

fn remarks(page: &mut String, run: &Run) {
    let left = run.left_behind.iter().filter(|left| !left.tear_down.is_clean()).map(left_behind);
    let broken = run.infrastructure.iter().map(|why| format!("INFRASTRUCTURE: {why}"));
    let partial = run.interrupted.iter().map(|why| format!("PARTIAL: {why}"));
    let calibration = run.calibration.iter().map(|what| format!("calibration: {what}"));
    let all: Vec<String> =
        partial.chain(broken).chain(left).chain(calibration).chain(notes(run)).collect();
    if !all.is_empty() {
        line(page, "## Remarks\n");
        for remark in &all {
            line(page, &format!("- {remark}"));
        }
        line(page, "");
    }
}

/// Nothing where nothing was measured.
fn ledger(page: &mut String, budgets: &[Budget], bus: Bus) {
    if budgets.iter().all(|budget| matches!(budget.state, BudgetState::Open(_))) {
        return;
    }
    line(page, &format!("## The documents' absolute budgets: {}\n", bus.as_str()));
    line(page, "On this host only; they inform and decide nothing.\n");
    line(page, "| what | limit | state |\n| --- | --: | --- |");
    for budget in budgets {
        let time = |ns: f64| figure(Metric::LatencyP99, ns);
        let headroom = |ns: f64| budget.limit_ns / ns;
        let state = match budget.state {
            BudgetState::Met(ns) => format!("met: {} ({:.1}x headroom)", time(ns), headroom(ns)),
            BudgetState::Missed(ns) => format!("**missed**: {}", time(ns)),
            BudgetState::Open(why) => format!("open: {why}"),
        };
        row(page, &[budget.what.to_owned(), format!("< {}", time(budget.limit_ns)), state]);
    }
    line(page, "");
}

fn origin(page: &mut String, run: &Run) {
    let host = &run.host;
    line(page, "## Where and what\n");
    let memory = host
        .memory_bytes
        .map_or("unknown".to_owned(), |bytes| figure(Metric::Memory, bytes as f64));
    let seconds = run.finished_unix_s.saturating_sub(run.started_unix_s);
    // Writing to a string cannot fail.
    let _ = writeln!(
        page,
        "- host: {} ({}), memory {memory}, governor {}\n\
         - revision {}, profile {}, seed {}, {seconds} s from {}",
        host.class(),
        host.architecture,
        host.governor,
        run.revision,
        run.profile,
        run.seed,
        utc(run.started_unix_s),
    );
}

#[cfg(test)]
mod tests;
