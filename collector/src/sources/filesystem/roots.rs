//! Which paths are watched: those that are named, or those of this system that an intruder would
//! change.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::scope::Root;

/// What is watched when nothing is named, as far as it exists.
const DEFAULT_PATHS: &[&str] = if cfg!(windows) {
    &[
        r"C:\Windows\System32\drivers\etc",
        r"C:\Windows\System32\Tasks",
        r"C:\ProgramData\Microsoft\Windows\Start Menu\Programs\StartUp",
    ]
} else if cfg!(target_os = "macos") {
    &["/etc", "/Library/LaunchAgents", "/Library/LaunchDaemons", "/usr/local/bin"]
} else if cfg!(target_os = "linux") {
    &[
        "/boot",
        "/etc",
        "/usr/bin",
        "/usr/lib/systemd",
        "/usr/local/bin",
        "/usr/local/sbin",
        "/usr/sbin",
        "/var/spool/cron",
    ]
} else {
    &["/boot", "/etc", "/usr/local/bin", "/usr/local/etc", "/usr/local/sbin"]
};

/// Why there is nothing to watch.
#[derive(Debug, Error)]
pub(super) enum RootError {
    /// What was named is not there, or not to be had.
    #[error("cannot watch {}", path.display())]
    Named {
        /// What was named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nothing was named, and nothing of the default is there.
    #[error("nothing that is watched by default exists here; name `fsmond.paths`")]
    NoDefault,
}

/// Finds what is named; without it, what there is of the default. Blocks.
pub(super) fn roots(named: Option<&[PathBuf]>) -> Result<Vec<Root>, RootError> {
    let mut roots: Vec<Root> = match named {
        Some(named) => named.iter().map(|path| named_root(path)).collect::<Result<_, _>>()?,
        None => DEFAULT_PATHS.iter().filter_map(|path| root(Path::new(path)).ok()).collect(),
    };
    // Several names may lead to one place.
    roots.sort();
    roots.dedup();
    if roots.is_empty() { Err(RootError::NoDefault) } else { Ok(roots) }
}

fn named_root(path: &Path) -> Result<Root, RootError> {
    root(path).map_err(|source| RootError::Named { path: path.to_owned(), source })
}

fn root(path: &Path) -> io::Result<Root> {
    let is_folder = path.metadata()?.is_dir();
    Ok(Root { path: resolve(path)?, is_folder })
}

/// Systems tell of paths without links.
#[cfg(unix)]
fn resolve(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

/// Resolved paths are in a form of their own here, in which nobody writes them.
#[cfg(not(unix))]
fn resolve(path: &Path) -> io::Result<PathBuf> {
    std::path::absolute(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_files_are_told_apart_and_found_once() {
        let folder = tempfile::tempdir().unwrap();
        let top = resolve(folder.path()).unwrap();
        let file = top.join("a");
        std::fs::write(&file, "").unwrap();
        let named = [file.clone(), top.clone(), file.clone()];
        let expected = [Root { path: top, is_folder: true }, Root { path: file, is_folder: false }];
        assert_eq!(roots(Some(named.as_slice())).unwrap(), expected);
    }

    #[test]
    fn what_is_named_and_missing_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        let named = [folder.path().to_owned(), missing.clone()];
        let error = roots(Some(named.as_slice())).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot watch {}", missing.display()));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_is_named_is_resolved() {
        let folder = tempfile::tempdir().unwrap();
        let top = resolve(folder.path()).unwrap();
        let (link, target) = (top.join("link"), top.join("target"));
        std::fs::create_dir(&target).unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let expected = [Root { path: target, is_folder: true }];
        assert_eq!(roots(Some([link].as_slice())).unwrap(), expected);
    }

    #[test]
    fn a_system_has_something_to_watch_by_default() {
        assert!(!roots(None).unwrap().is_empty());
    }
}
