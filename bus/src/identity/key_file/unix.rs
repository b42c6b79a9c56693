//! A file with a mode.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::KeyFileError;

/// Mode of a key file: its owner alone.
const MODE: u32 = 0o600;

/// A new file, so that nobody has had it open since before its mode was set.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)
}

/// Whether the file is its owner's alone.
pub(super) fn check(path: &Path, file: &File) -> Result<(), KeyFileError> {
    let failed = |source| KeyFileError::Read { path: path.to_owned(), source };
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & !MODE == 0 {
        return Ok(());
    }
    Err(KeyFileError::Open { path: path.to_owned(), mode })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Secret, read_key_file, write_key_file};
    use super::*;

    #[test]
    fn a_key_others_may_read_proves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        write_key_file(&path, &Secret::random().expect("randomness")).expect("written");
        assert_eq!(fs::metadata(&path).expect("it").permissions().mode() & 0o777, MODE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("its owner");
        let told = read_key_file(&path).expect_err("open to others").to_string();
        assert!(told.contains("mode 640") && told.contains("chmod 600"), "{told}");
    }
}
