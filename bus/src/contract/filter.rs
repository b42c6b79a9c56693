//! What a subscriber can ask for besides topics (M3–M5). All parts of a filter must hold.

use std::ops::RangeInclusive;

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use crate::event::{EventKind, Priority};

/// Conditions on the event itself (M3). An empty list is no condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventFilter {
    /// Kinds of event that pass.
    pub event_types: Vec<EventKind>,
    /// Processes that pass; an event about no process does not.
    pub pids: Vec<u32>,
    /// The lowest priority that passes; an event without one counts as normal.
    pub min_priority: Option<Priority>,
    /// Collectors that pass.
    pub source_collectors: Vec<ByteString>,
    /// Metadata the event must carry, key and value.
    pub metadata: Vec<(ByteString, ByteString)>,
}

/// Conditions on the topic beyond the patterns (M4): excludes first, then includes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TopicFilter {
    /// Patterns of topics that never pass.
    pub exclude: Vec<String>,
    /// When not empty: patterns of which one must match.
    pub include: Vec<String>,
}

/// Conditions on the correlation (M5). An empty list and `None` are no condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorrelationFilter {
    /// The id, exactly; or its beginning, written `prefix*`.
    pub correlation_id: Option<ByteString>,
    /// The parent's id, exactly.
    pub parent_id: Option<ByteString>,
    /// The root's id, exactly.
    pub root_id: Option<ByteString>,
    /// The stage of the workflow, exactly.
    pub stage: Option<ByteString>,
    /// Tags that must all be there, key and value.
    pub all_tags: Vec<(ByteString, ByteString)>,
    /// Tags of which one must be there.
    pub any_tags: Vec<(ByteString, ByteString)>,
    /// Correlation sequence numbers that pass, both ends included.
    pub sequence: Option<RangeInclusive<u64>>,
    /// Processes that pass; an event about no process does not.
    pub process_ids: Vec<u32>,
}
