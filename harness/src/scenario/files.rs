//! Finding and reading scenario files.

use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::recording::{Recording, is_beside};
use super::{Problems, Scenario, Source};

/// Files among scenarios that are none; no scenario can have their names.
pub const OTHER_FILES: [&str; 3] = ["gates.toml", "ledger.toml", "refused.toml"];
/// Largest scenario file, bytes; the longest of ours has a tenth of it.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Why files could not be found or read.
#[derive(Debug, Error)]
pub enum FilesError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// Its path.
        path: String,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// A file is no scenario by its size alone.
    #[error("{path} has {bytes} bytes, the limit is {MAX_FILE_BYTES}")]
    TooLarge {
        /// Its path.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// A file is no text, or its syntax is broken.
    #[error(transparent)]
    Syntax(#[from] Problems),
}

/// The folder used when none is named: `scenarios` here, or beside the sources this was built from.
pub fn default_folder() -> PathBuf {
    let here = PathBuf::from("scenarios");
    if here.is_dir() {
        return here;
    }
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

/// Every scenario file below a folder, sorted by path.
pub fn find_files(folder: &Path) -> Result<Vec<PathBuf>, FilesError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|cause| unreadable(&folder, cause))? {
            let entry = entry.map_err(|cause| unreadable(&folder, cause))?;
            let path = entry.path();
            // A link to a folder is not followed: it could lead back here.
            if entry.file_type().map_err(|cause| unreadable(&path, cause))?.is_dir() {
                folders.push(path);
            } else if is_scenario(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Reads one scenario file, and the recordings beside it that it replays.
pub fn load(path: &Path) -> Result<Scenario, FilesError> {
    let bytes = fs::metadata(path).map_err(|cause| unreadable(path, cause))?.len();
    let shown = path.display().to_string();
    if bytes > MAX_FILE_BYTES {
        return Err(FilesError::TooLarge { path: shown, bytes });
    }
    let bytes = fs::read(path).map_err(|cause| unreadable(path, cause))?;
    let scenario = Scenario::parse(Source::decode(shown, bytes)?)?;
    let names = scenario.names_of_recordings().into_iter().filter(|name| is_beside(name));
    let recordings = names.map(|name| {
        let recording = Recording::load(&path.with_file_name(&name));
        (name, recording)
    });
    let recordings = recordings.collect();
    Ok(scenario.with_recordings(recordings))
}

fn is_scenario(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    path.extension().is_some_and(|extension| extension == "toml") && !OTHER_FILES.contains(&name)
}

fn unreadable(path: &Path, cause: std::io::Error) -> FilesError {
    FilesError::Read { path: path.display().to_string(), cause }
}
