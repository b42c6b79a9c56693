//! The kill matrix beside a report, where `mutants` has left one in its folder.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::mutants::{FILES, KillMatrix};

/// What is known about the harness's own checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kills {
    /// They were not put to the test here.
    Unknown,
    /// They were, and this came of it.
    Known(Box<KillMatrix>),
    /// There is a record that cannot be read, and why: of another version, most likely.
    Unreadable(String),
}

impl Kills {
    /// What lies in a folder.
    pub(super) fn beside(folder: &Path) -> Self {
        let path = folder.join(FILES[0]);
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Self::Unknown,
            Err(error) => Self::Unreadable(error.to_string()),
            Ok(text) => serde_json::from_str(&text)
                .map_or_else(|error| Self::Unreadable(error.to_string()), Self::Known),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::{Catch, MUTANTS, MutantRow, Shown};

    #[test]
    fn what_mutants_wrote_is_read_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Kills::beside(folder.path()), Kills::Unknown);
        let mut matrix = KillMatrix { revision: "abc".to_owned(), ..KillMatrix::default() };
        let guard = MUTANTS[0].guards[0];
        let mut catch = Catch::default();
        catch.kills.insert(guard, 3);
        catch.witnesses.insert(guard, "it lost one".to_owned());
        matrix.mutants.push(MutantRow::new(&MUTANTS[0], Shown::Judged(catch)));
        let text = serde_json::to_string(&matrix).expect("JSON");
        fs::write(folder.path().join(FILES[0]), text).expect("written");
        assert_eq!(Kills::beside(folder.path()), Kills::Known(Box::new(matrix)));
    }

    #[test]
    fn a_record_of_another_version_is_said_to_be_unreadable() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(FILES[0]), r#"{"mutants": 7}"#).expect("written");
        assert!(matches!(Kills::beside(folder.path()), Kills::Unreadable(_)));
    }
}
