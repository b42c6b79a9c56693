//! What is known to be there: exactly what has been told, so that it can be compared with what is
//! seen. No clock, no system.
//!
//! Beyond its limit the table is given up, not cut: what is half known would be told wrong. From
//! then on everything is told as the system says it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::sight::{Difference, Sight};
use super::subtree;

/// The table of paths.
#[derive(Debug)]
pub(super) struct Known {
    paths: BTreeMap<PathBuf, Entry>,
    /// Most paths.
    limit: usize,
    is_complete: bool,
    /// What vanished last while nothing is known: systems tell the end of a folder twice.
    vanished: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    /// The last look; none when it was gone by then.
    sight: Option<Sight>,
    /// Whether its content was told since it appeared.
    is_content_told: bool,
}

/// What a listing shows that is not known, and the other way round.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Comparison {
    /// Known by one name, found by another.
    pub(super) renamed: Vec<(PathBuf, PathBuf)>,
    /// Known, not found.
    pub(super) missing: Vec<PathBuf>,
    /// Found, not known.
    pub(super) found: Vec<(PathBuf, Sight)>,
    /// Known otherwise.
    pub(super) changed: Vec<(PathBuf, Sight, Difference)>,
}

impl Known {
    pub(super) fn new(limit: usize) -> Self {
        Self { paths: BTreeMap::new(), limit, is_complete: true, vanished: None }
    }

    /// Whether everything that has been told is known.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    pub(super) fn contains(&self, path: &Path) -> bool {
        self.paths.contains_key(path)
    }

    /// Whether it is known that nothing is there: whatever is said of it is old.
    pub(super) fn is_unknown(&self, path: &Path) -> bool {
        self.is_complete && !self.contains(path)
    }

    /// Whether exactly this is known to be there; what is gone again cannot be told from it.
    pub(super) fn is_known_as(&self, path: &Path, sight: Option<Sight>) -> bool {
        let Some(entry) = self.paths.get(path) else { return false };
        let id = |sight: Option<Sight>| sight.and_then(|sight| sight.inode.id);
        sight.is_none() || id(sight) == id(entry.sight)
    }

    /// Whether the content was told since the path appeared.
    pub(super) fn is_content_told(&self, path: &Path) -> bool {
        self.paths.get(path).is_some_and(|entry| entry.is_content_told)
    }

    /// Something is there; whether that is news.
    pub(super) fn appear(&mut self, path: &Path, sight: Option<Sight>) -> bool {
        if self.vanished.as_deref() == Some(path) {
            self.vanished = None;
        }
        if self.contains(path) {
            return false;
        }
        self.put(path, sight);
        true
    }

    /// Remembers a path, or another look at it.
    pub(super) fn put(&mut self, path: &Path, sight: Option<Sight>) {
        if !self.is_complete {
            return;
        }
        if let Some(entry) = self.paths.get_mut(path) {
            entry.sight = sight.or(entry.sight);
        } else if self.paths.len() < self.limit {
            self.paths.insert(path.to_owned(), Entry { sight, is_content_told: false });
        } else {
            self.is_complete = false;
            self.paths = BTreeMap::new();
        }
    }

    /// Remembers another look at a path if the path is known.
    pub(super) fn refresh(&mut self, path: &Path, sight: Option<Sight>) {
        if self.contains(path) {
            self.put(path, sight);
        }
    }

    /// The content of a path is told.
    pub(super) fn tell_content(&mut self, path: &Path) {
        if let Some(entry) = self.paths.get_mut(path) {
            entry.is_content_told = true;
        }
    }

    /// Nothing is there any more; what that is news of, folders after what was in them.
    pub(super) fn vanish(&mut self, path: &Path) -> Vec<PathBuf> {
        if self.is_complete {
            let gone = subtree::take(&mut self.paths, path);
            return gone.into_iter().rev().map(|(path, _)| path).collect();
        }
        if self.vanished.as_deref() == Some(path) {
            return Vec::new();
        }
        self.vanished = Some(path.to_owned());
        vec![path.to_owned()]
    }

    /// Nothing is below it, which is no folder; what that is news of, folders after what was in them.
    pub(super) fn clear_below(&mut self, path: &Path) -> Vec<PathBuf> {
        let own = self.paths.remove(path);
        let gone = subtree::take(&mut self.paths, path);
        if let Some(own) = own {
            self.paths.insert(path.to_owned(), own);
        }
        gone.into_iter().rev().map(|(path, _)| path).collect()
    }

    /// It is known by another name, with all that is below it, in place of what was there.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) {
        let moved = subtree::take(&mut self.paths, from);
        subtree::take(&mut self.paths, to);
        for (path, entry) in moved {
            self.paths.insert(subtree::moved(&path, from, to), entry);
        }
    }

    /// How a look differs from the last; one that could not be made differs from none.
    pub(super) fn difference(&self, path: &Path, sight: &Sight) -> Difference {
        let before = self.paths.get(path).and_then(|entry| entry.sight);
        before.map(|before| sight.difference(&before)).unwrap_or_default()
    }

    /// Compares with everything that is directly in a folder.
    pub(super) fn compare(&self, folder: &Path, listing: &[(PathBuf, Sight)]) -> Comparison {
        let listed: BTreeSet<&Path> = listing.iter().map(|(path, _)| path.as_path()).collect();
        let mut missing = subtree::paths(&self.paths, folder);
        missing.retain(|path| path.parent() == Some(folder) && !listed.contains(path.as_path()));
        let mut comparison = Comparison { missing, ..Comparison::default() };
        for (path, sight) in listing {
            let difference = self.difference(path, sight);
            if !self.contains(path) {
                comparison.found.push((path.clone(), *sight));
            } else if difference != Difference::default() {
                comparison.changed.push((path.clone(), *sight, difference));
            }
        }
        self.pair(&mut comparison);
        comparison
    }

    /// Finds what is missing among what is found: by another name it is the same. Folders may have
    /// very many of both, hence the ids are looked up.
    pub(super) fn pair(&self, comparison: &mut Comparison) {
        let Comparison { renamed, missing, found, .. } = comparison;
        let mut places: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (place, (_, sight)) in found.iter().enumerate().rev() {
            if let Some(id) = sight.inode.id {
                places.entry(id).or_default().push(place);
            }
        }
        let mut is_taken = vec![false; found.len()];
        missing.retain(|from| {
            let before = self.paths.get(from).and_then(|entry| entry.sight);
            let place = before.and_then(|before| {
                let same_id = places.get_mut(&before.inode.id?)?;
                same_id.pop_if(|place| found[*place].1.is_same_elsewhere(&before))
            });
            if let Some(place) = place {
                renamed.push((from.clone(), found[place].0.clone()));
                is_taken[place] = true;
            }
            place.is_none()
        });
        let mut is_taken = is_taken.into_iter();
        found.retain(|_| is_taken.next() != Some(true));
    }
}

#[cfg(test)]
mod tests;
