//! Files with the access that their folder hands down.
//!
//! Below a user's profile, where the runtime folder is, that is the user, the system and the
//! administrators. Elsewhere others may be among them, and the standard library neither sets nor
//! tells who: whoever puts the socket there answers for the folder.

use std::fs::{File, OpenOptions};
use std::io;

/// Nothing to say: the folder has said it.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// There are no modes here.
#[expect(clippy::unnecessary_wraps, reason = "one signature on every system")]
pub(crate) fn mode_open_to_others(_file: &File) -> io::Result<Option<u32>> {
    Ok(None)
}
