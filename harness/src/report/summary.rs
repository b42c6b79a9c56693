//! `summary.md`: the same as the table, in the Markdown a pull request shows, what is broken first.

use std::fmt::Write as _;

use super::again::{of_behaviour, of_gates};
use super::answer::bystanders;
use super::curves::{
    asked, cells as curve_cells, columns as curve_columns, notes as curve_notes, said_of,
};
use super::divergences::{HEADS, cells as divergence_cells, declared};
use super::figure::counted;
use super::hops::{beside as hops_beside, doubt, sum};
use super::ledger::{ClaimRow, State, ledger};
use super::not_run::sentence as not_run;
use super::sides::sides_of;
use super::stamp::{lasted, utc};
use super::table::{
    buses, cells, cells_beside, columns, columns_beside, counts, headline, left_behind, legend,
    notes, rows_beside, rows_of, steadiness,
};
use super::{Behaviour, BehaviourRow, Run, figure};
use crate::plan::Bus;
use crate::plan::gates::Metric;

/// Longest page, bytes: the CI of GitHub shows 1 MiB of a step, what a workflow adds included.
const MAX_PAGE_BYTES: usize = 1_000_000;
/// What the line takes at most that says how much was left out, bytes.
const MAX_REST_BYTES: usize = 200;

/// The page; its first line answers the question, the command that reproduces it follows.
///
/// A longer one than may be shown ends at a whole line, and says how much is left out.
pub fn summary(run: &Run) -> String {
    cut(whole(run))
}

fn cut(mut page: String) -> String {
    if page.len() <= MAX_PAGE_BYTES {
        return page;
    }
    let room = &page.as_bytes()[..MAX_PAGE_BYTES - MAX_REST_BYTES];
    let end = room.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let rest = page.split_off(end);
    let (lines, bytes) = (counted(rest.lines().count(), "line", "lines"), rest.len());
    let told = format!("Left out here: {lines}, {bytes} bytes. `report.json` has everything.");
    line(&mut page, &format!("\n**{told}**"));
    page
}

fn whole(run: &Run) -> String {
    let mut page = String::new();
    for candidate in &run.candidates {
        line(&mut page, &format!("**{}**", headline(run, *candidate)));
        line(&mut page, "");
    }
    for told in bystanders(run) {
        line(&mut page, &format!("**{told}**\n"));
    }
    line(&mut page, &format!("```console\n{}\n```\n", run.command));
    violations(&mut page, run);
    for candidate in &run.candidates {
        performance(&mut page, run, *candidate);
        beside(&mut page, run, *candidate);
    }
    hops(&mut page, run);
    curves(&mut page, run);
    behaviour(&mut page, run);
    divergences(&mut page, run);
    remarks(&mut page, run);
    for candidate in &run.candidates {
        criteria(&mut page, &ledger(run, *candidate), *candidate);
    }
    origin(&mut page, run);
    page
}

/// One line. What a run says is text: a `<` begins no tag, and an item of a list stays one line.
fn line(page: &mut String, text: &str) {
    let is_item = text.trim_start().starts_with("- ");
    let one = if is_item { text.trim_end().replace('\n', " ") } else { text.to_owned() };
    page.push_str(&one.replace('<', "&lt;"));
    page.push('\n');
}

/// One row of a Markdown table; a bar inside a cell would end it.
fn row(page: &mut String, cells: &[String]) {
    let escaped: Vec<String> =
        cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
    line(page, &format!("| {} |", escaped.join(" | ")));
}

/// What is broken or was left on the host.
fn violations(page: &mut String, run: &Run) {
    let failed = run.behaviour.iter().filter(|row| row.outcome == Behaviour::Fail);
    let left = run.left_behind.iter().filter(|left| !left.tear_down.is_clean());
    let (mut failed, mut left) = (failed.peekable(), left.peekable());
    if failed.peek().is_none() && left.peek().is_none() {
        return;
    }
    line(page, "## Violations\n");
    for found in failed {
        let place = format!("`{}` on {}", found.case, found.bus.as_str());
        line(page, &format!("- {place}: **FAIL**, again with `{}`", found.rerun));
        for witness in &found.violations {
            line(page, &format!("  - {}: {}", witness.rule, witness.told()));
        }
        kept(page, found);
    }
    for found in left {
        line(page, &format!("- {}", left_behind(found)));
    }
    line(page, "");
}

