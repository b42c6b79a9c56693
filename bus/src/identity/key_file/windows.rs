//! A file with the access that its folder hands down.
//!
//! Below a user's profile, where the runtime folder is, that is the user, the system and the
//! administrators. Elsewhere others may be among them, and the standard library neither sets nor
//! tells who: whoever puts the socket there answers for the folder.

use std::fs::File;
use std::io;
use std::path::Path;

use super::KeyFileError;

/// A new file, so that nobody has had it open before.
pub(super) fn create(path: &Path) -> io::Result<File> {
    File::create_new(path)
}

/// Nothing can be asked, so nothing is refused.
#[expect(clippy::unnecessary_wraps, reason = "one signature on every system")]
pub(super) fn check(_path: &Path, _file: &File) -> Result<(), KeyFileError> {
    Ok(())
}
