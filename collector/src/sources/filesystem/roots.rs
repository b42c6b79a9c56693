//! Which paths are watched: those that are named, or those of this system that an intruder would
//! change. What is named and not there is watched once it is.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use tracing::warn;

use super::scope::Root;

/// Links that are followed one after the other, as many as Linux follows: more are a circle.
#[cfg(unix)]
const MAX_LINKS: usize = 40;

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

/// Nothing was named, and nothing of the default is there.
#[derive(Debug, Error)]
#[error("nothing that is watched by default exists here; name `fsmond.paths`")]
pub(super) struct NoDefault;

/// Finds what is named, and where it will be if it is not there; without it, what there is of the
/// default. Blocks.
pub(super) fn roots(named: Option<&[PathBuf]>) -> Result<Vec<Root>, NoDefault> {
    let mut roots: Vec<Root> = match named {
        Some(named) => named.iter().map(|path| named_root(path)).collect(),
        None => DEFAULT_PATHS.iter().filter_map(|path| root(Path::new(path)).ok()).collect(),
    };
    // Several names may lead to one place.
    roots.sort();
    roots.dedup();
    if roots.is_empty() { Err(NoDefault) } else { Ok(roots) }
}

/// What is not there is taken for a folder until it shows what it is.
fn named_root(path: &Path) -> Root {
    root(path).unwrap_or_else(|error| {
        warn!(path = %path.display(), %error, "what shall be watched is not there; waiting for it");
        Root { path: awaited(path), is_folder: true }
    })
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

/// Where a path that is not there will be: links are followed as far as they lead.
#[cfg(unix)]
fn awaited(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(target) = path.read_link() else { break };
        path = path.parent().unwrap_or(Path::new("/")).join(target);
    }
    let resolved = path.ancestors().skip(1).find_map(|folder| {
        let rest = path.strip_prefix(folder).ok()?;
        Some(folder.canonicalize().ok()?.join(rest))
    });
    resolved.unwrap_or(path)
}

/// Resolved paths are in a form of their own here, in which nobody writes them.
#[cfg(not(unix))]
fn resolve(path: &Path) -> io::Result<PathBuf> {
    std::path::absolute(path)
}

/// Where a path that is not there will be.
#[cfg(not(unix))]
fn awaited(path: &Path) -> PathBuf {
    resolve(path).unwrap_or_else(|_| path.to_owned())
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
    fn what_is_named_and_missing_is_taken_for_a_folder_where_it_will_be() {
        let folder = tempfile::tempdir().unwrap();
        let top = resolve(folder.path()).unwrap();
        let named = [folder.path().join("missing/deep")];
        let expected = [Root { path: top.join("missing/deep"), is_folder: true }];
        assert_eq!(roots(Some(named.as_slice())).unwrap(), expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_what_is_missing_is_followed_and_one_to_itself_is_no_end() {
        let folder = tempfile::tempdir().unwrap();
        let top = resolve(folder.path()).unwrap();
        let (link, circle) = (top.join("link"), top.join("circle"));
        std::os::unix::fs::symlink("missing", &link).unwrap();
        std::os::unix::fs::symlink("circle", &circle).unwrap();
        let found = roots(Some([link, circle.clone()].as_slice())).unwrap();
        let paths: Vec<_> = found.into_iter().map(|root| root.path).collect();
        assert_eq!(paths, [circle, top.join("missing")]);
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
