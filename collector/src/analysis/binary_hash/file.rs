//! Opening what is to be hashed: regular files alone, without ever waiting for somebody at the
//! other end of what is none.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

use std::fs::{self, File};
use std::io;
use std::path::Path;

use thiserror::Error;

use super::executable::executable;
#[cfg(not(unix))]
use other::open_at_once;
#[cfg(unix)]
use unix::open_at_once;

/// A file, and what it is called.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) path: String,
}

/// Why it cannot be hashed.
#[derive(Debug, Error)]
pub(super) enum OpenError {
    /// The system does not open it.
    #[error("{path} cannot be opened: {source}")]
    Open {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It has no content of its own: a folder, a device, a pipe.
    #[error("{path} is no regular file")]
    NotRegular {
        /// Which.
        path: String,
    },
    /// The process is gone, is of the kernel, or another user's.
    #[error("the executable of process {pid} is not told: {source}")]
    NotTold {
        /// Which.
        pid: u32,
        /// Why.
        source: io::Error,
    },
}

/// A file by its path; links are followed.
pub(super) fn open(path: &Path) -> Result<Opened, OpenError> {
    open_as(path, path.to_string_lossy().into_owned())
}

/// What a process runs.
pub(super) fn executable_of(pid: u32) -> Result<Opened, OpenError> {
    let found = executable(pid).map_err(|source| OpenError::NotTold { pid, source })?;
    open_as(&found.opened_by, found.path)
}

fn open_as(opened_by: &Path, path: String) -> Result<Opened, OpenError> {
    let opened = regular(opened_by);
    match opened {
        Ok(Some(file)) => Ok(Opened { file, path }),
        Ok(None) => Err(OpenError::NotRegular { path }),
        Err(source) => Err(OpenError::Open { path, source }),
    }
}

/// `None` where it is no regular file.
fn regular(path: &Path) -> io::Result<Option<File>> {
    // Before it is opened, because opening alone does something to some devices; and after it, as
    // the name may by then be another file's.
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let file = open_at_once(path)?;
    Ok(file.metadata()?.is_file().then_some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_no_regular_file() {
        let folder = tempfile::tempdir().unwrap();
        let told = open(folder.path()).unwrap_err().to_string();
        assert_eq!(told, format!("{} is no regular file", folder.path().display()));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_nobody_writes_to_is_refused_and_not_waited_for() {
        use nix::sys::stat::Mode;

        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
        assert!(matches!(open(&pipe), Err(OpenError::NotRegular { .. })));
        // Also where it took the place of a file after that was looked at.
        assert!(!open_at_once(&pipe).unwrap().metadata().unwrap().is_file());
    }
}
