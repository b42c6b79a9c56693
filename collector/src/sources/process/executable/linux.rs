//! Linux: `/proc/PID/exe` leads to the file that runs, even when nothing has its name any more.
//!
//! Whether it still has its name is the kernel's word: it marks the link when the name was given
//! to another file or taken away. Only then the path is looked at, in the mount namespace of the
//! process: what a container calls `/bin/sh` is another file here.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::super::file_identity::FileIdentity;
use super::super::observation::Observation;
use super::{AtPath, Content, Executables, Look, Which, at, open_plain};

/// What the kernel adds to the path of a file that has lost it.
const MARK: &[u8] = b" (deleted)";

/// Looks through `/proc`.
pub(super) struct ProcExecutables;

impl Executables for ProcExecutables {
    fn look(&self, process: &Observation) -> Option<Look> {
        let pid = process.identity.pid;
        let link = link(pid);
        let target = fs::read_link(&link).ok()?;
        let running = FileIdentity::of(&fs::metadata(&link).ok()?, &link);
        let unmarked = unmarked(&target);
        let path = unmarked.unwrap_or(&target);
        // Another program, or another process of this id: the next scan will tell.
        if path.to_string_lossy() != process.executable_path.as_deref()? {
            return None;
        }
        let at_path = match unmarked {
            Some(path) if !is_called(pid, &target, &running) => at(&from_here(pid, path)),
            _ => AtPath::File(running.clone()),
        };
        Some(Look { running: Some(running), at_path })
    }

    fn open(&self, process: &Observation, which: Which) -> io::Result<Box<dyn Content>> {
        let pid = process.identity.pid;
        let link = link(pid);
        match which {
            Which::Running => open_plain(&link),
            Which::AtPath => {
                let target = fs::read_link(&link)?;
                open_plain(&from_here(pid, unmarked(&target).unwrap_or(&target)))
            }
        }
    }
}

fn link(pid: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/exe"))
}

/// The path without the mark; `None` for one that has none.
fn unmarked(target: &Path) -> Option<&Path> {
    let path = target.as_os_str().as_bytes().strip_suffix(MARK)?;
    Some(Path::new(OsStr::from_bytes(path)))
}

/// Whether a file is truly called so, and what looks like a mark is part of its name.
fn is_called(pid: u32, path: &Path, file: &FileIdentity) -> bool {
    match at(&from_here(pid, path)) {
        AtPath::File(found) => found.is_same_file_as(file),
        AtPath::Missing | AtPath::Unknown => false,
    }
}

/// Where a path of a process is found from here.
fn from_here(pid: u32, path: &Path) -> PathBuf {
    let namespace = |process: &str| fs::read_link(format!("/proc/{process}/ns/mnt")).ok();
    if namespace("self") == namespace(&pid.to_string()) {
        return path.to_owned();
    }
    let below = path.strip_prefix("/").unwrap_or(path);
    PathBuf::from(format!("/proc/{pid}/root")).join(below)
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    /// A process that runs an executable of its own.
    struct Sleeper {
        child: Child,
        path: PathBuf,
        folder: tempfile::TempDir,
    }

    impl Sleeper {
        fn start(name: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            // By another process: a thread of this one that forks meanwhile would keep the file
            // open for writing, and what is written cannot be executed.
            let copied = Command::new("cp").arg("/bin/sleep").arg(&path).status().unwrap();
            assert!(copied.success());
            let child = Command::new(&path).arg("600").spawn().unwrap();
            Self { child, path, folder }
        }

        fn look(&self) -> Look {
            self.look_as(self.path.to_str().unwrap()).expect("it runs")
        }

        fn look_as(&self, path: &str) -> Option<Look> {
            ProcExecutables.look(&Observation::made_up(self.child.id(), path))
        }

        fn open(&self, which: Which) -> io::Result<Box<dyn Content>> {
            let process = Observation::made_up(self.child.id(), self.path.to_str().unwrap());
            ProcExecutables.open(&process, which)
        }
    }

    impl Drop for Sleeper {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    #[test]
    fn what_runs_lies_at_its_path() {
        let sleeper = Sleeper::start("sleep");
        let look = sleeper.look();
        assert_eq!(look.running, look.file().cloned());
        assert_eq!(look.at_path, at(&sleeper.path));
        assert_eq!(Some(sleeper.open(Which::Running).unwrap().identity().unwrap()), look.running);
    }

    #[test]
    fn a_removed_executable_still_runs_and_can_be_opened() {
        let sleeper = Sleeper::start("sleep");
        let before = sleeper.look().running.unwrap();
        fs::remove_file(&sleeper.path).unwrap();
        let look = sleeper.look();
        assert!(look.running.unwrap().is_same_version_as(&before));
        assert_eq!(look.at_path, AtPath::Missing);
        let opened = sleeper.open(Which::Running).unwrap().identity().unwrap();
        assert!(opened.is_same_version_as(&before));
        assert!(sleeper.open(Which::AtPath).is_err());
    }

    #[test]
    fn a_replaced_executable_is_told_from_the_file_in_its_place() {
        let sleeper = Sleeper::start("sleep");
        let before = sleeper.look().running.unwrap();
        let other = sleeper.folder.path().join("other");
        fs::write(&other, "another").unwrap();
        fs::rename(&other, &sleeper.path).unwrap();
        let look = sleeper.look();
        assert!(look.running.unwrap().is_same_version_as(&before));
        assert_eq!(look.at_path, at(&sleeper.path));
        let opened = sleeper.open(Which::AtPath).unwrap().identity().unwrap();
        assert_eq!(AtPath::File(opened), look.at_path);
    }

    #[test]
    fn a_name_that_ends_like_a_mark_is_no_mark() {
        let sleeper = Sleeper::start("sleep (deleted)");
        // As the reader tells its path: it takes the end for a mark.
        let told = sleeper.folder.path().join("sleep");
        let look = sleeper.look_as(told.to_str().unwrap()).unwrap();
        assert_eq!(look.at_path, at(&sleeper.path));
    }

    #[test]
    fn another_program_than_was_seen_is_not_looked_at() {
        assert_eq!(Sleeper::start("sleep").look_as("/bin/other"), None);
    }

    #[test]
    fn the_path_of_a_neighbour_is_found_where_it_says() {
        let path = Path::new("/bin/sleep");
        assert_eq!(from_here(std::process::id(), path), path);
    }
}
