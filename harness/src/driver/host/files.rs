//! Files that a host case makes, writes and removes in a folder that fsmond watches.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::record::WatchedFile;

/// Writes to a file before it is closed: many, which are one change.
const WRITES: u64 = 100;
/// What each of them writes.
const LINE: &[u8] = b"one line of many\n";

/// The folder.
pub(super) struct WatchedFolder {
    path: PathBuf,
}

/// A file, open until it is written.
pub(super) struct HeldFile {
    path: PathBuf,
    open: Option<File>,
}

impl WatchedFolder {
    /// Makes it within the case's runtime folder.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        let path = Self::within(folder);
        std::fs::create_dir(&path)?;
        Ok(Self { path })
    }

    /// Where it lies.
    pub(super) fn within(folder: &Path) -> PathBuf {
        folder.join("watched")
    }

    /// Makes a file that does not exist yet, and holds it open.
    pub(super) fn make(&self, number: usize) -> io::Result<(HeldFile, WatchedFile)> {
        let path = self.path.join(format!("file-{number}"));
        let open = Some(File::create_new(&path)?);
        let written_bytes = WRITES * LINE.len() as u64;
        let watched = WatchedFile { path: path.to_string_lossy().into_owned(), written_bytes };
        Ok((HeldFile { path, open }, watched))
    }
}

impl HeldFile {
    /// Writes and closes it; at the next act, removes it.
    pub(super) fn go_on(&mut self, act: usize) -> io::Result<()> {
        let Some(mut open) = self.open.take() else {
            debug_assert_eq!(act, 2, "written, hence to be removed");
            return std::fs::remove_file(&self.path);
        };
        (0..WRITES).try_for_each(|_| open.write_all(LINE))
    }
}
