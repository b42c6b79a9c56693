//! The folder of a report belongs to one `run`, `mutants` or `soak` at a time, and only to these.
//!
//! The system's own lock says whether the run that holds it still lives: one that was killed needs
//! no cleaning up after. Nothing is ever removed that a run did not put there.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cmd::EXIT_INVALID;
use crate::mutants::{FILES, PARTIAL_FILES, SLOW_FILES, SLOW_PARTIAL_FILES};
use crate::report::{self, Exit};

/// Where files of trials go, within the report's folder.
pub(super) const TRIALS: &str = "trials";
/// What a soak writes.
pub(in crate::cmd) const SOAK_FILE: &str = "soak.json";
/// Holds the lock and nothing else; it stays, since removing it would let two runs in at once.
const LOCK: &str = "run.lock";
/// Says who holds the lock, as a locked file cannot be read everywhere.
const HOLDER: &str = "run.holder";

/// The right to write into a folder; ends with the value, or with the process.
#[derive(Debug)]
pub(in crate::cmd) struct Claim {
    folder: PathBuf,
    _lock: File,
}

/// Why a run may not write into a folder.
#[derive(Debug, thiserror::Error)]
pub(in crate::cmd) enum ClaimError {
    /// Somebody else's files are in it.
    #[error(
        "{} is not empty and holds no report of this harness; name a new or an empty folder \
         with --out",
        folder.display()
    )]
    Foreign {
        /// Which.
        folder: PathBuf,
    },
    /// Another run writes into it.
    #[error(
        "another run writes into {}: {holder}; wait until it ends, or name another folder with \
         --out",
        folder.display()
    )]
    Held {
        /// Which.
        folder: PathBuf,
        /// Its process and its command.
        holder: String,
    },
    /// The system refuses.
    #[error("cannot write {}: {cause}", path.display())]
    File {
        /// What could not be made, locked or removed.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

impl ClaimError {
    /// A folder that is no report's is the user's mistake, the rest is the host's.
    pub(in crate::cmd) fn exit(&self) -> ExitCode {
        match self {
            Self::Foreign { .. } => ExitCode::from(EXIT_INVALID),
            Self::Held { .. } | Self::File { .. } => Exit::Infrastructure.code().into(),
        }
    }
}

/// Makes the folder and locks it.
pub(in crate::cmd) fn claim(folder: &Path, command: &str) -> Result<Claim, ClaimError> {
    fs::create_dir_all(folder).map_err(|cause| refused(folder, cause))?;
    if !is_ours(folder).map_err(|cause| refused(folder, cause))? {
        return Err(ClaimError::Foreign { folder: folder.to_owned() });
    }
    let lock = lock(folder)?;
    let holder = folder.join(HOLDER);
    let said = format!("process {}, {command}\n", std::process::id());
    fs::write(&holder, said).map_err(|cause| refused(&holder, cause))?;
    Ok(Claim { folder: folder.to_owned(), _lock: lock })
}

impl Claim {
    /// Removes the trials that an earlier run left.
    pub(super) fn clear_trials(&self) -> Result<(), ClaimError> {
        let trials = self.folder.join(TRIALS);
        clear(&trials).map_err(|cause| refused(&trials, cause))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Stale words do no harm: they are read only while the lock is held.
        let _ = fs::remove_file(self.folder.join(HOLDER));
    }
}

fn refused(path: &Path, cause: io::Error) -> ClaimError {
    ClaimError::File { path: path.to_owned(), cause }
}

/// Whether a run made the folder: it is empty, holds a report, what a run was killed over, or the
/// matrix of `mutants`, or a soak.
fn is_ours(folder: &Path) -> io::Result<bool> {
    let mut foreign = false;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let own = [[LOCK, HOLDER], FILES, PARTIAL_FILES, SLOW_FILES, SLOW_PARTIAL_FILES];
        let known = name == SOAK_FILE || own.as_flattened().iter().any(|known| name == *known);
        foreign |= !known && Path::new(&name).extension().is_none_or(|end| end != "partial");
    }
    Ok(!foreign || report::is_in(folder))
}

fn lock(folder: &Path) -> Result<File, ClaimError> {
    let path = folder.join(LOCK);
    let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = opened.map_err(|cause| refused(&path, cause))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::Error(cause)) => Err(refused(&path, cause)),
        Err(TryLockError::WouldBlock) => {
            let said = fs::read_to_string(folder.join(HOLDER)).unwrap_or_default();
            let holder = match said.trim() {
                "" => "it has only just begun".to_owned(),
                said => said.to_owned(),
            };
            Err(ClaimError::Held { folder: folder.to_owned(), holder })
        }
    }
}

/// Removes what trials of an earlier run left, and nothing else.
fn clear(trials: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(trials) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name == report::CASES || name.starts_with(super::calibration::FOLDER) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
