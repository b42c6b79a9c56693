//! An event as it arrives: what was published, and what the bus added.

use serde::{Deserialize, Serialize};

use super::{CorrelationMetadata, EventId};
use crate::event::CollectionEvent;
use crate::topic::Topic;

/// One delivered event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BusEvent {
    /// Which event of which publisher this is.
    pub id: EventId,
    /// The topic it was published on.
    pub topic: Topic,
    /// When `publish` was called: `CLOCK_MONOTONIC`, nanoseconds.
    pub published_monotonic_ns: u64,
    /// How it belongs to other events (C8).
    pub correlation: CorrelationMetadata,
    /// What was published, field for field (C6).
    pub event: CollectionEvent,
}
