//! The counters every bus keeps (C12). They never decrease and are exact at quiescence:
//! for every subscription, matched = delivered + dropped + queued, and queued is then zero.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::BreakerState;

/// Counters of a whole bus.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventBusStatistics {
    /// Events accepted by `publish`, whether or not anybody subscribed.
    pub events_published: u64,
    /// Events handed to subscribers' queues, counted once per subscription. The queue of a
    /// subscriber in another process begins at its socket.
    pub events_delivered: u64,
    /// Events lost, counted once per subscription that lost one.
    pub events_dropped: u64,
    /// Publishes and subscribes that access control refused (A5); 0 on a bus without any.
    pub refused: u64,
    /// Subscriptions that can still receive.
    pub active_subscribers: usize,
    /// Time since the bus was made.
    pub uptime: Duration,
    /// The same per subscription, in order of their ids, ended ones left out. A broker in another
    /// process tells as many as fit a frame (W2): there may be fewer than `active_subscribers`.
    pub subscriptions: Vec<SubscriptionStatistics>,
}

/// Counters of one subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionStatistics {
    /// Its name.
    pub subscriber_id: String,
    /// Events that matched it.
    pub matched: u64,
    /// Events handed to its queue and not displaced since.
    pub delivered: u64,
    /// Events lost by its policy, or at its end.
    pub dropped: u64,
    /// Events a broker still holds for it: without credit, or not yet known to be in its socket.
    /// In one process always 0, but on a bus whose subscribers share one ring: what lies in it for
    /// this one.
    pub queued: u64,
    /// State of its circuit; closed for the other policies.
    pub breaker: BreakerState,
}
