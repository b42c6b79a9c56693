//! SHA-256 of the content of a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Bytes read at once.
const BUFFER_BYTES: usize = 64 << 10;

/// The digest in 64 hexadecimal digits; `None` for what is no file, or a longer one. Blocks.
pub(super) fn digest(path: &Path, limit_bytes: u64) -> io::Result<Option<String>> {
    let mut file = open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut rest_bytes = limit_bytes;
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            return Ok(Some(hex::encode(hasher.finalize())));
        }
        // It may have grown since it was looked at.
        let Some(rest) = rest_bytes.checked_sub(length as u64) else { return Ok(None) };
        rest_bytes = rest;
        hasher.update(&buffer[..length]);
    }
}

/// Opens a file that may have become something else since it was looked at: a link is not
/// followed, a pipe not waited for.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};

    let flags =
        OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_file_up_to_the_limit_has_a_digest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(digest(&path, 3).unwrap().as_deref(), Some(OF_ABC));
        assert_eq!(digest(&path, 2).unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("abc"), folder.path().join("link"));
        std::fs::write(&path, "abc").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(digest(&link, 3).is_err());
    }
}
