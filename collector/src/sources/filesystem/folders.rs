//! Which folders are watched, and which should be and are not. No system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::subtree;

/// Most folders: as many watches as Linux grants one user where memory allows them.
const MAX_FOLDERS: usize = 1 << 20;

/// Why a folder is not watched.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Refusal {
    /// There are no more watches.
    #[error("no watch is left")]
    NoneLeft,
    /// The system said something else.
    #[error("{reason}")]
    Other {
        /// What it said.
        reason: String,
    },
}

/// The folders, each watched or refused.
#[derive(Debug, Default)]
pub(super) struct Folders {
    folders: BTreeMap<PathBuf, Option<Refusal>>,
    /// How many are refused.
    refused: usize,
    /// How many of them because no watch is left.
    without_watch: usize,
}

impl Folders {
    /// Whether there is no room for one more.
    pub(super) fn is_full(&self) -> bool {
        self.folders.len() >= MAX_FOLDERS
    }

    pub(super) fn contains(&self, folder: &Path) -> bool {
        self.folders.contains_key(folder)
    }

    /// A folder is watched from now on, or refused. Whether it is the first that is refused, and
    /// for the first time: that one watch and its listing are both refused, and the others, goes
    /// without saying.
    pub(super) fn enter(&mut self, folder: &Path, refusal: Option<Refusal>) -> bool {
        let is_refused = refusal.is_some();
        self.without_watch += usize::from(refusal == Some(Refusal::NoneLeft));
        self.refused += usize::from(is_refused);
        let before = self.folders.insert(folder.to_owned(), refusal).flatten();
        self.forget(before.as_ref());
        is_refused && before.is_none() && self.refused == 1
    }

    /// A folder is gone, with all below it; those that were in the table.
    pub(super) fn leave(&mut self, top: &Path) -> Vec<PathBuf> {
        let left = subtree::take(&mut self.folders, top);
        for (_, refusal) in &left {
            self.forget(refusal.as_ref());
        }
        left.into_iter().map(|(folder, _)| folder).collect()
    }

    /// How many are watched.
    pub(super) fn watched(&self) -> usize {
        self.folders.len() - self.refused
    }

    /// How many are refused.
    pub(super) fn refused(&self) -> usize {
        self.refused
    }

    /// Whether one of them is refused because no watch is left.
    pub(super) fn is_out_of_watches(&self) -> bool {
        self.without_watch > 0
    }

    /// The first of those that are refused, and why.
    pub(super) fn first_refused(&self, most: usize) -> Vec<(&Path, &Refusal)> {
        if self.refused == 0 {
            return Vec::new();
        }
        self.folders
            .iter()
            .filter_map(|(folder, refusal)| Some((folder.as_path(), refusal.as_ref()?)))
            .take(most)
            .collect()
    }

    fn forget(&mut self, refusal: Option<&Refusal>) {
        self.refused -= usize::from(refusal.is_some());
        self.without_watch -= usize::from(refusal == Some(&Refusal::NoneLeft));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_refused_is_worth_a_word_and_so_is_the_first_after_all_were_granted() {
        let mut folders = Folders::default();
        let full = || Some(Refusal::NoneLeft);
        assert!(!folders.enter(Path::new("/a"), None));
        assert!(folders.enter(Path::new("/a/b"), full()));
        assert!(!folders.enter(Path::new("/a/b"), full()), "it was told");
        assert!(!folders.enter(Path::new("/a/c"), full()));
        assert_eq!((folders.watched(), folders.refused()), (1, 2));
        assert!(folders.is_out_of_watches());
        let first = folders.first_refused(1);
        assert_eq!(first, [(Path::new("/a/b"), &Refusal::NoneLeft)]);
        folders.enter(Path::new("/a/b"), None);
        folders.enter(Path::new("/a/c"), None);
        assert_eq!(folders.refused(), 0);
        assert!(!folders.is_out_of_watches());
        let denied = Some(Refusal::Other { reason: "denied".to_owned() });
        assert!(folders.enter(Path::new("/a/c"), denied));
        assert!(!folders.is_out_of_watches());
    }

    #[test]
    fn a_folder_that_is_left_is_left_with_all_below_it() {
        let mut folders = Folders::default();
        folders.enter(Path::new("/a"), None);
        folders.enter(Path::new("/a/b"), Some(Refusal::NoneLeft));
        folders.enter(Path::new("/ab"), None);
        assert_eq!(folders.leave(Path::new("/a")), [Path::new("/a"), Path::new("/a/b")]);
        assert_eq!(folders.refused(), 0);
        assert!(folders.contains(Path::new("/ab")) && !folders.contains(Path::new("/a/b")));
    }
}
