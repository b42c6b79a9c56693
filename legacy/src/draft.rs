//! An event on its way into a bus: stamped when `publish` was called, numbered when it gets its
//! place.

use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::{BusEvent, CollectionEvent, CorrelationMetadata, EventId, Topic};

/// An event that has no number yet.
pub(crate) struct Draft {
    topic: Topic,
    event: CollectionEvent,
    correlation: Option<CorrelationMetadata>,
    published_monotonic_ns: u64,
}

impl Draft {
    /// An event that is published now.
    pub(crate) fn now(
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Self {
        Self { topic, event, correlation, published_monotonic_ns: monotonic_ns() }
    }

    /// The event with its number; without a correlation it becomes the root of a new one (C8).
    pub(crate) fn numbered(self, id: EventId) -> BusEvent {
        let correlation = self.correlation.unwrap_or_else(|| CorrelationMetadata::derived(&id));
        BusEvent {
            id,
            topic: self.topic,
            published_monotonic_ns: self.published_monotonic_ns,
            correlation,
            event: self.event,
        }
    }
}
