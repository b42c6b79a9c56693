//! `equivalence run`: behaviour on every bus, performance on pairs, one record, one answer.

mod calibration;
mod conduct;
mod estimate;
pub(super) mod interrupt;
mod options;

use std::io::Write;
use std::process::ExitCode;

use super::selection::Selection;
use crate::report::{self, Exit, FailOn, OnInconclusive, Run, Strictness};
use conduct::conduct;
pub use options::RunOptions;

/// Runs what was asked for, writes the report, prints the table.
pub fn run(options: &RunOptions) -> ExitCode {
    let selection = match options.wanted.select() {
        Ok(selection) => selection,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    if selection.cases.is_empty() {
        let wanted = options.wanted.pattern.as_deref().unwrap_or("*");
        let profile = options.wanted.profile.as_str();
        eprintln!("no case of profile {profile} matches {wanted:?}; `equivalence list` shows all");
        return ExitCode::from(2);
    }
    match record(options, &selection) {
        Ok(run) => conclude(options, &run),
        Err(error) => {
            eprintln!("cannot run: {error}");
            ExitCode::from(Exit::Infrastructure.code())
        }
    }
}

fn record(options: &RunOptions, selection: &Selection) -> std::io::Result<Run> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let executable = std::env::current_exe()?;
    runtime.block_on(async {
        let interrupt = interrupt::on_signals()?;
        Ok(conduct(options, selection, &executable, interrupt).await)
    })
}

fn conclude(options: &RunOptions, run: &Run) -> ExitCode {
    let mut out = std::io::stdout().lock();
    // A closed standard output must not hide the verdict in the exit code.
    let _ = writeln!(out, "{}", report::table(run));
    if let Err(error) = report::write(&options.out, run) {
        eprintln!("the report is not written: {error}");
        return ExitCode::from(Exit::Infrastructure.code());
    }
    let _ = writeln!(out, "report: {}", options.out.display());
    if run.interrupted.is_some() {
        eprintln!("interrupted: what was measured until then is in the report");
        return ExitCode::from(Exit::Infrastructure.code());
    }
    let strictness = Strictness {
        fail_on: if options.enforced_only { FailOn::EnforcedCells } else { FailOn::AllCells },
        inconclusive: if options.warn_inconclusive {
            OnInconclusive::Warn
        } else {
            OnInconclusive::Fail
        },
    };
    ExitCode::from(report::exit(run, strictness).code())
}
