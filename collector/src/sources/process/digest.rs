//! SHA-256 of a file, a piece at a time, unless it changes meanwhile.

use std::io;

use daemoneye_eventbus::ByteString;

use super::executable::Content;
use super::file_identity::FileIdentity;
use crate::digest::Sha256Reader;

/// 64 lower-case hexadecimal digits.
pub(super) type Sha256Hex = ByteString;

/// A file that is being hashed.
pub(super) struct Hashing {
    content: Sha256Reader<Box<dyn Content>>,
    /// What it was when hashing began.
    identity: FileIdentity,
}

/// What has come of hashing so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hashed {
    /// There is more to read.
    Unfinished,
    /// The hash of the file.
    Done(Sha256Hex),
    /// The file was written to while it was read: there is no such hash.
    Changed,
}

impl Hashing {
    /// Begins with a file that is open at its beginning.
    pub(super) fn new(content: Box<dyn Content>, identity: FileIdentity) -> Self {
        Self { content: Sha256Reader::new(content), identity }
    }

    /// The file, as it was when hashing began.
    pub(super) fn identity(&self) -> &FileIdentity {
        &self.identity
    }

    /// Goes on for at most so many bytes; how many they were, and what came of it.
    pub(super) fn advance(&mut self, limit_bytes: u64) -> io::Result<(u64, Hashed)> {
        let (content, size_bytes) = (&mut self.content, self.identity.size_bytes());
        let before_bytes = content.read_bytes();
        let end_bytes = before_bytes.saturating_add(limit_bytes).min(size_bytes);
        let mut is_cut_short = false;
        while content.read_bytes() < end_bytes && !is_cut_short {
            is_cut_short = content.advance(end_bytes - content.read_bytes())? == 0;
        }
        let after_bytes = content.read_bytes();
        let is_over = is_cut_short || after_bytes >= size_bytes;
        let progress = if is_over { self.finish()? } else { Hashed::Unfinished };
        Ok((after_bytes - before_bytes, progress))
    }

    /// As much as the file had was read; whether it still has so much, and the same, its identity
    /// tells.
    fn finish(&mut self) -> io::Result<Hashed> {
        if !self.content.content().identity()?.is_same_version_as(&self.identity) {
            return Ok(Hashed::Changed);
        }
        Ok(Hashed::Done(self.content.finish().into()))
    }
}

#[cfg(test)]
pub(super) mod made_up {
    //! Files that never were.

    use std::io::{Cursor, Read};

    use sha2::{Digest as _, Sha256};

    use super::*;

    /// An open file of this content, and what it is when it is asked.
    pub(in crate::sources::process) struct MadeUp {
        content: Cursor<Vec<u8>>,
        identity: FileIdentity,
    }

    impl MadeUp {
        pub(in crate::sources::process) fn new(content: &[u8], identity: FileIdentity) -> Self {
            Self { content: Cursor::new(content.to_vec()), identity }
        }
    }

    impl Read for MadeUp {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.content.read(buffer)
        }
    }

    impl Content for MadeUp {
        fn identity(&self) -> io::Result<FileIdentity> {
            Ok(self.identity.clone())
        }
    }

    /// The hash of a text, by the library alone.
    pub(in crate::sources::process) fn sha256(content: &[u8]) -> Sha256Hex {
        hex::encode(Sha256::digest(content)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::made_up::{MadeUp, sha256};
    use super::*;
    use crate::digest::CHUNK_BYTES;

    /// Of `abc`, from the standard.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn hashing(content: &[u8]) -> Hashing {
        let identity = FileIdentity::made_up(1, content.len() as u64);
        Hashing::new(Box::new(MadeUp::new(content, identity.clone())), identity)
    }

    #[test]
    fn the_hash_is_in_lower_case_hexadecimal_digits() {
        assert_eq!(hashing(b"abc").advance(3).unwrap(), (3, Hashed::Done(ABC.into())));
    }

    #[test]
    fn pieces_of_any_size_give_the_hash_of_the_whole() {
        let content: Vec<u8> = (0..=u8::MAX).cycle().take(3 * CHUNK_BYTES + 7).collect();
        for piece_bytes in [1000, CHUNK_BYTES as u64, 2 * CHUNK_BYTES as u64 + 1, u64::MAX] {
            let (mut hashing, mut all_bytes) = (hashing(&content), 0);
            let done = loop {
                let (read_bytes, progress) = hashing.advance(piece_bytes).unwrap();
                assert!(read_bytes <= piece_bytes);
                all_bytes += read_bytes;
                if progress != Hashed::Unfinished {
                    break progress;
                }
            };
            assert_eq!(done, Hashed::Done(sha256(&content)), "{piece_bytes}");
            assert_eq!(all_bytes, content.len() as u64);
        }
    }

    #[test]
    fn an_empty_file_has_a_hash() {
        assert_eq!(hashing(b"").advance(0).unwrap(), (0, Hashed::Done(sha256(b""))));
    }

    #[test]
    fn nothing_granted_is_nothing_read() {
        assert_eq!(hashing(b"abc").advance(0).unwrap(), (0, Hashed::Unfinished));
    }

    #[test]
    fn a_file_that_was_written_to_meanwhile_has_no_hash() {
        let before = FileIdentity::made_up(1, 3);
        let rows: [(&[u8], u64); 3] = [(b"abc", 3), (b"abcd", 4), (b"ab", 2)];
        for (content, size_bytes) in rows {
            let file = MadeUp::new(content, before.rewritten(size_bytes));
            let mut hashing = Hashing::new(Box::new(file), before.clone());
            let (read_bytes, progress) = hashing.advance(u64::MAX).unwrap();
            assert_eq!(progress, Hashed::Changed);
            assert!(read_bytes <= before.size_bytes(), "it is never read beyond what it had");
        }
    }
}
