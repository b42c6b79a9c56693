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
    // A report may be named by its file, which a run makes in a folder.
    let is_file = folder.extension().is_some_and(|extension| extension == "json");
    let folder = folder.parent().filter(|_| is_file).unwrap_or(folder);
    if folder == Path::new(LATEST) { line } else { line.flag("--out").path(folder) }
}

/// Reads the report that is named by its folder or its file, or that of the last run where none is.
pub fn last_report(folder: Option<&Path>) -> Result<Run, LastReportError> {
    let folder = folder.unwrap_or_else(|| Path::new(LATEST));
    match report::read_either(folder) {
        Err(ReadError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Err(LastReportError::Missing { folder: folder.to_path_buf() })
        }
        read => Ok(read?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_is_told_makes_the_report_that_is_missing() {
        let command = |named: &str| making(Path::new(named)).to_string();
        assert_eq!(command(LATEST), "cargo xtask equivalence");
        assert_eq!(command("reports/latest/report.json"), "cargo xtask equivalence");
        assert!(command("there").starts_with("cargo xtask equivalence --out "));
        assert_eq!(command("there/report.json"), command("there"));
    }
}
