//! Systems whose file system has no pipes: opening never waits for anybody.

use std::fs::File;
use std::io;
use std::path::Path;

/// Opens for reading, or fails, at once.
pub(super) fn open_at_once(path: &Path) -> io::Result<File> {
    File::open(path)
}
