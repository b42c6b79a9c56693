//! Puts a report into its folder.
//!
//! Each file is written beside its place and then renamed into it, so that a reader, or a run that
//! is killed, never meets half a report.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::html::page;
use super::junit::junit;
use super::kills::Kills;
use super::picture::curve;
use super::{Run, schema, summary};

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file or folder could not be made.
    #[error("cannot write {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The record could not be turned into JSON.
    #[error("cannot turn the report into JSON")]
    Json(#[from] serde_json::Error),
    /// The record could not be turned into the form of test reports.
    #[error("cannot turn the report into XML")]
    Xml(#[from] quick_junit::SerializeError),
}

/// Writes `report.json`, `report.schema.json`, `report.html`, `summary.md`, `junit.xml` and a picture of each
/// curve into `folder`, making it if need be.
pub fn write(folder: &Path, run: &Run) -> Result<(), WriteError> {
    fs::create_dir_all(folder)
        .map_err(|source| WriteError::File { path: folder.to_owned(), source })?;
    put(folder, "report.json", &serde_json::to_string_pretty(run)?)?;
    put(folder, "report.schema.json", &serde_json::to_string_pretty(&schema())?)?;
    put(folder, "report.html", &page(run, &Kills::beside(folder)))?;
    put(folder, "summary.md", &summary(run))?;
    put(folder, "junit.xml", &junit(run)?)?;
    for row in &run.curves {
        put(folder, &picture_name(&row.scenario), &curve(row))?;
    }
    Ok(())
}

/// `curve-perf-curves-topics.svg`: names of scenarios have letters, digits, `-` and `/`.
fn picture_name(scenario: &str) -> String {
    format!("curve-{}.svg", scenario.replace('/', "-"))
}

/// Writes one file of a folder.
pub(super) fn put(folder: &Path, name: &str, text: &str) -> Result<(), WriteError> {
    let path = folder.join(name);
    let beside = folder.join(format!("{name}.partial"));
    let ended = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    fs::write(&beside, ended)
        .and_then(|()| fs::rename(&beside, &path))
        .map_err(|source| WriteError::File { path, source })
}

#[cfg(test)]
mod tests;
