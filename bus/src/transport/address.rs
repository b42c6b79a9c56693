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

    /// The file in which the host of a broker leaves its operator's key (A4).
    pub fn key_path(&self) -> PathBuf {
        self.beside(".key")
    }

    /// The lock file that says who owns the name.
    pub(super) fn lock_path(&self) -> PathBuf {
        self.beside(".lock")
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(ending);
        name.into()
    }
}

/// The name of the pipe that stands for a path where there are no socket files: `daemoneye-` and
/// the FNV-1a hash, 64 bits wide, of the path as UTF-8 in 16 hexadecimal digits. PROTOCOL.md tells
/// other languages the same.
#[cfg(any(windows, test))]
pub(super) fn pipe_name(address: &SocketAddress) -> String {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let path = address.path.to_string_lossy();
    let hash =
        path.bytes().fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    format!("daemoneye-{hash:016x}")
}

impl fmt::Display for SocketAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{SocketAddress, pipe_name};

    #[test]
    fn the_name_of_a_pipe_is_the_one_in_the_protocol() {
        // `a` and `foobar` are of the test vectors published with the hash.
        for (path, name) in [
            ("a", "daemoneye-af63dc4c8601ec8c"),
            ("foobar", "daemoneye-85944171f73967e8"),
            (r"C:\ProgramData\DaemonEye\bus.sock", "daemoneye-27f7162417c8cfbf"),
            ("b\u{fc}s.sock", "daemoneye-0a597c9a3110aa37"),
        ] {
            let address = SocketAddress::from_path(path).expect("a short path");
            assert_eq!(pipe_name(&address), name, "{path}");
        }
    }
}
