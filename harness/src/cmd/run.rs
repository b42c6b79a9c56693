//! `equivalence run`: behaviour on every bus, performance on pairs, one record, one answer.

mod begin;
mod calibration;
mod conduct;
pub(super) mod estimate;
pub(super) mod folder;
pub(super) mod interrupt;
mod options;
mod remaining;

use std::path::Path;
use std::process::ExitCode;

use super::command_line::from_root;
use super::selection::Selection;
use super::{answer, complain};
use crate::cmd::EXIT_INVALID;
use crate::plan::Places;
use crate::report::{
    self, Comparison, Exit, FailOn, OnInconclusive, Outcome, PerformanceRow, Run, Strictness,
};
use begin::begin;
pub(super) use begin::unix_s;
use conduct::conduct;
pub use options::{Inconclusive, RunArgs, RunOptions};
use remaining::unfinished;

/// The variable that the CI of GitHub sets, to `true`.
const GITHUB_ACTIONS: &str = "GITHUB_ACTIONS";

/// Runs what was asked for, writes the report, prints the table.
pub fn run(options: &RunOptions) -> ExitCode {
    if let Some(why) = options.complaint() {
        complain(&why);
        return ExitCode::from(EXIT_INVALID);
    }
    let selection = match options.wanted.select() {
        Ok(selection) => selection,
        Err(error) => {
            complain(&error);
            return error.exit();
        }
    };
    if let Some(why) = options.wanted.complaint(&selection) {
        complain(&why);
        return ExitCode::from(EXIT_INVALID);
    }
    // Held until the report is written.
    let claim = match folder::claim(&options.out, &options.command().to_string()) {
        Ok(claim) => claim,
        Err(error) => {
            complain(&format_args!("error: {error}"));
            return error.exit();
        }
    };
    if let Err(error) = claim.clear_trials() {
        complain(&format_args!("error: {error}"));
        return error.exit();
    }
    match record(options, &selection) {
        Ok(run) => conclude(options, &selection, &run),
        Err(error) => broken(&error),
    }
}

fn record(options: &RunOptions, selection: &Selection) -> anyhow::Result<Run> {
    let run = begin(options, selection);
    // A folder that cannot be written is found out now and not after an hour.
    report::write(&options.out, &unfinished(options, selection, &run))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let executable = std::env::current_exe()?;
    runtime.block_on(async {
        let interrupt = interrupt::on_signals()?;
        Ok(Box::pin(conduct(options, selection, &executable, interrupt, run)).await)
    })
}

/// What kept the harness from its work, with its causes.
fn broken(error: &anyhow::Error) -> ExitCode {
    complain(&format_args!("error: {error:#}"));
    ExitCode::from(Exit::Infrastructure.code())
}

fn conclude(options: &RunOptions, selection: &Selection, run: &Run) -> ExitCode {
    let written = report::write(&options.out, run);
    let place = match &written {
        Ok(()) => format!("\nreport: {}", options.out.display()),
        Err(_) => String::new(),
    };
    let annotated = annotations(options, selection, run);
    let judged = report::exit(run, strictness(options));
    let ended = compared(options, run).and_then(|compared| {
        let exit = with(judged, compared.outcome, options.warn_inconclusive);
        Ok((exit, format!("{}{place}{}", compared.told, kept(options, run, exit)?)))
    });
    let (exit, told) = match ended {
        Ok(ended) => ended,
        Err(error) => {
            answer(&report::table(run), Exit::Infrastructure);
            return broken(&error);
        }
    };
    let exit = answer(&format!("{}{told}{annotated}", report::table(run)), exit);
    if let Err(error) = written {
        return broken(&error.into());
    }
    if run.interrupted.is_some() {
        complain(&"interrupted: what was measured until then is in the report");
    }
    ExitCode::from(exit.code())
}

/// What an earlier run comes to beside this one.
struct Compared {
    told: String,
    outcome: Outcome,
}

