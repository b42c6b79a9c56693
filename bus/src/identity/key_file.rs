//! A session key in a file of its owner: how an operator's tool proves itself (A4).
//!
//! What makes it the owner's alone differs; that is in the two private `access` files.

#[cfg(unix)]
#[path = "key_file/unix.rs"]
mod access;
#[cfg(windows)]
#[path = "key_file/windows.rs"]
mod access;

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Secret;

/// Why a key file is not used.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// It cannot be read, or holds no key.
    #[error("cannot read the key file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may read or write it, so that it proves nothing.
    #[error("the key file {} may be read by others (mode {mode:03o}); it must be its owner's alone: chmod 600", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

/// Writes a key where nobody else can read it; a file of that name is replaced.
///
/// On Windows the folder decides who else can: see OPERATIONS.md.
pub fn write_key_file(path: &Path, key: &Secret) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    key.write_line(&mut access::create(path)?)
}

/// Reads a key from a file that is its owner's alone, which is not checked on Windows.
pub fn read_key_file(path: &Path) -> Result<Secret, KeyFileError> {
    let failed = |source| KeyFileError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    access::check(path, &file)?;
    Secret::read_line(&mut BufReader::new(file)).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_replaces_the_last() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        for _ in 0..2 {
            let key = Secret::random().expect("randomness");
            write_key_file(&path, &key).expect("written");
            assert_eq!(read_key_file(&path).expect("read"), key);
        }
        let missing = read_key_file(&folder.path().join("none")).expect_err("missing");
        assert!(missing.to_string().starts_with("cannot read the key file"), "{missing}");
    }
}
