//! Where a new scenario goes: a name that is free, and a file that is not there yet, or may go.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::scenario::{OTHER_FILES, is_name, nearest_name};

/// Length of a name, bytes: the folder of a case in a report takes it whole.
const MAX_NAME_BYTES: usize = 100;
/// The file for editors, in the folder of scenarios.
const SCHEMA: &str = "schema.json";

/// Why a scenario cannot be called so, or not be written there.
#[derive(Debug, Error)]
pub(super) enum PlaceError {
    /// It is no name.
    #[error(
        "{name:?} is no name of a scenario: words of a-z, 0-9 and `-`, joined by `/`{}",
        meant(name)
    )]
    Name {
        /// What was said.
        name: String,
    },
    /// It is too long.
    #[error("a name has at most {MAX_NAME_BYTES} bytes, this one has {bytes}")]
    Long {
        /// How long it is.
        bytes: usize,
    },
    /// It is that of another file.
    #[error("{file} is no scenario wherever it lies; choose another last word")]
    Other {
        /// The file's name.
        file: &'static str,
    },
    /// There is one already.
    #[error("{} is there already, and nothing is overwritten; choose another name, or edit it", path.display())]
    Taken {
        /// Where.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {cause}", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
}

impl PlaceError {
    /// Whether it is a mistake of whoever asked, and not the host's.
    pub(super) fn is_usage(&self) -> bool {
        !matches!(self, Self::Write { .. })
    }
}

fn meant(name: &str) -> String {
    nearest_name(name).map_or_else(String::new, |meant| format!("; did you mean {meant:?}?"))
}

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// It stays, and nothing is written.
    Kept,
    /// It is replaced.
    Replaced,
}

/// A name, and the file it stands for.
#[derive(Debug)]
pub(super) struct Place {
    name: String,
    path: PathBuf,
    existing: Existing,
    /// The schema as the file sees it, where the folder has one.
    schema: Option<String>,
}

impl Place {
    /// The place of a name in a folder of scenarios, if it is one and is free.
    pub(super) fn of(folder: &Path, name: &str, existing: Existing) -> Result<Self, PlaceError> {
        if !is_name(name) {
            return Err(PlaceError::Name { name: name.to_owned() });
        }
        if name.len() > MAX_NAME_BYTES {
            return Err(PlaceError::Long { bytes: name.len() });
        }
        let file = format!("{}.toml", name.rsplit('/').next().unwrap_or_default());
        if let Some(other) = OTHER_FILES.into_iter().find(|other| *other == file) {
            return Err(PlaceError::Other { file: other });
        }
        let words: PathBuf = name.split('/').collect();
        let path = free(folder.join(words).with_extension("toml"), existing)?;
        let up = "../".repeat(name.matches('/').count());
        let schema = folder.join(SCHEMA).is_file().then(|| format!("{up}{SCHEMA}"));
        Ok(Self { name: name.to_owned(), path, existing, schema })
    }

    /// The place of a file beside the scenario, of the same name but for its end.
    pub(super) fn beside(&self, extension: &str) -> Result<Self, PlaceError> {
        let path = free(self.path.with_extension(extension), self.existing)?;
        Ok(Self { name: self.name.clone(), path, existing: self.existing, schema: None })
    }

    /// The name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The schema of scenario files, relative to this one.
    pub(super) fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// Writes the file, with its folder if need be.
    pub(super) fn write(self, text: &str) -> Result<PathBuf, PlaceError> {
        let Self { path, existing, .. } = self;
        match write(&path, text, existing) {
            Ok(()) => Ok(path),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                Err(PlaceError::Taken { path })
            }
            Err(cause) => Err(PlaceError::Write { path, cause }),
        }
    }
}

fn free(path: PathBuf, existing: Existing) -> Result<PathBuf, PlaceError> {
    if existing == Existing::Kept && path.exists() {
        return Err(PlaceError::Taken { path });
    }
    Ok(path)
}

/// Somebody else may have written it since it was looked for: then it is theirs, unless it may go.
fn write(path: &Path, text: &str, existing: Existing) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    match existing {
        Existing::Kept => fs::File::create_new(path)?.write_all(text.as_bytes()),
        Existing::Replaced => fs::write(path, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(folder: &Path, name: &str) -> String {
        Place::of(folder, name, Existing::Kept).expect_err("no place").to_string()
    }

    #[test]
    fn a_name_that_is_none_is_refused_with_the_nearest() {
        let folder = tempfile::tempdir().expect("a folder");
        let told = refused(folder.path(), "Topics/My_Table.toml");
        assert!(told.ends_with(r#"; did you mean "topics/my-table"?"#), "{told}");
        assert!(refused(folder.path(), "../up").ends_with(r#"did you mean "up"?"#));
        for other in ["gates", "a/gates", "a/ledger"] {
            assert!(refused(folder.path(), other).contains("is no scenario"), "{other}");
        }
        assert!(refused(folder.path(), &"a".repeat(101)).contains("at most 100 bytes"));
    }

    #[test]
    fn the_schema_is_named_as_the_file_sees_it_where_there_is_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let schema = |name: &str| {
            let place = Place::of(folder.path(), name, Existing::Kept).expect("a place");
            place.schema().map(str::to_owned)
        };
        assert_eq!(schema("a/b"), None);
        fs::write(folder.path().join(SCHEMA), "{}").expect("written");
        assert_eq!(schema("a").as_deref(), Some("schema.json"));
        assert_eq!(schema("a/b/c").as_deref(), Some("../../schema.json"));
    }

    #[test]
    fn what_is_there_stays_whenever_it_came() {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |existing| Place::of(folder.path(), "a/b", existing);
        let (one, other) = (of(Existing::Kept), of(Existing::Kept));
        let path = one.expect("a place").write("mine").expect("written");
        assert!(refused(folder.path(), "a/b").contains("nothing is overwritten"));
        let late = other.expect("it was free").write("theirs");
        assert!(matches!(late, Err(PlaceError::Taken { .. })), "{late:?}");
        assert_eq!(fs::read_to_string(&path).expect("still there"), "mine");
        of(Existing::Replaced).expect("a place").write("theirs").expect("written");
        assert_eq!(fs::read_to_string(path).expect("still there"), "theirs");
    }

    #[test]
    fn a_file_beside_a_scenario_is_looked_for_too() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("a.jsonl"), "mine").expect("written");
        let beside = |existing| {
            let place = Place::of(folder.path(), "a", existing).expect("a place");
            place.beside("jsonl").map(|place| place.path().to_owned())
        };
        assert!(matches!(beside(Existing::Kept), Err(PlaceError::Taken { .. })));
        let path = beside(Existing::Replaced).expect("it may go");
        assert_eq!(path, folder.path().join("a.jsonl"));
    }
}
