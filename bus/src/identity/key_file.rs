//! A session key in a file of its owner: how an operator's tool proves itself (A4).

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Secret;
use super::private_file::{mode_open_to_others, private};

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
pub fn write_key_file(path: &Path, key: &Secret) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    // New, so that nobody has had it open since before its mode was set.
    options.write(true).create_new(true);
    key.write_line(&mut private(&mut options).open(path)?)
}

/// Reads a key from a file that is its owner's alone.
pub fn read_key_file(path: &Path) -> Result<Secret, KeyFileError> {
    let failed = |source| KeyFileError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    if let Some(mode) = mode_open_to_others(&file).map_err(failed)? {
        return Err(KeyFileError::Open { path: path.to_owned(), mode });
    }
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

    #[cfg(unix)]
    #[test]
    fn a_key_others_may_read_proves_nothing() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        write_key_file(&path, &Secret::random().expect("randomness")).expect("written");
        assert_eq!(fs::metadata(&path).expect("it").permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("its owner");
        let told = read_key_file(&path).expect_err("open to others").to_string();
        assert!(told.contains("mode 640") && told.contains("chmod 600"), "{told}");
    }
}
