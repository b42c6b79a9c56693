//! Random settings of the bus, none of which a sound bus runs into: what is refused at a limit differs
//! from bus to bus, and on one bus from run to run. A bus that counts wrong, or has less room than it
//! says, does run into them.

use proptest::prelude::Strategy;
use proptest::{option, sample};

use crate::plan::{BusSettings, PublisherSpec, Topology};

/// How often each of them is said at all.
const OFTEN: f64 = 0.25;
/// How long a publish waits, milliseconds: nobody stops reading for as long.
const PUBLISH_LIMITS_MS: [u64; 2] = [5_000, 30_000];
/// Events in the central channel; the least lets each publish wait for the one before it.
const CENTRAL_CAPACITIES: [usize; 3] = [1, 4, 64];
/// Subscriptions of a subscriber, at most: its own and the one that carries its fences.
const EACH_SUBSCRIBES: usize = 2;

/// Settings that still lack the numbers of a topology.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    limits_subscribers: bool,
    publish_limit_ms: Option<u64>,
    central_capacity: Option<usize>,
    limits_payloads: bool,
}

pub(super) fn any() -> impl Strategy<Value = Draft> {
    let limited = || proptest::bool::weighted(OFTEN);
    let publish_limit = option::weighted(OFTEN, sample::select(PUBLISH_LIMITS_MS.to_vec()));
    let central = option::weighted(OFTEN, sample::select(CENTRAL_CAPACITIES.to_vec()));
    (limited(), publish_limit, central, limited()).prop_map(
        |(limits_subscribers, publish_limit_ms, central_capacity, limits_payloads)| Draft {
            limits_subscribers,
            publish_limit_ms,
            central_capacity,
            limits_payloads,
        },
    )
}

impl Draft {
    /// The settings for this topology: room for whoever is in it, and for the largest of its events.
    pub(super) fn told(self, topology: &Topology) -> BusSettings {
        let most = EACH_SUBSCRIBES * topology.subscribers.len();
        BusSettings {
            subscriber_limit: self.limits_subscribers.then_some(most),
            connection_limit: None,
            connection_subscriber_limit: None,
            retained_events: None,
            publish_limit_ms: self.publish_limit_ms,
            central_capacity: self.central_capacity,
            payload_limit_bytes: largest(&topology.publishers).filter(|_| self.limits_payloads),
            fault: None,
        }
    }
}

fn largest(publishers: &[PublisherSpec]) -> Option<usize> {
    let parts = publishers.iter().flat_map(|publisher| &publisher.mix);
    parts.map(|part| part.payload_bytes).max()
}
