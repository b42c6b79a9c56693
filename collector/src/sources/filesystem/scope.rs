//! What is told of, and which folders have to be watched for it. No system.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use globset::GlobSet;

/// A path that is watched because somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Root {
    /// Absolute.
    pub(super) path: PathBuf,
    /// Whether it is a folder. A file is watched through its folder, so that one that replaces it
    /// is seen.
    pub(super) is_folder: bool,
}

/// What somebody wants to be told of.
#[derive(Debug)]
pub(super) struct Scope {
    roots: Vec<Root>,
    recursive: bool,
    exclude: GlobSet,
    starts: BTreeSet<PathBuf>,
}

impl Scope {
    pub(super) fn new(roots: Vec<Root>, recursive: bool, exclude: GlobSet) -> Self {
        let mut scope = Self { roots, recursive, exclude, starts: BTreeSet::new() };
        scope.starts = scope.find_starts();
        scope
    }

    /// What was taken for a folder while nothing was there is a file: the folder it is watched
    /// through from now on. `None` when it is no root of its own.
    pub(super) fn turn_to_file(&mut self, path: &Path) -> Option<PathBuf> {
        let root = self.roots.iter_mut().find(|root| root.is_folder && root.path == path)?;
        root.is_folder = false;
        let folder = root.folder().map(Path::to_owned);
        self.starts = self.find_starts();
        folder
    }

    /// What is watched, as it was named.
    pub(super) fn roots(&self) -> impl Iterator<Item = &Path> {
        self.roots.iter().map(|root| root.path.as_path())
    }

    /// The folders to begin with.
    pub(super) fn starts(&self) -> impl Iterator<Item = &PathBuf> {
        self.starts.iter()
    }

    /// Whether a folder is one to begin with.
    pub(super) fn is_start(&self, folder: &Path) -> bool {
        self.starts.contains(folder)
    }

    /// Whether anything that happens to a path is told.
    pub(super) fn reports(&self, path: &Path) -> bool {
        self.roots
            .iter()
            .any(|root| root.covers(path, self.recursive) && !self.excludes(path, &root.path))
    }

    /// Whether a folder is watched, and what is in it looked at.
    pub(super) fn enters(&self, folder: &Path) -> bool {
        self.starts.contains(folder)
            || self.roots.iter().any(|root| {
                root.is_folder
                    && (folder == root.path || (self.recursive && folder.starts_with(&root.path)))
                    && !self.excludes(folder, &root.path)
            })
    }

    /// Whether a pattern fits the path or a folder between it and the root, which never is
    /// excluded itself: it was named.
    fn excludes(&self, path: &Path, root: &Path) -> bool {
        !self.exclude.is_empty()
            && path
                .ancestors()
                .take_while(|folder| *folder != root)
                .any(|folder| self.exclude.is_match(folder))
    }

    /// The folders of all roots, but for those that are reached from another.
    fn find_starts(&self) -> BTreeSet<PathBuf> {
        let folders = self.roots.iter().filter_map(Root::folder);
        let starts = folders.filter(|folder| !self.recursive || !self.is_inside(folder));
        starts.map(Path::to_owned).collect()
    }

    /// Whether it is reached from another root anyway.
    fn is_inside(&self, folder: &Path) -> bool {
        self.roots.iter().any(|root| {
            root.is_folder
                && folder != root.path
                && folder.starts_with(&root.path)
                && !self.excludes(folder, &root.path)
        })
    }
}

impl Root {
    /// The folder that is watched for it; a file at no place has none.
    fn folder(&self) -> Option<&Path> {
        if self.is_folder { Some(self.path.as_path()) } else { self.path.parent() }
    }

