//! Reads a report back, for comparing runs, showing one again and running parts of it again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{FORMAT, Run};

/// Why a report could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be read.
    #[error("cannot read {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not a report.
    #[error("{} is not a report of this harness", path.display())]
    Json {
        /// Which.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// It is a report of another version.
    #[error("{} has format {found}, this harness reads {FORMAT}", path.display())]
    Format {
        /// Which.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
}

/// What every version of the format has.
#[derive(Deserialize)]
struct Versioned {
    format: u32,
}

/// What tells a report, of whatever format, from other files of its name.
#[derive(Deserialize)]
struct Reported {
    #[serde(rename = "command")]
    _command: String,
    #[serde(rename = "format")]
    _format: u32,
}

/// Whether a folder holds a report of this harness, of this version or another.
pub fn is_in(folder: &Path) -> bool {
    let text = fs::read_to_string(folder.join("report.json"));
    text.is_ok_and(|text| serde_json::from_str::<Reported>(&text).is_ok())
}

/// Reads a report that is named by its folder or by its file.
pub fn read_either(path: &Path) -> Result<Run, ReadError> {
    if path.is_file() { read_file(path) } else { read(path) }
}

/// Reads `report.json` in `folder`.
pub fn read(folder: &Path) -> Result<Run, ReadError> {
    read_file(&folder.join("report.json"))
}

/// Reads a report, whatever its file is called.
pub fn read_file(path: &Path) -> Result<Run, ReadError> {
    let path = path.to_path_buf();
    let text = fs::read_to_string(&path)
        .map_err(|source| ReadError::File { path: path.clone(), source })?;
    let not_a_report = |source| ReadError::Json { path: path.clone(), source };
    let found = serde_json::from_str::<Versioned>(&text).map_err(not_a_report)?.format;
    if found != FORMAT {
        return Err(ReadError::Format { path, found });
    }
    serde_json::from_str(&text).map_err(not_a_report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{sample, write};

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write(folder.path(), &sample::run()).expect("a temporary folder can be written");
        assert_eq!(read(folder.path()).expect("it was just written"), sample::run());
        assert!(is_in(folder.path()));
    }

    #[test]
    fn another_format_is_refused_by_number() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("report.json");
        fs::write(&path, r#"{"format": 99, "unlike": "ours"}"#).expect("it can be written");
        let error = read(folder.path()).expect_err("99 is not ours");
        let said = format!("{} has format 99, this harness reads {FORMAT}", path.display());
        assert_eq!(error.to_string(), said);
    }

    #[test]
    fn what_is_missing_or_no_report_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(matches!(read(folder.path()), Err(ReadError::File { .. })));
        fs::write(folder.path().join("report.json"), "{}").expect("it can be written");
        assert!(matches!(read(folder.path()), Err(ReadError::Json { .. })));
    }
}
