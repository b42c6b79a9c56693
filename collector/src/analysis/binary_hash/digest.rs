//! Hashing in chunks, up to a limit, until it is told to stop.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use thiserror::Error;

use crate::digest::Sha256Reader;

/// What a file's content comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digest {
    /// 64 hexadecimal digits.
    pub(super) sha256: String,
    /// Its length.
    pub(super) bytes: u64,
}

/// Why there is none.
#[derive(Debug, Error)]
pub(super) enum DigestError {
    /// It is over the limit.
    #[error("it is larger than {limit_bytes} bytes, the limit")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// It cannot be read to its end.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// What was read is not what it was at any one time.
    #[error("it changed while it was read")]
    Changed,
    /// Nobody wants it any more.
    #[error("it was let go of")]
    Stopped,
}

/// Hashes a file from its beginning, unless it changes meanwhile.
pub(super) fn digest(
    file: &File,
    limit_bytes: u64,
    stop: &AtomicBool,
) -> Result<Digest, DigestError> {
    let before = file.metadata()?;
    if before.len() > limit_bytes {
        return Err(DigestError::TooLarge { limit_bytes });
    }
    let digest = digest_of(file, limit_bytes, stop)?;
    if is_same(&before, &file.metadata()?) && digest.bytes == before.len() {
        return Ok(digest);
    }
    Err(DigestError::Changed)
}

fn is_same(before: &Metadata, after: &Metadata) -> bool {
    // A system without the time of a change has its length at least.
    before.len() == after.len() && before.modified().ok() == after.modified().ok()
}

/// Between two chunks, some hundred microseconds of work, it looks at whether to go on.
fn digest_of(
    content: impl Read,
    limit_bytes: u64,
    stop: &AtomicBool,
) -> Result<Digest, DigestError> {
    let mut content = Sha256Reader::new(content);
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(DigestError::Stopped);
        }
        if content.advance(u64::MAX)? == 0 {
            let bytes = content.read_bytes();
            return Ok(Digest { sha256: content.finish(), bytes });
        }
        // It may grow while it is read.
        if content.read_bytes() > limit_bytes {
            return Err(DigestError::TooLarge { limit_bytes });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A flag nobody raises.
    fn go() -> AtomicBool {
        AtomicBool::new(false)
    }

    /// Gives a few bytes at a time, and raises the flag after so many.
    struct Slow<'a> {
        left: usize,
        raises_at: usize,
        stop: &'a AtomicBool,
    }

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let bytes = self.left.min(7).min(buffer.len());
            buffer[..bytes].fill(b'a');
            self.left -= bytes;
            if self.left <= self.raises_at {
                self.stop.store(true, Ordering::Relaxed);
            }
            Ok(bytes)
        }
    }

    #[test]
    fn content_in_small_pieces_has_the_digest_and_the_length_of_the_whole() {
        let ignored = AtomicBool::new(false);
        let slow = Slow { left: 1000, raises_at: 0, stop: &ignored };
        let whole = vec![b'a'; 1000];
        let expected = digest_of(&whole[..], 1000, &go()).unwrap();
        assert_eq!(expected.bytes, 1000);
        assert_eq!(digest_of(slow, 1000, &go()).unwrap(), expected);
    }

    #[test]
    fn content_over_the_limit_is_refused_and_at_the_limit_it_is_not() {
        assert!(digest_of(&[1_u8; 10][..], 10, &go()).is_ok());
        let refused = digest_of(&[1_u8; 11][..], 10, &go()).unwrap_err();
        assert_eq!(refused.to_string(), "it is larger than 10 bytes, the limit");
    }

    #[test]
    fn it_stops_between_two_pieces_when_it_is_told_to() {
        let stop = AtomicBool::new(false);
        let mut slow = Slow { left: 1000, raises_at: 500, stop: &stop };
        let stopped = digest_of(&mut slow, 1000, &stop).unwrap_err();
        assert!(matches!(stopped, DigestError::Stopped));
        assert!(slow.left > 400, "no piece was read after it was told");
    }

    #[test]
    fn a_file_over_the_limit_is_refused_before_it_is_read() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(11).unwrap();
        let refused = digest(&file, 10, &go()).unwrap_err();
        assert!(matches!(refused, DigestError::TooLarge { .. }), "{refused}");
    }

    #[test]
    fn a_file_that_is_not_read_from_its_beginning_is_no_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "abc").unwrap();
        let mut file = File::open(&path).unwrap();
        file.read_exact(&mut [0]).unwrap();
        assert!(matches!(digest(&file, 10, &go()), Err(DigestError::Changed)));
    }
}
