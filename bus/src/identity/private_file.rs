//! Files that are their owner's alone, as far as the system knows owners.

#[cfg(unix)]
#[path = "private_file/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "private_file/windows.rs"]
mod system;

pub(crate) use system::{mode_open_to_others, private};
