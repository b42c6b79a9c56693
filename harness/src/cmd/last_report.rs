//! The report of the last run, for verbs that tell what it said.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::command_line::CommandLine;
use crate::report::{self, ReadError, Run};

/// Folder a run reports to, and a report is looked for in, where none is named.
pub const LATEST: &str = "reports/latest";

/// Why there is no report to tell of.
#[derive(Debug, Error)]
pub enum LastReportError {
    /// There is none.
    #[error("there is no report in {}; `{}` makes one", folder.display(), making(folder))]
    Missing {
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// There is something else, or it cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The command that reports to a folder.
fn making(folder: &Path) -> CommandLine {
    let line = CommandLine::equivalence(&[]);
    if folder == Path::new(LATEST) { line } else { line.flag("--out").path(folder) }
}

/// Reads the report in a folder, or that of the last run where none is named.
pub fn last_report(folder: Option<&Path>) -> Result<Run, LastReportError> {
    let folder = folder.unwrap_or_else(|| Path::new(LATEST));
    match report::read_either(folder) {
        Err(ReadError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Err(LastReportError::Missing { folder: folder.to_path_buf() })
        }
        read => Ok(read?),
    }
}
