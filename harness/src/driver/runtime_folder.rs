//! The private folder of one trial: sockets and what else only lives as long as its processes.
//!
//! A harness that is killed cannot remove its folders. Each says whose it is, so that a later run
//! can tell those of the dead and remove them. A folder that does not say so, of another user, or
//! of a process this one cannot see is left alone.

use std::fs;
use std::io;
use std::path::Path;

use tempfile::TempDir;

use super::identity::Identity;

/// How the names of all such folders begin.
const PREFIX: &str = "eq-";
/// The file within that says whose the folder is: process id and start, then its namespace.
const OWNER: &str = "owner";

/// A folder of this process; removed when dropped.
#[derive(Debug)]
pub(super) struct RuntimeFolder {
    folder: TempDir,
}

impl RuntimeFolder {
    /// A new one in the system's temporary folder. Private from its beginning (0700), and short:
    /// socket paths have a limit of about 100 bytes.
    pub(super) fn create() -> io::Result<Self> {
        Self::create_in(&std::env::temp_dir())
    }

    fn create_in(parent: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.tempdir_in(parent)?;
        if let Some(own) = Identity::of(std::process::id()) {
            fs::write(folder.path().join(OWNER), mark(own))?;
        }
        Ok(Self { folder })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What is in it that no trial leaves behind in order.
    pub(super) fn left(&self) -> Vec<String> {
        // A case may have taken the folder away, with everything in it.
        let entries = fs::read_dir(self.folder.path()).into_iter().flatten().flatten();
        let left = entries.filter(|entry| entry.file_name() != OWNER);
        left.map(|entry| format!("{} was left there", entry.path().display())).collect()
    }

    /// Removes it; tells what remains when it cannot.
    pub(super) fn remove(self) -> Option<String> {
        let path = self.folder.path().display().to_string();
        let cause = self.folder.close().err()?;
        // A case may have taken it away, to see what its processes do.
        (cause.kind() != io::ErrorKind::NotFound).then(|| format!("{path}: {cause}"))
    }
}

/// Removes the folders that killed harnesses of this user left in the system's temporary folder;
/// returns how many.
pub fn sweep_runtime_folders() -> usize {
    sweep(&std::env::temp_dir())
}

fn sweep(parent: &Path) -> usize {
    let Ok(entries) = fs::read_dir(parent) else { return 0 };
    let named = entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)));
    named
        .filter(|entry| is_abandoned(&entry.path()))
        // Another run may be sweeping, too: what is gone is gone.
        .filter(|entry| fs::remove_dir_all(entry.path()).is_ok())
        .count()
}

/// Whether a folder, itself and no link to one, is this user's and says that its owner is dead.
fn is_abandoned(folder: &Path) -> bool {
    if !fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir() && is_own(&found)) {
        return false;
    }
    let Ok(said) = fs::read_to_string(folder.join(OWNER)) else { return false };
    let mut lines = said.lines();
    let owner = lines.next().and_then(|line| line.parse::<Identity>().ok());
    let is_visible = lines.next() == Some(namespace().as_str());
    owner.is_some_and(|owner| is_visible && !owner.is_running())
}

fn mark(owner: Identity) -> String {
    format!("{owner}\n{}\n", namespace())
}

/// Processes of another namespace seem dead, and their ids mean others here.
#[cfg(target_os = "linux")]
fn namespace() -> String {
    let link = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    link.display().to_string()
}

#[cfg(not(target_os = "linux"))]
fn namespace() -> String {
    "-".to_owned()
}

#[cfg(unix)]
fn is_own(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    found.uid() == nix::unistd::geteuid().as_raw()
}

/// The temporary folder is each user's own.
#[cfg(not(unix))]
fn is_own(_found: &fs::Metadata) -> bool {
    true
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::{Command, Stdio};

    use super::*;

    /// A folder that says it is of that owner.
    fn folder_of(parent: &Path, name: &str, owner: &str) {
        fs::create_dir(parent.join(name)).expect("made");
        fs::write(parent.join(name).join(OWNER), owner).expect("written");
        fs::write(parent.join(name).join("bus"), "").expect("written");
    }

    /// A process that was killed.
    fn killed() -> Identity {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("every host");
        let identity = Identity::of(child.id()).expect("it runs");
        child.kill().expect("killed");
        child.wait().expect("ended");
        identity
    }

    #[test]
    fn the_folder_of_a_killed_process_is_removed_and_no_other() {
        let parent = tempfile::tempdir().expect("a folder");
        let (dead, path) = (killed(), parent.path());
        let own = RuntimeFolder::create_in(path).expect("made");
        folder_of(path, "eq-dead", &mark(dead));
        folder_of(path, "eq-elsewhere", &format!("{dead}\npid:[1]\n"));
        folder_of(path, "eq-garbled", "nobody\n");
        folder_of(path, "not-ours", &mark(dead));
        fs::create_dir(path.join("eq-silent")).expect("made");
        std::os::unix::fs::symlink(path.join("not-ours"), path.join("eq-link")).expect("made");
        assert_eq!(sweep(path), 1);
        assert!(!path.join("eq-dead").exists());
        let kept = ["eq-elsewhere", "eq-garbled", "not-ours", "eq-silent", "eq-link"];
        assert!(kept.iter().all(|name| path.join(name).exists()));
        assert!(own.path().join(OWNER).exists());
        let found = fs::metadata(own.path()).expect("it is there");
        assert_eq!(found.permissions().mode() & 0o777, 0o700);
        assert_eq!(own.remove(), None);
    }

    #[test]
    fn what_is_left_in_a_folder_is_told_and_goes_with_it() {
        let parent = tempfile::tempdir().expect("a folder");
        let own = RuntimeFolder::create_in(parent.path()).expect("made");
        assert_eq!(own.left(), Vec::<String>::new());
        fs::write(own.path().join("left"), "").expect("written");
        fs::create_dir(own.path().join("deep")).expect("made");
        assert_eq!(own.left().len(), 2);
        assert_eq!(own.remove(), None);
        assert_eq!(fs::read_dir(parent.path()).expect("readable").count(), 0);
    }

    #[test]
    fn the_folder_of_another_user_is_left_alone() {
        const NOBODY: u32 = 65_534;
        let parent = tempfile::tempdir().expect("a folder");
        folder_of(parent.path(), "eq-foreign", &mark(killed()));
        // Only root can give a folder away; nobody else could remove it either.
        if std::os::unix::fs::chown(parent.path().join("eq-foreign"), Some(NOBODY), None).is_ok() {
            assert_eq!(sweep(parent.path()), 0);
        }
    }

    #[test]
    fn what_cannot_be_removed_is_told_and_what_is_gone_is_not() {
        let parent = tempfile::tempdir().expect("a folder");
        let create = || RuntimeFolder::create_in(parent.path()).expect("made");
        let (gone, replaced) = (create(), create());
        fs::remove_dir_all(gone.path()).expect("removed");
        assert_eq!(gone.remove(), None);
        fs::remove_dir_all(replaced.path()).expect("removed");
        fs::write(replaced.path(), "").expect("a file instead");
        assert!(replaced.remove().is_some_and(|told| told.contains("/eq-")));
    }
}
