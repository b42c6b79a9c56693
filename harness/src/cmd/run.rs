//! `equivalence run`: behaviour on every bus, performance on pairs, one record, one answer.

mod begin;
mod calibration;
mod conduct;
pub(super) mod estimate;
pub(super) mod folder;
pub(super) mod interrupt;
mod options;

use std::path::Path;
use std::process::ExitCode;

use super::command_line::from_root;
use super::selection::Selection;
use super::{answer, complain};
use crate::cmd::EXIT_INVALID;
use crate::plan::Places;
use crate::report::{self, Comparison, Exit, FailOn, OnInconclusive, Run, Strictness};
use begin::begin;
use conduct::conduct;
pub use options::{Inconclusive, RunArgs, RunOptions};

/// Said in a report from before the first case to after the last: it stays there after a crash.
const UNFINISHED: &str = "the run has not ended; if nothing is running any more, it was killed";
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
    let unfinished = Run { interrupted: Some(UNFINISHED.to_owned()), ..run.clone() };
    report::write(&options.out, &unfinished)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let executable = std::env::current_exe()?;
    runtime.block_on(async {
        let interrupt = interrupt::on_signals()?;
        Ok(conduct(options, selection, &executable, interrupt, run).await)
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
    let (compared, kept) = match (compared(options, run), kept(options, run)) {
        (Ok(compared), Ok(kept)) => (compared, kept),
        (Err(error), _) | (_, Err(error)) => {
            answer(&report::table(run), Exit::Infrastructure);
            return broken(&error);
        }
    };
    let told = format!("{}{}{place}{kept}{annotated}", report::table(run), compared.told);
    let exit = match report::exit(run, strictness(options)) {
        Exit::Pass | Exit::Inconclusive if compared.is_worse => Exit::Fail,
        exit => exit,
    };
    let exit = answer(&told, exit);
    if let Err(error) = written {
        return broken(&error.into());
    }
    if run.interrupted.is_some() {
        complain(&"interrupted: what was measured until then is in the report");
    }
    ExitCode::from(exit.code())
}

/// What an earlier run comes to beside this one.
#[derive(Default)]
struct Compared {
    told: String,
    is_worse: bool,
}

/// The last run that was kept of this class of hosts, beside this one; nothing where it was not asked for.
fn compared(options: &RunOptions, run: &Run) -> anyhow::Result<Compared> {
    let Some(folder) = &options.against else { return Ok(Compared::default()) };
    let class = run.host.class();
    let Some(last) = report::kept(folder, &class)?.pop() else {
        let told = format!("\nno run of {class} is kept in {}\n", folder.display());
        return Ok(Compared { told, is_worse: false });
    };
    let comparison = Comparison::of(&last, run);
    let told = format!(
        "\nagainst the run of {}:\n{}\n",
        report::utc(last.started_unix_s),
        comparison.table()
    );
    Ok(Compared { told, is_worse: comparison.is_worse() })
}

/// Keeps the run, if that was asked for; a partial one is none to compare with.
fn kept(options: &RunOptions, run: &Run) -> anyhow::Result<String> {
    let Some(folder) = &options.save_baseline else { return Ok(String::new()) };
    if run.interrupted.is_some() || !run.infrastructure.is_empty() {
        return Ok("\nnot kept: the run is not whole".to_owned());
    }
    Ok(format!("\nkept: {}", report::keep(folder, run)?.display()))
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
