//! `review`: what the last report says that somebody has to decide about, one by one.
//!
//! What is accepted becomes a `[[divergence]]` of its scenario, with reason, owner and last day; what is
//! refused goes to `refused.toml` and goes on failing. Neither is asked about again.

mod desk;
mod edit;
mod finding;
mod settled;
mod talk;

use std::io::{IsTerminal, stderr, stdin};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use thiserror::Error;

use super::last_report::{LATEST, LastReportError, last_report};
use super::run::unix_s;
use super::scenarios::{ScenariosError, load_all};
use super::terminal::Terminal;
use super::{EXIT_INVALID, answer, complain, folder_or_default};
use crate::plan::{Day, refusals};
use crate::report::{Exit, counted};
use crate::scenario::StrictError;
use desk::{Desk, names};
use finding::findings;
use settled::{Left, left};

/// Decide about what the last report found: accept it until a day, or refuse it.
#[derive(Debug, Clone, Args)]
pub struct ReviewArgs {
    /// The report, its folder or file.
    #[arg(default_value = LATEST)]
    pub report: PathBuf,
    /// Folder of the scenarios it is of, instead of the project's own.
    #[arg(long, value_name = "FOLDER")]
    pub scenarios: Option<PathBuf>,
    /// Ask about what was refused before or accepted since, too.
    #[arg(long)]
    pub again: bool,
}

/// Why nothing can be decided, or nothing more.
#[derive(Debug, Error)]
enum ReviewError {
    /// There is nothing to decide about.
    #[error("error: {0}")]
    Report(#[from] LastReportError),
    /// Scenario files are wrong, or cannot be read: who knows what is in them?
    #[error(transparent)]
    Scenarios(#[from] ScenariosError),
    /// Nobody knows what was refused before.
    #[error(transparent)]
    Refusals(#[from] StrictError),
    /// The terminal is gone, or a file cannot be written.
    #[error("error: {0:#}")]
    Walk(anyhow::Error),
}

impl ReviewError {
    /// A mistake is the user's; what cannot be read or written is infrastructure.
    fn exit(&self) -> ExitCode {
        match self {
            Self::Report(_) | Self::Refusals(StrictError::Invalid(_)) => {
                ExitCode::from(EXIT_INVALID)
            }
            Self::Scenarios(error) => error.exit(),
            Self::Refusals(StrictError::Read { .. }) | Self::Walk(_) => {
                ExitCode::from(Exit::Infrastructure.code())
            }
        }
    }
}

/// Asks, where somebody can answer; elsewhere it lists. Exits 3 while something is not decided.
pub fn run(args: &ReviewArgs) -> ExitCode {
    match reviewed(args) {
        Ok((told, exit)) => ExitCode::from(answer(&told, exit).code()),
        Err(error) => {
            complain(&error);
            error.exit()
        }
    }
}

/// What to say in the end, and how to end.
fn reviewed(args: &ReviewArgs) -> Result<(String, Exit), ReviewError> {
    let folder = folder_or_default(args.scenarios.as_deref());
    let run = last_report(Some(&args.report))?;
    let mut problems = ScenariosError::default();
    let scenarios = load_all(&folder, &[], &mut problems);
    let scenarios = problems.or(scenarios)?;
    let known = refusals::load(&folder, &names(&scenarios))?;
    let desk = Desk { folder: &folder, scenarios: &scenarios, now_unix_s: unix_s() };
    let today = Day::of_unix_s(desk.now_unix_s);
    let found = findings(&run);
    let left = if args.again {
        Left { open: found, ..Left::default() }
    } else {
        left(found, &known, today, |finding| desk.declared(finding))
    };
    let mut lines = decided(&left);
    let open = left.open;
    if open.is_empty() {
        lines.push(format!("nothing is left to decide in {}", args.report.display()));
        return Ok((lines.join("\n"), Exit::Pass));
    }
    let mut settled = 0;
    if stdin().is_terminal() && stderr().is_terminal() {
        let (mut input, mut output) = (stdin().lock(), stderr());
        let walked = desk.walk(&open, &mut Terminal::new(&mut input, &mut output));
        settled = walked.map_err(ReviewError::Walk)?;
    } else {
        lines.extend(open.iter().map(|finding| format!("{}\n", finding.page())));
    }
    let undecided = open.len() - settled;
    lines.push(counted(undecided, "is undecided", "are undecided"));
    let exit = if undecided == 0 { Exit::Pass } else { Exit::Inconclusive };
    Ok((lines.join("\n"), exit))
}

/// What is not asked about, and why.
fn decided(left: &Left) -> Vec<String> {
    let mut lines = Vec::new();
    for (many, how) in [(left.refused, "refused before"), (left.accepted, "accepted since")] {
        if many > 0 {
            let many = counted(many, "difference was", "differences were");
            lines.push(format!("{many} {how}; `--again` asks once more"));
        }
    }
    lines
}

#[cfg(test)]
mod tests;
