//! What a subscriber asks for, as said. [`Matcher`](super::Matcher) is the same as resolved.

use serde::{Deserialize, Serialize};

use super::{CorrelationFilter, EventFilter, OverflowPolicy, TopicFilter};
use crate::event::SourceCaps;

/// Events a subscription holds for its receiver by default.
pub const DEFAULT_CAPACITY_EVENTS: usize = 1024;
/// The most events a subscription may hold.
pub const MAX_CAPACITY_EVENTS: usize = 1 << 20;
/// Patterns one subscription may have, filters included.
pub const MAX_PATTERNS: usize = 256;
/// Length of a subscriber id, bytes.
pub const MAX_SUBSCRIBER_ID_BYTES: usize = 128;

/// A request to receive events.
///
/// ```
/// use daemoneye_eventbus::{EventSubscription, OverflowPolicy};
///
/// let subscription = EventSubscription::new("alerts")
///     .with_pattern("events.process.#")
///     .with_policy(OverflowPolicy::DropOldest)
///     .with_capacity(64);
/// assert_eq!(subscription.capacity, 64);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventSubscription {
    /// Name of the subscriber, unique on the bus (C9).
    pub subscriber_id: String,
    /// Topic patterns, of which one must match (M1).
    pub topic_patterns: Vec<String>,
    /// Used when there are no patterns: the topics of these capabilities (M1).
    pub capabilities: SourceCaps,
    /// Whether `+` and `#` are allowed in the patterns (M2).
    pub enable_wildcards: bool,
    /// Conditions on the event (M3).
    pub event_filter: Option<EventFilter>,
    /// Conditions on the topic (M4).
    pub topic_filter: Option<TopicFilter>,
    /// Conditions on the correlation (M5).
    pub correlation_filter: Option<CorrelationFilter>,
    /// Events held for the receiver, at least 1.
    pub capacity: usize,
    /// What happens when they are that many (C11).
    pub policy: OverflowPolicy,
    /// How many of the last events it matches come first, at most; not more than the capacity. A bus
    /// that keeps none has none to give.
    pub replay_last: usize,
}

impl Default for EventSubscription {
    fn default() -> Self {
        Self {
            subscriber_id: String::new(),
            topic_patterns: Vec::new(),
            capabilities: SourceCaps::empty(),
            enable_wildcards: true,
            event_filter: None,
            topic_filter: None,
            correlation_filter: None,
            capacity: DEFAULT_CAPACITY_EVENTS,
            policy: OverflowPolicy::Block,
            replay_last: 0,
        }
    }
}

impl EventSubscription {
    /// A subscription without any pattern yet.
    pub fn new(subscriber_id: impl Into<String>) -> Self {
        Self { subscriber_id: subscriber_id.into(), ..Self::default() }
    }

    /// Adds a topic pattern.
    #[must_use]
    pub fn with_pattern(mut self, pattern: impl Into<String>) -> Self {
        self.topic_patterns.push(pattern.into());
        self
    }

    /// Subscribes by capabilities instead of patterns.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: SourceCaps) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Sets the conditions on the event.
    #[must_use]
    pub fn with_event_filter(mut self, filter: EventFilter) -> Self {
        self.event_filter = Some(filter);
        self
    }

    /// Sets the conditions on the topic.
    #[must_use]
    pub fn with_topic_filter(mut self, filter: TopicFilter) -> Self {
        self.topic_filter = Some(filter);
        self
    }

    /// Sets the conditions on the correlation.
    #[must_use]
    pub fn with_correlation_filter(mut self, filter: CorrelationFilter) -> Self {
        self.correlation_filter = Some(filter);
        self
    }

    /// Sets how many events are held for the receiver.
    #[must_use]
    pub fn with_capacity(mut self, events: usize) -> Self {
        self.capacity = events;
        self
    }

    /// Asks for the last events that match, as far as the bus has kept them.
    #[must_use]
    pub fn replay_last(mut self, events: usize) -> Self {
        self.replay_last = events;
        self
    }

    /// Sets what happens when the receiver does not keep up.
    #[must_use]
    pub fn with_policy(mut self, policy: OverflowPolicy) -> Self {
        self.policy = policy;
        self
    }
}
