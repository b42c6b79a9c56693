//! Where a broker listens.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Longest path of a Unix socket, bytes: `sun_path` less its terminator, the smallest of the
/// supported systems (W7).
const MAX_PATH_BYTES: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Address of a broker on this host: a path.
///
/// On Unix it is the socket file, whose folder must exist and should be private (0700). On
/// Windows it names a pipe, and a lock file beside it guards the name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SocketAddress {
    path: PathBuf,
}

/// Why a path is no address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// The system cannot bind a path this long.
    #[error("socket path is {bytes} bytes, the limit of this system is {limit_bytes}: {}", path.display())]
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its length.
        bytes: usize,
        /// The limit.
        limit_bytes: usize,
    },
    /// Not a path to a file.
    #[error("socket path has no file name: {}", path.display())]
    NoFileName {
        /// The path.
        path: PathBuf,
    },
}

impl SocketAddress {
    /// Checks that the system can bind the path; touches nothing.
    pub fn from_path(path: impl Into<PathBuf>) -> Result<Self, AddressError> {
        let path = path.into();
        if path.file_name().is_none() {
            return Err(AddressError::NoFileName { path });
        }
        let bytes = path.as_os_str().len();
        if bytes > MAX_PATH_BYTES {
            return Err(AddressError::TooLong { path, bytes, limit_bytes: MAX_PATH_BYTES });
        }
        Ok(Self { path })
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lock file that says who owns the name.
    pub(super) fn lock_path(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".lock");
        name.into()
    }
}

impl fmt::Display for SocketAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}
