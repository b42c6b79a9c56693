//! Settings of the sharing bus.

use std::time::Duration;

use daemoneye_eventbus::duration;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Events between publishers and the worker by default.
pub const DEFAULT_RING_CAPACITY_EVENTS: usize = 1024;
/// The most events the ring may hold.
pub const MAX_RING_CAPACITY_EVENTS: usize = 1 << 20;
/// Subscribers at the same time: the worker tries them one after the other.
pub const DEFAULT_SUBSCRIBER_LIMIT: usize = 1000;
/// How long `publish` waits for the worker; as on the crossbeam bus.
pub const DEFAULT_PUBLISH_LIMIT: Duration = Duration::from_secs(30);

/// How a [`SharingEventBus`](super::SharingEventBus) is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SharingConfig {
    /// Events between publishers and the worker, 1 to 1 048 576.
    pub ring_capacity: usize,
    /// Subscribers at the same time; one more is refused (C9).
    pub subscriber_limit: usize,
    /// How long `publish` waits for room in the ring before it gives up (C14). The worker waits for
    /// nobody, so that is for a flood no host keeps up with.
    #[serde(with = "duration")]
    pub publish_limit: Duration,
}

/// Why a bus was not started.
#[derive(Debug, Error)]
pub enum StartError {
    /// The ring would hold nothing, or more than it may.
    #[error("a ring of {events} events is outside 1 to {limit_events}")]
    InvalidCapacity {
        /// As asked.
        events: usize,
        /// The largest there is.
        limit_events: usize,
    },
    /// The system gives no thread.
    #[error("the worker did not start: {0}")]
    Thread(#[from] std::io::Error),
}

impl Default for SharingConfig {
    fn default() -> Self {
        Self {
            ring_capacity: DEFAULT_RING_CAPACITY_EVENTS,
            subscriber_limit: DEFAULT_SUBSCRIBER_LIMIT,
            publish_limit: DEFAULT_PUBLISH_LIMIT,
        }
    }
}

impl SharingConfig {
    /// The ring's capacity, checked.
    pub(super) fn checked_capacity(&self) -> Result<usize, StartError> {
        let limit_events = MAX_RING_CAPACITY_EVENTS;
        if (1..=limit_events).contains(&self.ring_capacity) {
            return Ok(self.ring_capacity);
        }
        Err(StartError::InvalidCapacity { events: self.ring_capacity, limit_events })
    }
}
