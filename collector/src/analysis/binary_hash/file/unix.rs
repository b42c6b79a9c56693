//! Unix: opening a pipe without a writer, or a line without a carrier, does not wait.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc::{O_NOCTTY, O_NONBLOCK};

/// Opens for reading, or fails, at once. Reading a regular file is not changed by it.
pub(super) fn open_at_once(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(O_NONBLOCK | O_NOCTTY).open(path)
}
