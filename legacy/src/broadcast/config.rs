//! Settings of the broadcast bus.

use std::time::Duration;

use daemoneye_eventbus::duration;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Events the ring holds by default: as many as a subscription holds on other buses, doubled, since
/// the ring holds what matches nobody too.
pub const DEFAULT_RING_CAPACITY_EVENTS: usize = 2048;
/// The most events a ring may hold; its memory is taken when the bus is made.
pub const MAX_RING_CAPACITY_EVENTS: usize = 1 << 20;
/// Subscribers at the same time: each event that matches them all names every one of them.
pub const DEFAULT_SUBSCRIBER_LIMIT: usize = 1000;
/// How long `publish` waits with [`BroadcastConfig::backpressure`]; as on the crossbeam bus.
pub const DEFAULT_PUBLISH_LIMIT: Duration = Duration::from_secs(30);

/// How a [`BroadcastEventBus`](super::BroadcastEventBus) is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BroadcastConfig {
    /// Events in the ring, 1 to 1 048 576. Who lags more than this loses.
    pub capacity: usize,
    /// Subscribers at the same time; one more is refused (C9).
    pub subscriber_limit: usize,
    /// Whether `publish` waits before it pushes out of the ring what a `block` subscription has not
    /// received (C11). The document's bus never waits: off by default.
    pub backpressure: bool,
    /// How long such a wait lasts at most (C14).
    #[serde(with = "duration")]
    pub publish_limit: Duration,
}

/// Why there is no bus.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EventError {
    /// The ring would hold nothing, or more than it may.
    #[error("a ring of {events} events is outside 1 to {limit_events}")]
    InvalidCapacity {
        /// As asked.
        events: usize,
        /// The largest there is.
        limit_events: usize,
    },
}

impl Default for BroadcastConfig {
    fn default() -> Self {
        Self {
            capacity: DEFAULT_RING_CAPACITY_EVENTS,
            subscriber_limit: DEFAULT_SUBSCRIBER_LIMIT,
            backpressure: false,
            publish_limit: DEFAULT_PUBLISH_LIMIT,
        }
    }
}

impl BroadcastConfig {
    /// The ring's capacity, checked.
    pub(super) fn ring_capacity(&self) -> Result<usize, EventError> {
        let limit_events = MAX_RING_CAPACITY_EVENTS;
        if (1..=limit_events).contains(&self.capacity) {
            return Ok(self.capacity);
        }
        Err(EventError::InvalidCapacity { events: self.capacity, limit_events })
    }
}
