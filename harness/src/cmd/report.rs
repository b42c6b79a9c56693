//! `report`: an earlier report once more, from its record.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::last_report::{LATEST, last_report};
use super::run::folder::claim;
use super::{EXIT_INVALID, complain};
use crate::report;

/// Print the table of a report once more.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// The report, its folder or file.
    #[arg(default_value = LATEST)]
    pub report: PathBuf,
    /// Write its pages and pictures again, into this folder: another version may show more of a record.
    #[arg(long, value_name = "FOLDER")]
    pub write: Option<PathBuf>,
}

/// Prints it; a report that cannot be read is a usage error.
pub fn run(arguments: &ReportArgs) -> anyhow::Result<ExitCode> {
    let run = match last_report(Some(&arguments.report)) {
        Ok(run) => run,
        Err(error) => {
            complain(&format_args!("error: {:#}", anyhow::Error::from(error)));
            return Ok(ExitCode::from(EXIT_INVALID));
        }
    };
    if let Some(folder) = &arguments.write {
        // Held until everything is written; a folder with somebody else's files is refused.
        let _claim = match claim(folder, &run.command) {
            Ok(claim) => claim,
            Err(error) => {
                complain(&format_args!("error: {error}"));
                return Ok(error.exit());
            }
        };
        report::write(folder, &run)?;
    }
    writeln!(stdout().lock(), "{}", report::table(&run))?;
    Ok(ExitCode::SUCCESS)
}