/// Where everything of a case is kept, below the line about it.
fn kept(page: &mut String, row: &BehaviourRow) {
    if let Some(told) = row.kept() {
        line(page, &format!("  - {told}"));
    }
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
    let repeated = of_gates(run, candidate);
    for again in &repeated {
        line(page, &format!("- again with `{again}`"));
    }
    if !repeated.is_empty() {
        line(page, "");
    }
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

/// Where the mean time of an event goes, a line for each case and bus.
fn hops(page: &mut String, run: &Run) {
    if run.traced.is_empty() {
        return;
    }
    line(page, "## Traced trials: where the mean time goes, hop by hop\n");
    line(page, "From the call of `publish` until it is received; they decide nothing.\n");
    for found in &run.traced {
        line(page, &format!("- `{}`, {}", found.case, sum(found)));
        line(page, &format!("  - {}", hops_beside(found)));
        if let Some(why) = doubt(found) {
            line(page, &format!("  - **{why}**"));
        }
    }
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
            // What fails and what is declared have sections of their own.
            Behaviour::Pass | Behaviour::Fail | Behaviour::Diverges => {}
            Behaviour::NotApplicable(why) => {
                line(page, &format!("- {place}: not applicable, {why}"));
            }
            Behaviour::NotExercised(what) => {
                line(page, &format!("- {place}: **not exercised**, {what}"));
            }
            Behaviour::Broken(why) => line(page, &format!("- {place}: **not judged**, {why}")),
        }
        if found.outcome != Behaviour::Fail {
            kept(page, found);
        }
        for one in &found.differences {
            let words = one.colour.in_words();
            let (sentence, mark) = (&one.sentence, steadiness(one.unsteady));
            line(page, &format!("- {place}, beside the baseline: {words}: {sentence}{mark}"));
        }
        for one in &found.unsteady {
            line(page, &format!("- {place}, run twice with the same seed: {}", one.sentence));
        }
        // What fails has its command among the violations.
        let open = of_behaviour(found).filter(|_| found.outcome != Behaviour::Fail);
        if let Some(again) = open {
            line(page, &format!("- {place}, again with `{again}`"));
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

fn remarks(page: &mut String, run: &Run) {
    let broken = run.infrastructure.iter().map(|why| format!("INFRASTRUCTURE: {why}"));
    let partial = run.interrupted.iter().map(|why| format!("PARTIAL: {why}")).chain(not_run(run));
    let calibration = run.calibration.iter().map(|what| format!("calibration: {what}"));
    let all: Vec<String> = partial.chain(broken).chain(calibration).chain(notes(run)).collect();
    if !all.is_empty() {
        line(page, "## Remarks\n");
        for remark in &all {
            line(page, &format!("- {remark}"));
        }
        line(page, "");
    }
}

/// Every success criterion, those missed first. One line where nothing of them was put to the test.
fn criteria(page: &mut String, rows: &[ClaimRow], bus: Bus) {
    if rows.is_empty() {
        return;
    }
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    let [missed, open, met] = [State::Missed, State::Open, State::Met].map(count);
    line(page, &format!("## Success criteria: {}\n", bus.as_str()));
    if open == rows.len() {
        line(page, &format!("All {open} are open: nothing in this run decides any of them.\n"));
        return;
    }
    line(page, &format!("{missed} missed, {open} open, {met} met.\n"));
    row(page, &["state", "criterion", "evidence", "source"].map(str::to_owned));
    line(page, "| --- | --- | --- | --- |");
    for found in rows {
        let state = match found.state {
            State::Missed => "**missed**",
            State::Open | State::Met => found.state.as_str(),
        };
        let [asked, told] = [&found.criterion, &found.evidence].map(|text| plain(text));
        row(page, &[state.to_owned(), asked, told, found.source.clone()]);
    }
    line(page, "");
}

/// Text that is one line and has no emphasis.
fn plain(text: &str) -> String {
    text.replace('\n', " ").replace('*', "\\*")
}

fn origin(page: &mut String, run: &Run) {
    let host = &run.host;
    line(page, "## Where and what\n");
    let memory = host
        .memory_bytes
        .map_or("unknown".to_owned(), |bytes| figure(Metric::Memory, bytes as f64));
    let time = lasted(run.finished_unix_s.saturating_sub(run.started_unix_s));
    // Writing to a string cannot fail.
    let _ = writeln!(
        page,
        "- host: {} ({}), memory {memory}, governor {}\n\
         - revision {}, profile {}, seed {}, {time} from {}",
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
