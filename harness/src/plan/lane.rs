//! The two lanes of C4, and which of them a publisher and a subscriber share.
//!
//! Within a lane the order of a publisher's events is kept; between the two nothing is promised.

use std::fmt;

use daemoneye_eventbus::contract::Matcher;
use serde::{Deserialize, Serialize};

use super::workload::topic_of;
use super::{Case, PublisherSpec};

/// A lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// `events`.
    Events,
    /// `control` and `admin`.
    Control,
}

impl Lane {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Events, Self::Control];

    /// The lane of a topic.
    pub fn of(topic: &str) -> Self {
        if topic.split('.').next() == Some("events") { Self::Events } else { Self::Control }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Events => "events",
            Self::Control => "control",
        })
    }
}

/// Lanes a publisher publishes in, `events` first.
pub fn published_lanes(publisher: &PublisherSpec) -> Vec<Lane> {
    used(publisher, |_| true)
}

/// Lanes in which something of a publisher's mix passes a subscriber's topics, `events` first.
pub fn shared_lanes(case: &Case, publisher: usize, subscriber: usize) -> Vec<Lane> {
    let topology = &case.topology;
    let (Some(publisher), Some(subscriber)) =
        (topology.publishers.get(publisher), topology.subscribers.get(subscriber))
    else {
        return Vec::new();
    };
    let Ok(matcher) = Matcher::compile(&subscriber.subscription) else { return Vec::new() };
    used(publisher, |topic| matcher.matches_topic(topic))
}

fn used(
    publisher: &PublisherSpec,
    counts: impl Fn(&daemoneye_eventbus::Topic) -> bool,
) -> Vec<Lane> {
    let topics: Vec<_> = publisher.mix.iter().filter_map(topic_of).filter(counts).collect();
    let is_used = |lane: &Lane| topics.iter().any(|topic| Lane::of(topic.as_str()) == *lane);
    Lane::ALL.into_iter().filter(is_used).collect()
}