/// The last run that was kept of this class of hosts and has something in common with this one, beside it;
/// nothing where it was not asked for.
fn compared(options: &RunOptions, run: &Run) -> anyhow::Result<Compared> {
    let Some(folder) = &options.against else {
        return Ok(Compared { told: String::new(), outcome: Outcome::NotWorse });
    };
    let class = run.host.class();
    let kept = report::kept(folder, &class)?;
    let compared = kept.iter().rev().map(|last| (last, Comparison::of(last, run)));
    let compared = compared.into_iter().find(|(_, comparison)| comparison.has_something());
    let Some((last, comparison)) = compared else {
        let folder = folder.display();
        let told =
            format!("\nnothing to compare with: no such run of {class} is kept in {folder}\n");
        return Ok(Compared { told, outcome: Outcome::Open });
    };
    let day = report::utc(last.started_unix_s);
    let told = format!("\nagainst the run of {day}:\n{}\n", comparison.table());
    Ok(Compared { told, outcome: comparison.outcome() })
}

/// How a run ends that was compared: worse is a failure, and what could not be compared is open.
fn with(judged: Exit, compared: Outcome, warns: bool) -> Exit {
    match (judged, compared) {
        (Exit::Pass | Exit::Inconclusive, Outcome::Worse) => Exit::Fail,
        (Exit::Pass, Outcome::Open) if !warns => Exit::Inconclusive,
        (judged, _) => judged,
    }
}

/// Keeps the run, if that was asked for and it is one to compare with: whole, not worse, with a ratio.
fn kept(options: &RunOptions, run: &Run, exit: Exit) -> anyhow::Result<String> {
    let Some(folder) = &options.save_baseline else { return Ok(String::new()) };
    let has_ratio = |row: &PerformanceRow| {
        row.judgement.estimate().is_some_and(|estimate| estimate.interval.is_some())
    };
    let why = match exit {
        Exit::Infrastructure => Some("it is not whole"),
        Exit::Fail => Some("it failed"),
        Exit::Pass | Exit::Inconclusive if !run.performance.iter().any(has_ratio) => {
            Some("no ratio of it has an interval")
        }
        Exit::Pass | Exit::Inconclusive => None,
    };
    match why {
        Some(why) => Ok(format!("\nnot kept: {why}")),
        None => Ok(format!("\nkept: {}", report::keep(folder, run)?.display())),
    }
}

/// What the CI of GitHub shows beside the scenarios, each on a line of its own; nothing elsewhere.
fn annotations(options: &RunOptions, selection: &Selection, run: &Run) -> String {
    if std::env::var(GITHUB_ACTIONS).as_deref() != Ok("true") {
        return String::new();
    }
    let files = selection.scenarios.iter().map(|scenario| {
        let file = from_root(Path::new(&scenario.source.path));
        (file.display().to_string(), scenario)
    });
    let lines = report::annotations(run, strictness(options), &Places::of(files));
    if lines.is_empty() { String::new() } else { format!("\n{}", lines.join("\n")) }
}

fn strictness(options: &RunOptions) -> Strictness {
    Strictness {
        fail_on: if options.enforced_only { FailOn::EnforcedCells } else { FailOn::AllCells },
        inconclusive: if options.warn_inconclusive {
            OnInconclusive::Warn
        } else {
            OnInconclusive::Fail
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_is_worse_than_the_last_one_fails() {
        assert_eq!(with(Exit::Pass, Outcome::Worse, true), Exit::Fail);
        assert_eq!(with(Exit::Inconclusive, Outcome::Worse, false), Exit::Fail);
        assert_eq!(with(Exit::Infrastructure, Outcome::Worse, false), Exit::Infrastructure);
        assert_eq!(with(Exit::Pass, Outcome::NotWorse, false), Exit::Pass);
    }

    #[test]
    fn a_run_that_could_not_be_compared_is_open() {
        assert_eq!(with(Exit::Pass, Outcome::Open, false), Exit::Inconclusive);
        assert_eq!(with(Exit::Pass, Outcome::Open, true), Exit::Pass);
        assert_eq!(with(Exit::Fail, Outcome::Open, true), Exit::Fail);
    }
}
