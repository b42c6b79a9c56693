//! Why a topic or a pattern is refused: the offending level and what to write instead (T1–T5).
//!
//! The sentences name no argument and quote no whole input: whoever asked for the parse knows both
//! and puts them in front.

use thiserror::Error;

use super::{MAX_LEVEL_BYTES, MAX_LEVELS, MAX_TOPIC_BYTES};

/// Why a string is not a topic (T1, T2). Levels count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TopicError {
    /// Nothing at all.
    #[error("level 1 is missing; start with `events`, `control` or `admin`")]
    Empty,
    /// Too long as a whole.
    #[error(
        "level {level} goes past the limit of {MAX_TOPIC_BYTES} bytes in all ({bytes} given); \
         use shorter or fewer levels"
    )]
    TooLong {
        /// The first level that does not fit.
        level: usize,
        /// Length of the whole, bytes.
        bytes: usize,
    },
    /// Too many levels.
    #[error(
        "level {} is one too many ({levels} given, the limit is {MAX_LEVELS}); \
         join words with `_` or `-` instead of dots",
        MAX_LEVELS + 1
    )]
    TooDeep {
        /// How many there are.
        levels: usize,
    },
    /// Two dots in a row, or one at an end.
    #[error("level {level} is empty; remove the extra dot or name the level")]
    EmptyLevel {
        /// Which one.
        level: usize,
    },
    /// One level is too long.
    #[error("level {level} is {bytes} bytes long; shorten it to {MAX_LEVEL_BYTES} at most")]
    LevelTooLong {
        /// Which one.
        level: usize,
        /// Its length, bytes.
        bytes: usize,
    },
    /// A character outside `a–z 0–9 _ -`.
    #[error("level {level} {text:?} contains {found:?}; allowed are a-z, 0-9, `_` and `-`")]
    InvalidCharacter {
        /// Which level.
        level: usize,
        /// The level.
        text: String,
        /// The first such character.
        found: char,
    },
    /// A wildcard in a topic, or `*`, which some take for one.
    #[error(
        "level {level} {text:?} contains `{wildcard}`; a topic names every level, \
         only a pattern has wildcards (`+` for one level, `#` for all below)"
    )]
    Wildcard {
        /// Which level.
        level: usize,
        /// The level.
        text: String,
        /// The wildcard.
        wildcard: char,
    },
    /// Not one of the three namespaces.
    #[error("level 1 {found:?} is no namespace; start with `events`, `control` or `admin`")]
    UnknownNamespace {
        /// What stands there.
        found: String,
    },
}

/// Why a string is not a pattern (T3–T5). Levels count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// The whole, or a literal level, breaks the rules of topics.
    #[error(transparent)]
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
    #[error(
        "level {level} {text:?} is more than `{wildcard}`; \
         a wildcard fills its level, write `{wildcard}` alone or a name"
    )]
    PartialWildcard {
        /// Which level.
        level: usize,
        /// The level.
        text: String,
        /// The first wildcard in it.
        wildcard: char,
    },
    /// `#` before the end.
    #[error(
        "level {level} \"#\" is not the last; write `+` for one level or end the pattern there"
    )]
    HashNotLast {
        /// Which level.
        level: usize,
    },
    /// A wildcard where the subscription switched them off (M2).
    #[error(
        "level {level} {text:?} is a wildcard, and this subscription disables wildcards; \
         name the level or enable them"
    )]
    WildcardsDisabled {
        /// Which level.
        level: usize,
        /// The level.
        text: String,
    },
}
