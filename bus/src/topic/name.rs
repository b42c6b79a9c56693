//! A concrete topic, as published on (T1, T2).

use std::fmt;
use std::str::FromStr;

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::{Lane, MAX_LEVEL_BYTES, MAX_LEVELS, MAX_TOPIC_BYTES, NAMESPACES, TopicError};

/// A valid topic such as `events.process.lifecycle`.
///
/// ```
/// use daemoneye_eventbus::Topic;
///
/// let topic: Topic = "events.process.lifecycle".parse()?;
/// assert_eq!(topic.levels().nth(1), Some("process"));
/// assert!("events..lifecycle".parse::<Topic>().is_err());
/// # Ok::<(), daemoneye_eventbus::TopicError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "ByteString", into = "ByteString")]
pub struct Topic(ByteString);

impl Topic {
    /// Checks T1 and T2.
    pub fn new(text: impl Into<ByteString>) -> Result<Self, TopicError> {
        let text = text.into();
        validate(&text)?;
        Ok(Self(text))
    }

    /// A topic of the registry, whose rows are checked by its tests instead of at every publish.
    pub(super) fn registered(text: &'static str) -> Self {
        debug_assert_eq!(validate(text), Ok(()), "registered topics are valid");
        Self(ByteString::from_static(text))
    }

    /// Which of the two streams its events are in (C4).
    pub fn lane(&self) -> Lane {
        Lane::of(self.as_str().as_bytes())
    }

    /// The topic as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text itself, shared.
    pub fn as_byte_string(&self) -> &ByteString {
        &self.0
    }

    /// Its levels, first to last.
    pub fn levels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }
}

fn validate(text: &str) -> Result<(), TopicError> {
    if is_valid(text.as_bytes()) { Ok(()) } else { what_is_wrong(text) }
}

/// T1 and T2 in one pass: every event that arrives has a topic.
fn is_valid(text: &[u8]) -> bool {
    let (mut levels, mut level_bytes) = (1, 0);
    for byte in text {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => level_bytes += 1,
            b'.' if level_bytes > 0 => (levels, level_bytes) = (levels + 1, 0),
            _ => return false,
        }
        if level_bytes > MAX_LEVEL_BYTES {
            return false;
        }
    }
    let is_of = |namespace: &&str| {
        let rest = text.strip_prefix(namespace.as_bytes());
        rest.is_some_and(|rest| matches!(rest, [] | [b'.', ..]))
    };
    level_bytes > 0
        && levels <= MAX_LEVELS
        && text.len() <= MAX_TOPIC_BYTES
        && NAMESPACES.iter().any(is_of)
}

/// The first thing that is wrong with a text that is no topic.
fn what_is_wrong(text: &str) -> Result<(), TopicError> {
    validate_size(text)?;
    for (index, level) in text.split('.').enumerate() {
        if let Some(wildcard) = level.chars().find(|c| is_wildcard(*c)) {
            let text = level.to_owned();
            return Err(TopicError::Wildcard { level: index + 1, text, wildcard });
        }
        validate_level(index + 1, level)?;
    }
    validate_namespace(text)
}

/// T1 for the whole of a topic or pattern; returns its number of levels.
pub(super) fn validate_size(text: &str) -> Result<usize, TopicError> {
    if text.is_empty() {
        return Err(TopicError::Empty);
    }
    if text.len() > MAX_TOPIC_BYTES {
        // The first byte too many belongs to the level that does not fit; a dot, to the next one.
        let dots = text.bytes().take(MAX_TOPIC_BYTES + 1).filter(|byte| *byte == b'.').count();
        let level = dots + 1;
        return Err(TopicError::TooLong { level, bytes: text.len() });
    }
    let levels = text.split('.').count();
    if levels > MAX_LEVELS {
        return Err(TopicError::TooDeep { levels });
    }
    Ok(levels)
}

/// T1 for one level without wildcards, numbered from 1.
pub(super) fn validate_level(level: usize, text: &str) -> Result<(), TopicError> {
    if text.is_empty() {
        return Err(TopicError::EmptyLevel { level });
    }
    if let Some(found) = text.chars().find(|c| !is_allowed(*c)) {
        return Err(TopicError::InvalidCharacter { level, text: text.to_owned(), found });
    }
    if text.len() > MAX_LEVEL_BYTES {
        return Err(TopicError::LevelTooLong { level, bytes: text.len() });
    }
    Ok(())
}

/// T2 for the first level.
pub(super) fn validate_namespace(text: &str) -> Result<(), TopicError> {
    let first = text.split('.').next().unwrap_or_default();
    if NAMESPACES.contains(&first) {
        Ok(())
    } else {
        Err(TopicError::UnknownNamespace { found: first.to_owned() })
    }
}

fn is_allowed(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9' | '_' | '-')
}

/// `*` too: it stands for nothing here, but whoever writes it means a wildcard.
fn is_wildcard(c: char) -> bool {
    matches!(c, '+' | '#' | '*')
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl TryFrom<ByteString> for Topic {
    type Error = TopicError;

    fn try_from(text: ByteString) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<Topic> for ByteString {
    fn from(topic: Topic) -> Self {
        topic.0
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{is_valid, what_is_wrong};

    proptest! {
        #[test]
        fn one_pass_knows_what_a_closer_look_finds(
            text in "(events|control|admin|event|x)?([.][a-z0-9_*+#.A-]{0,5}){0,9}([.][a-z]{60,66})?",
        ) {
            prop_assert_eq!(is_valid(text.as_bytes()), what_is_wrong(&text).is_ok(), "{}", text);
        }
    }
}
