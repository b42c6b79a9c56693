//! The executables of processes: which file one runs, and which lies at its path by now.
//!
//! Looking and opening alone; what follows from it is decided by `integrity` and `anomaly`.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(not(target_os = "linux"), test))]
mod portable;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::file_identity::FileIdentity;
use super::observation::Observation;

/// Looks at executables, and opens them. Blocks for some microseconds each.
pub(super) trait Executables: Send {
    /// Looks at the executable of a process; `None` for one that has none, has ended, or may not
    /// be looked at.
    fn look(&self, process: &Observation) -> Option<Look>;

    /// Opens one of the two files to read it. Which file that is may have changed since it was
    /// looked at: ask what was opened.
    fn open(&self, process: &Observation, which: Which) -> io::Result<Box<dyn Content>>;
}

/// A file that is open.
pub(super) trait Content: Read + Send {
    /// What it is now.
    fn identity(&self) -> io::Result<FileIdentity>;
}

/// What a look at the executable of a process shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// The file that runs, whatever became of its path; `None` where the system does not tell.
    pub(super) running: Option<FileIdentity>,
    /// The file at the path from which it was started.
    pub(super) at_path: AtPath,
}

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AtPath {
    /// A file.
    File(FileIdentity),
    /// Nothing.
    Missing,
    /// It cannot be looked at.
    Unknown,
}

/// One of the two files an executable can be by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Which {
    /// The one that runs.
    Running,
    /// The one at its path.
    AtPath,
}

/// A plain file that is open, and where it was opened.
struct OpenFile {
    file: File,
    path: PathBuf,
}

/// The executables of this system's processes.
pub(super) fn system_executables() -> Box<dyn Executables> {
    #[cfg(target_os = "linux")]
    return Box::new(linux::ProcExecutables);
    #[cfg(not(target_os = "linux"))]
    return Box::new(portable::PathExecutables);
}

impl Look {
    /// The file that runs, as far as can be told.
    pub(super) fn file(&self) -> Option<&FileIdentity> {
        match (&self.running, &self.at_path) {
            (Some(file), _) | (None, AtPath::File(file)) => Some(file),
            (None, AtPath::Missing | AtPath::Unknown) => None,
        }
    }
}

impl Read for OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Content for OpenFile {
    fn identity(&self) -> io::Result<FileIdentity> {
        Ok(FileIdentity::of(&self.file.metadata()?, &self.path))
    }
}

fn at(path: &Path) -> AtPath {
    match fs::metadata(path) {
        Ok(metadata) => AtPath::File(FileIdentity::of(&metadata, path)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => AtPath::Missing,
            _ => AtPath::Unknown,
        },
    }
}

/// Opens a plain file and nothing else: what lies at a path is anybody's, and opening a pipe would
/// wait for a writer.
fn open_plain(path: &Path) -> io::Result<Box<dyn Content>> {
    let refused = || io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file");
    if !fs::metadata(path)?.is_file() {
        return Err(refused());
    }
    let file = open_at_once(path)?;
    // It may be another by now.
    if !file.metadata()?.is_file() {
        return Err(refused());
    }
    Ok(Box::new(OpenFile { file, path: path.to_owned() }))
}

#[cfg(unix)]
fn open_at_once(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    File::options().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)
}

#[cfg(not(unix))]
fn open_at_once(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_file_is_what_was_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "content").unwrap();
        let mut opened = open_plain(&path).unwrap();
        assert_eq!(AtPath::File(opened.identity().unwrap()), at(&path));
        let mut text = String::new();
        opened.read_to_string(&mut text).unwrap();
        assert_eq!(text, "content");
    }

    #[cfg(unix)]
    #[test]
    fn nothing_at_a_path_is_told_from_what_cannot_be_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert_eq!(at(&path), AtPath::Missing);
        fs::write(&path, "").unwrap();
        assert_eq!(at(&path.join("below")), AtPath::Missing);
        let too_long = "x".repeat(1 << 16);
        assert_eq!(at(&folder.path().join(too_long)), AtPath::Unknown);
    }

    #[test]
    fn a_folder_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        assert!(open_plain(folder.path()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_not_waited_for() {
        use nix::sys::stat::Mode;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        nix::unistd::mkfifo(&path, Mode::S_IRUSR).unwrap();
        assert!(open_plain(&path).is_err());
        // As if it had come between the look and the opening.
        assert!(!open_at_once(&path).unwrap().metadata().unwrap().is_file());
    }

    #[test]
    fn what_runs_is_the_file_at_the_path_where_the_system_tells_no_better() {
        let (one, other) = (FileIdentity::made_up(1, 10), FileIdentity::made_up(2, 10));
        let look = |running: Option<&FileIdentity>, at_path: AtPath| {
            Look { running: running.cloned(), at_path }.file().cloned()
        };
        assert_eq!(look(Some(&one), AtPath::File(other.clone())), Some(one.clone()));
        assert_eq!(look(None, AtPath::File(other.clone())), Some(other));
        assert_eq!(look(Some(&one), AtPath::Missing), Some(one));
        assert_eq!(look(None, AtPath::Missing), None);
    }
}
