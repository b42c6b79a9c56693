//! What proves who somebody is (A4): one-time spawn tokens and the session keys they are exchanged
//! for.
//!
//! Both are 32 random bytes. A token is written to the standard input of a child that was just
//! started, never on a command line or into the environment, where other processes could read it. A
//! broker keeps digests alone: what it holds opens nothing.

mod key_file;
mod private_file;

pub use key_file::{KeyFileError, read_key_file, write_key_file};
pub(crate) use private_file::{mode_open_to_others, private};

use std::fmt;
use std::io::{self, BufRead, Write};
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

/// Name of whoever uses the operator's tool with the key that a broker's host has left.
pub const OPERATOR: &str = "operator";
/// Length of a secret, bytes.
pub const SECRET_BYTES: usize = 32;
/// Longest line that is read for one: its digits, and a line end of two bytes.
const MAX_LINE_BYTES: u64 = 2 * SECRET_BYTES as u64 + 2;

/// 32 random bytes that only their owner and the broker's host have seen. Written as 64 hexadecimal
/// digits; never shown by `Debug`.
#[derive(Clone)]
pub struct Secret([u8; SECRET_BYTES]);

/// Why a text is no secret. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a secret is {digits} hexadecimal digits, this has {found} bytes or other characters", digits = 2 * SECRET_BYTES)]
pub struct SecretError {
    /// How many bytes were found.
    pub found: usize,
}

/// What a client proves its identity with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Credential {
    /// Nothing: it is an observer.
    #[default]
    None,
    /// A token, good for one hello.
    SpawnToken(Secret),
    /// The key of a session that a token, or the broker's host, has opened.
    SessionKey(Secret),
}

/// What a broker remembers of a secret.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecretDigest([u8; 32]);

impl Secret {
    /// A new one, from the system's source of randomness; an error where that has none.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(bytes))
    }

    /// Reads one line, as a child does from its standard input. Blocks; reads no byte of what
    /// follows the line beyond what `input` itself buffers.
    pub fn read_line(input: &mut impl BufRead) -> io::Result<Self> {
        let mut line = String::new();
        io::Read::take(input, MAX_LINE_BYTES).read_line(&mut line)?;
        line.trim_end().parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Writes it as a line, as a parent does to the standard input of its child.
    pub fn write_line(&self, output: &mut impl Write) -> io::Result<()> {
        writeln!(output, "{}", self.to_hex())
    }

    /// As 64 hexadecimal digits: for files and pipes, not for logs.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn digest(&self) -> SecretDigest {
        SecretDigest(Sha256::digest(self.0).into())
    }
}

impl SecretDigest {
    /// For the journal of the broker that has seen it.
    pub(crate) fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// As a journal has it.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Whether it is of the same secret; takes as long whatever the answer.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl FromStr for Secret {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; SECRET_BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| SecretError { found: text.len() })?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written_and_no_further() {
        let secret = Secret::random().expect("randomness");
        let mut pipe = Vec::new();
        secret.write_line(&mut pipe).expect("written");
        pipe.extend_from_slice(b"rest");
        let mut input = pipe.as_slice();
        assert_eq!(Secret::read_line(&mut input).expect("read"), secret);
        assert_eq!(input, b"rest");
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        for text in ["", "abc", &"x".repeat(64), &"0".repeat(63), &"0".repeat(66)] {
            let told = text.parse::<Secret>().expect_err("no secret").to_string();
            assert!(told.starts_with("a secret is 64 hexadecimal digits"), "{told}");
        }
        let error = Secret::read_line(&mut "hello\n".as_bytes()).expect_err("no secret");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn nobody_learns_a_secret_from_its_debug_text() {
        let secret = Secret::random().expect("randomness");
        let shown = format!("{:?}", Credential::SpawnToken(secret.clone()));
        assert_eq!(shown, "SpawnToken(Secret(..))");
        assert_ne!(secret, Secret::random().expect("randomness"));
        assert!(secret.digest().is(&secret.clone().digest()));
    }
}
