//! The name of a session as the agent knows it.

use std::fmt;

use bytestring::ByteString;
use thiserror::Error;

/// Length of a session id, bytes.
pub const MAX_SESSION_ID_BYTES: usize = 128;

/// A session id: 1 to 128 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionId(ByteString);

/// Why a text is no session id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("session id {found:?} is not 1 to {MAX_SESSION_ID_BYTES} visible ASCII characters")]
pub struct SessionIdError {
    /// What was found, or its beginning.
    pub found: String,
}

impl SessionId {
    /// Checks a text.
    pub fn new(text: impl Into<ByteString>) -> Result<Self, SessionIdError> {
        let text = text.into();
        let fits = (1..=MAX_SESSION_ID_BYTES).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text));
        }
        Err(SessionIdError { found: text.chars().take(MAX_SESSION_ID_BYTES).collect() })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as events carry it.
    pub(super) fn to_byte_string(&self) -> ByteString {
        self.0.clone()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_short_visible_text() {
        let longest = "x".repeat(MAX_SESSION_ID_BYTES);
        for text in ["a", "4f2a-1/~", &longest] {
            assert_eq!(SessionId::new(text).unwrap().as_str(), text);
        }
        let too_long = "x".repeat(MAX_SESSION_ID_BYTES + 1);
        for text in ["", "a b", "a\n", "größe", &too_long] {
            let refused = SessionId::new(text).unwrap_err();
            assert!(text.starts_with(&refused.found), "{refused}");
        }
    }
}
