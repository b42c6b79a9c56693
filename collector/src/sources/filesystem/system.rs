//! What the tracker asks of the system.

use std::io;
use std::path::{Path, PathBuf};

use super::folders::Refusal;
use super::sight::Sight;

/// The system, or one that is made up. Everything may block for a moment.
pub(super) trait System {
    /// Asks to be told what happens in a folder. Once this returns, everything after it is told.
    fn watch(&mut self, path: &Path) -> Result<(), WatchError>;

    /// Asks to be told no more; nothing happens if nothing was told.
    fn unwatch(&mut self, path: &Path);

    /// Looks at a path; `None` when nothing is there, or nothing to be seen.
    fn look(&self, path: &Path) -> Option<Sight>;

    /// What is directly in a folder, in the order of the names.
    fn list(&self, folder: &Path) -> io::Result<Vec<(PathBuf, Sight)>>;

    /// SHA-256 of a file in hexadecimal digits; `None` when it is longer, or not to be read.
    fn digest(&self, path: &Path, limit_bytes: u64) -> Option<String>;
}

/// Why a path is not watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WatchError {
    /// There is nothing any more; the system tells that of its folder.
    Gone,
    /// The system will not.
    Refused(Refusal),
}
