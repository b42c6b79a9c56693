//! Why a topic or a pattern is refused: the offending level and what to write instead.

use thiserror::Error;

use super::{MAX_LEVEL_BYTES, MAX_LEVELS, MAX_TOPIC_BYTES};

/// Why a string is not a topic (T1, T2). Levels count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TopicError {
    /// Nothing at all.
    #[error("topic is empty")]
    Empty,
    /// Too long as a whole.
    #[error("topic is {bytes} bytes long, the limit is {MAX_TOPIC_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Too many levels.
    #[error("topic has {levels} levels, the limit is {MAX_LEVELS}")]
    TooDeep {
        /// Its levels.
        levels: usize,
    },
    /// Two dots in a row, or one at an end.
    #[error("level {level} is empty")]
    EmptyLevel {
        /// Which one.
        level: usize,
    },
    /// One level is too long.
    #[error("level {level} is {bytes} bytes long, the limit is {MAX_LEVEL_BYTES}")]
    LevelTooLong {
        /// Which one.
        level: usize,
        /// Its length.
        bytes: usize,
    },
    /// A character outside `a–z 0–9 _ -`.
    #[error("level {level} {text:?} contains {found:?}; allowed are a-z, 0-9, `_` and `-`")]
    InvalidCharacter {
        /// Which level.
        level: usize,
        /// The level.
        text: String,
        /// The character.
        found: char,
    },
    /// A wildcard in a topic.
    #[error("level {level} {text:?} is a wildcard; a topic to publish on names every level")]
    Wildcard {
        /// Which level.
        level: usize,
        /// The level.
        text: String,
    },
    /// Not one of the three namespaces.
    #[error("topic starts with {found:?}; the first level is `events`, `control` or `admin`")]
    UnknownNamespace {
        /// What stands there.
        found: String,
    },
}

/// Why a string is not a pattern (T3–T5).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// A literal level breaks the rules of topics.
    #[error("pattern: {0}")]
    Level(#[from] TopicError),
    /// `*` stands nowhere in a pattern.
    #[error("level {level} {text:?} contains `*`; write `+` for one level or `#` for all below")]
    Asterisk {
        /// Which level.
        level: usize,
        /// The level.
        text: String,
    },
    /// A wildcard that does not fill its level.
    #[error("level {level} {text:?} mixes `{wildcard}` with text; a wildcard is a whole level")]
    PartialWildcard {
        /// Which level.
        level: usize,
        /// The level.
        text: String,
        /// The wildcard.
        wildcard: char,
    },
    /// `#` before the end.
    #[error("`#` at level {level} is not last; use `+` for a single level")]
    HashNotLast {
        /// Which level.
        level: usize,
    },
    /// A wildcard where the subscription switched them off (M2).
    #[error("level {level} {text:?} is a wildcard, and this subscription disables wildcards")]
    WildcardsDisabled {
        /// Which level.
        level: usize,
        /// The level.
        text: String,
    },
}
