//! An event as it arrives: what was published, and what the bus added.

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::CorrelationMetadata;
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

/// Identity of one published event, unique on this host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventId {
    /// Name of the publisher, as its connection was introduced.
    pub publisher: ByteString,
    /// One life of that publisher; a random number.
    pub incarnation: u64,
    /// The publisher's running number, from 1.
    pub sequence: u64,
}
