//! SHA-256 of what is read, a chunk at a time. How far to go, and what it means that there is more
//! or less of it than there was, is for whoever asks to say.

use std::io::{self, ErrorKind, Read};

use sha2::{Digest as _, Sha256};

/// Read at once, bytes: few enough for a processor's cache, and enough that the calls cost
/// nothing beside the hashing.
pub(crate) const CHUNK_BYTES: usize = 64 << 10;

/// Something that is read and hashed.
pub(crate) struct Sha256Reader<R> {
    content: R,
    hasher: Sha256,
    read_bytes: u64,
    chunk: Box<[u8]>,
}

impl<R: Read> Sha256Reader<R> {
    /// Begins where the content is.
    pub(crate) fn new(content: R) -> Self {
        let chunk = vec![0; CHUNK_BYTES].into_boxed_slice();
        Self { content, hasher: Sha256::new(), read_bytes: 0, chunk }
    }

    pub(crate) fn content(&self) -> &R {
        &self.content
    }

    /// How much was read so far.
    pub(crate) fn read_bytes(&self) -> u64 {
        self.read_bytes
    }

    /// Reads a chunk, of at most so many bytes; how many they were, none at the end.
    pub(crate) fn advance(&mut self, limit_bytes: u64) -> io::Result<usize> {
        let wanted = usize::try_from(limit_bytes).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        let read = loop {
            match self.content.read(&mut self.chunk[..wanted]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.hasher.update(&self.chunk[..read]);
        self.read_bytes += read as u64;
        Ok(read)
    }

    /// The digest of what was read, in 64 lower-case hexadecimal digits. What is read after that
    /// has one of its own.
    pub(crate) fn finish(&mut self) -> String {
        hex::encode(std::mem::take(&mut self.hasher).finalize())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// The digest of some content that is read in chunks of so many bytes at most.
    fn digest(content: &[u8], limit_bytes: u64) -> String {
        let mut reader = Sha256Reader::new(Cursor::new(content));
        while reader.advance(limit_bytes).unwrap() > 0 {}
        assert_eq!(reader.read_bytes(), content.len() as u64);
        reader.finish()
    }

    #[test]
    fn digests_are_those_everybody_else_computes() {
        let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let of_a_million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
        assert_eq!(digest(b"", u64::MAX), of_nothing);
        assert_eq!(digest(b"abc", u64::MAX), of_abc);
        let a_million = vec![b'a'; 1_000_000];
        assert_eq!(digest(&a_million, u64::MAX), of_a_million);
    }

    #[test]
    fn chunks_of_any_size_give_the_digest_of_the_whole() {
        let content: Vec<u8> = (0..=u8::MAX).cycle().take(3 * CHUNK_BYTES + 7).collect();
        let whole = hex::encode(Sha256::digest(&content));
        let chunk = CHUNK_BYTES as u64;
        for limit_bytes in [1000, chunk - 1, chunk, chunk + 1, u64::MAX] {
            assert_eq!(digest(&content, limit_bytes), whole, "{limit_bytes}");
        }
    }

    /// Is interrupted before every read that succeeds.
    struct Interrupted<R> {
        content: R,
        is_next: bool,
    }

    impl<R: Read> Read for Interrupted<R> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.is_next = !self.is_next;
            if self.is_next {
                Err(ErrorKind::Interrupted.into())
            } else {
                self.content.read(buffer)
            }
        }
    }

    #[test]
    fn an_interrupted_read_is_read_again_and_one_that_fails_is_not() {
        let content = Interrupted { content: Cursor::new(b"abc"), is_next: false };
        let mut reader = Sha256Reader::new(content);
        assert_eq!((reader.advance(2).unwrap(), reader.advance(2).unwrap()), (2, 1));
        assert_eq!(reader.advance(2).unwrap(), 0);
        assert_eq!(reader.finish(), digest(b"abc", u64::MAX));

        let folder = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(folder.path().join("write-only")).unwrap();
        assert!(Sha256Reader::new(file).advance(1).is_err());
    }
}
