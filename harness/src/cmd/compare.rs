//! `compare`: what has changed from one report to another.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::last_report::{LATEST, LastReportError, last_report};
use super::{EXIT_INVALID, answer, complain};
use crate::report::{Comparison, Exit, Outcome, Run};

/// Say what has changed from one report to another.
#[derive(Debug, Clone, Args)]
pub struct CompareArgs {
    /// The earlier report, its folder or file.
    pub earlier: PathBuf,
    /// The later one.
    #[arg(default_value = LATEST)]
    pub later: PathBuf,
}

/// Prints the comparison. Exit 1 if something is worse for certain: a promise broken that held, or a
/// ratio that is worse whatever either interval allows, on the same class of host. Exit 3 if the later
/// report says too little.
pub fn run(arguments: &CompareArgs) -> ExitCode {
    let (earlier, later) = match both(arguments) {
        Ok(both) => both,
        Err(error) => {
            complain(&format_args!("error: {:#}", anyhow::Error::from(error)));
            return ExitCode::from(EXIT_INVALID);
        }
    };
    let comparison = Comparison::of(&earlier, &later);
    let exit = match comparison.outcome() {
        Outcome::Worse => Exit::Fail,
        Outcome::Open => Exit::Inconclusive,
        Outcome::NotWorse => Exit::Pass,
    };
    // Whoever does not read the comparison still has its verdict.
    ExitCode::from(answer(&comparison.table(), exit).code())
}

fn both(arguments: &CompareArgs) -> Result<(Run, Run), LastReportError> {
    Ok((last_report(Some(&arguments.earlier))?, last_report(Some(&arguments.later))?))
}
