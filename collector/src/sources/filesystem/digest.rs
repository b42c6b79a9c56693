//! SHA-256 of the content of a file.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::digest::Sha256Reader;

/// The digest in 64 hexadecimal digits; `None` for what is no file, or a longer one. Blocks.
pub(super) fn digest(path: &Path, limit_bytes: u64) -> io::Result<Option<String>> {
    let file = open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut content = Sha256Reader::new(file);
    while content.advance(u64::MAX)? > 0 {
        // It may have grown since it was looked at.
        if content.read_bytes() > limit_bytes {
            return Ok(None);
        }
    }
    Ok(Some(content.finish()))
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
