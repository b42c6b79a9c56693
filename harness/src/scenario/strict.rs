//! Files beside scenarios, such as `gates.toml`, read as strictly as one: every mistake at once, each at its
//! place.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use super::{Problems, Reader, Source, Table, parse_document};

/// Why such a file says nothing.
#[derive(Debug, Error)]
pub enum StrictError {
    /// The file cannot be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// Its path.
        path: String,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// The file is wrong.
    #[error(transparent)]
    Invalid(#[from] Problems),
}

/// Reads a file; `read` takes what the table at its top has beside the version.
pub(crate) fn load_strictly<T>(
    path: &Path,
    read: impl FnOnce(&Table<'_>) -> T,
) -> Result<T, StrictError> {
    let shown = path.display().to_string();
    match fs::read(path) {
        Ok(bytes) => Ok(parse_strictly(Source::decode(shown, bytes)?, read)?),
        Err(cause) => Err(StrictError::Read { path: shown, cause }),
    }
}

/// The same of the text of one; it tells all mistakes.
pub(crate) fn parse_strictly<T>(
    source: Source,
    read: impl FnOnce(&Table<'_>) -> T,
) -> Result<T, Problems> {
    let source = Arc::new(source);
    let (root, problems) = parse_document(&source.text);
    if let Some(problems) = Problems::of(&source, problems) {
        return Err(problems);
    }
    let reader = Reader::new(&source, BTreeMap::new());
    let table = reader.root(&root);
    table.required("format", |at| at.integer::<i64>(1..2));
    let said = read(&table);
    table.finish();
    match Problems::of(&source, reader.finish().0) {
        Some(problems) => Err(problems),
        None => Ok(said),
    }
}