    fn covers(&self, path: &Path, recursive: bool) -> bool {
        let is_in_it = if recursive {
            path.starts_with(&self.path)
        } else {
            path.parent() == Some(self.path.as_path())
        };
        path == self.path || (self.is_folder && is_in_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FsmondConfig;

    fn folder(path: &str) -> Root {
        Root { path: path.into(), is_folder: true }
    }

    fn file(path: &str) -> Root {
        Root { path: path.into(), is_folder: false }
    }

    fn scope(roots: &[Root], recursive: bool, patterns: &[&str]) -> Scope {
        let config = FsmondConfig::default().with_exclude(patterns.iter().copied());
        Scope::new(roots.to_vec(), recursive, config.excluded().unwrap())
    }

    fn starts(scope: &Scope) -> Vec<&str> {
        scope.starts().map(|path| path.to_str().unwrap()).collect()
    }

    fn reports(scope: &Scope, path: &str) -> bool {
        scope.reports(Path::new(path))
    }

    fn enters(scope: &Scope, path: &str) -> bool {
        scope.enters(Path::new(path))
    }

    #[test]
    fn a_folder_is_watched_with_all_that_is_below_it() {
        let scope = scope(&[folder("/etc")], true, &[]);
        assert_eq!(starts(&scope), ["/etc"]);
        assert!(reports(&scope, "/etc") && reports(&scope, "/etc/a/b"));
        assert!(!reports(&scope, "/etcetera") && !reports(&scope, "/"));
        assert!(enters(&scope, "/etc/a/b") && !enters(&scope, "/boot"));
    }

    #[test]
    fn without_recursion_only_what_is_directly_in_it_is_told() {
        let scope = scope(&[folder("/etc")], false, &[]);
        assert!(reports(&scope, "/etc/a") && !reports(&scope, "/etc/a/b"));
        assert!(enters(&scope, "/etc") && !enters(&scope, "/etc/a"));
    }

    #[test]
    fn a_file_is_watched_through_its_folder_and_nothing_else_of_it_is_told() {
        let scope = scope(&[file("/etc/passwd")], true, &[]);
        assert_eq!(starts(&scope), ["/etc"]);
        assert!(reports(&scope, "/etc/passwd"));
        assert!(!reports(&scope, "/etc") && !reports(&scope, "/etc/shadow"));
        assert!(enters(&scope, "/etc") && !enters(&scope, "/etc/ssh"));
    }

    #[test]
    fn what_is_excluded_is_not_told_and_what_is_below_it_neither() {
        let scope = scope(&[folder("/etc")], true, &["cache", "/etc/*.tmp"]);
        assert!(!reports(&scope, "/etc/a/cache") && !reports(&scope, "/etc/a/cache/b/c"));
        assert!(!enters(&scope, "/etc/a/cache"));
        assert!(!reports(&scope, "/etc/x.tmp") && reports(&scope, "/etc/a/x.tmp"));
    }

    #[test]
    fn what_was_named_is_watched_whatever_is_excluded() {
        let scope = scope(&[folder("/var/cache")], true, &["cache"]);
        assert!(reports(&scope, "/var/cache") && reports(&scope, "/var/cache/a"));
        assert!(!reports(&scope, "/var/cache/cache"));
    }

    #[test]
    fn a_folder_that_comes_as_a_file_is_watched_through_its_folder() {
        let mut scope = scope(&[folder("/etc"), folder("/srv/a")], true, &[]);
        assert_eq!(scope.turn_to_file(Path::new("/srv/b")), None);
        assert_eq!(scope.turn_to_file(Path::new("/srv/a")), Some("/srv".into()));
        assert_eq!(starts(&scope), ["/etc", "/srv"]);
        assert!(reports(&scope, "/srv/a") && !reports(&scope, "/srv/a/b"));
        assert!(enters(&scope, "/srv") && !enters(&scope, "/srv/a"));
    }

    #[test]
    fn a_root_below_another_is_reached_from_there_unless_it_is_excluded_there() {
        let roots = [folder("/etc"), folder("/etc/ssh"), file("/etc/passwd"), file("/a")];
        assert_eq!(starts(&scope(&roots, true, &[])), ["/", "/etc"]);
        assert_eq!(starts(&scope(&roots, true, &["ssh"])), ["/", "/etc", "/etc/ssh"]);
        assert_eq!(starts(&scope(&roots, false, &[])), ["/", "/etc", "/etc/ssh"]);
    }
}
