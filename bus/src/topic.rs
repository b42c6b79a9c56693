//! Topics: names, patterns, matching and the registry (T1–T9).
//!
//! A topic is parsed once at the edge and is valid from then on. [`TopicPattern::matches`] is the
//! one definition of a match; [`TopicTrie`] finds all matching patterns at once and agrees with it.

mod default;
mod error;
mod lane;
mod name;
mod pattern;
mod registry;
mod trie;

pub use default::default_topic;
pub use error::{PatternError, TopicError};
pub use lane::{Lane, PerLane};
pub use name::Topic;
pub use pattern::{TopicPattern, TopicSegment};
pub use registry::{AUDIT_TOPIC, REGISTRY, REPLY_PREFIX, RegisteredTopic, is_registered};
pub use trie::TopicTrie;

/// Levels a topic may have (T1).
pub const MAX_LEVELS: usize = 8;
/// Length of one level, bytes (T1).
pub const MAX_LEVEL_BYTES: usize = 64;
/// Length of a whole topic or pattern, bytes (T1).
pub const MAX_TOPIC_BYTES: usize = 255;
/// First levels there are (T2).
pub const NAMESPACES: [&str; 3] = ["events", "control", "admin"];
