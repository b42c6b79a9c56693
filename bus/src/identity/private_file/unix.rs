//! Files with a mode.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};

/// Mode of a private file: its owner alone.
const MODE: u32 = 0o600;

/// Makes a file that is created with these options private.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(MODE)
}

/// The mode of a file that others may read or write, too.
pub(crate) fn mode_open_to_others(file: &File) -> io::Result<Option<u32>> {
    let mode = file.metadata()?.permissions().mode() & 0o777;
    Ok((mode & !MODE != 0).then_some(mode))
}
