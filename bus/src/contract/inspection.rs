//! What a broker tells an operator beyond its counters: who is connected, what they subscribe to,
//! which topics are in use.
//!
//! Rows are a view of one moment; only the counters in them add up (C12).

use std::time::Duration;

use bitflags::bitflags;
use serde::{Serialize, Serializer};

use super::{OverflowPolicy, SubscriptionStatistics};
use crate::topic::Topic;

bitflags! {
    /// Parts of an inspection.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Sections: u32 {
        /// Connections.
        const CONNECTIONS = 1 << 0;
        /// Subscriptions.
        const SUBSCRIPTIONS = 1 << 1;
        /// Topics.
        const TOPICS = 1 << 2;
    }
}

/// What to tell.
///
/// ```
/// use daemoneye_eventbus::contract::{InspectionQuery, Sections};
///
/// let who_listens = InspectionQuery::to("events.process.lifecycle".parse()?);
/// assert_eq!(who_listens.sections, Sections::SUBSCRIPTIONS);
/// # Ok::<(), daemoneye_eventbus::TopicError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectionQuery {
    /// Which parts; others are empty.
    pub sections: Sections,
    /// Only subscriptions that events on this topic can go to (M1, M4).
    pub topic: Option<Topic>,
    /// Where to go on.
    pub after: InspectionCursor,
}

/// The last rows that are known already; the default is before the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InspectionCursor {
    /// Number of a connection.
    pub connection: u64,
    /// Id of a subscription.
    pub subscriber: String,
    /// A topic.
    pub topic: String,
}

/// The answer. A section holds as many rows as fit, and says how many more there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BrokerInspection {
    /// Time since the broker was made.
    #[serde(rename = "uptime_seconds", serialize_with = "seconds")]
    pub uptime: Duration,
    /// In order of their numbers.
    pub connections: Vec<ConnectionInspection>,
    /// Connections after these.
    pub more_connections: u64,
    /// In order of their ids.
    pub subscriptions: Vec<SubscriptionInspection>,
    /// Subscriptions after these.
    pub more_subscriptions: u64,
    /// In order of their names.
    pub topics: Vec<TopicInspection>,
    /// Topics after these.
    pub more_topics: u64,
    /// Events on topics the broker had no place for in its table.
    pub other_topics_published: u64,
    /// Subscriptions that wait for their client to come back (W5).
    pub parked_subscriptions: u64,
    /// Those that waited in vain (W6).
    pub expired_subscriptions: u64,
}

/// One connection. Handles in the broker's own process have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ConnectionInspection {
    /// In the order they came, from 1; not used again.
    pub number: u64,
    /// As it introduced itself.
    pub name: String,
    /// One life of it.
    pub incarnation: u64,
    /// Its process, where the system tells.
    pub pid: Option<u32>,
    /// Bytes for its socket, and held back for its subscriptions.
    pub queued_bytes: u64,
    /// Deliveries among them.
    pub queued_events: u64,
    /// Events it published that had their turn.
    pub events_published: u64,
    /// Events delivered to its subscriptions, those that have ended included.
    pub events_delivered: u64,
    /// Events its subscriptions lost.
    pub events_dropped: u64,
    /// Subscriptions it has.
    pub subscriptions: u64,
    /// Age of the oldest event held back for it; zero when none is.
    #[serde(rename = "lag_seconds", serialize_with = "seconds")]
    pub lag: Duration,
}

/// One subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SubscriptionInspection {
    /// Its id and its counters.
    #[serde(flatten)]
    pub counters: SubscriptionStatistics,
    /// Number of its connection; `None` in the broker's own process.
    pub connection: Option<u64>,
    /// Its patterns, those of its capabilities if it has none, up to 4 KiB.
    pub topic_patterns: Vec<String>,
    /// Patterns beyond these.
    pub more_patterns: u64,
    /// Its conditions beside the patterns, for people; cut at 1 KiB.
    pub filters: String,
    /// Events held for it.
    pub capacity: usize,
    /// What happens when they are that many.
    pub policy: OverflowPolicy,
    /// Bytes held back for it.
    pub queued_bytes: u64,
    /// Age of the oldest event held back for it; zero when none is.
    #[serde(rename = "lag_seconds", serialize_with = "seconds")]
    pub lag: Duration,
    /// Events in its queue in the broker's own process that were not taken yet.
    pub unread: u64,
}

/// One topic events were published on since the broker was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TopicInspection {
    /// Its name.
    pub topic: String,
    /// Whether the registry holds it (T7).
    pub registered: bool,
    /// Events on it.
    pub events_published: u64,
}

impl Default for InspectionQuery {
    fn default() -> Self {
        Self { sections: Sections::all(), topic: None, after: InspectionCursor::default() }
    }
}

impl InspectionQuery {
    /// These parts, from their first rows.
    pub fn of(sections: Sections) -> Self {
        Self { sections, ..Self::default() }
    }

    /// Subscriptions that events on a topic can go to.
    pub fn to(topic: Topic) -> Self {
        Self { topic: Some(topic), ..Self::of(Sections::SUBSCRIPTIONS) }
    }
}

impl BrokerInspection {
    /// Whether rows are missing.
    pub fn is_cut(&self) -> bool {
        self.more_connections + self.more_subscriptions + self.more_topics > 0
    }

    /// What to ask for next: the sections that are not complete, after the rows that are here.
    pub fn next_query(&self, asked: &InspectionQuery) -> InspectionQuery {
        let mut next = asked.clone();
        next.sections.set(Sections::CONNECTIONS, self.more_connections > 0);
        next.sections.set(Sections::SUBSCRIPTIONS, self.more_subscriptions > 0);
        next.sections.set(Sections::TOPICS, self.more_topics > 0);
        if let Some(last) = self.connections.last() {
            next.after.connection = last.number;
        }
        if let Some(last) = self.subscriptions.last() {
            next.after.subscriber.clone_from(&last.counters.subscriber_id);
        }
        if let Some(last) = self.topics.last() {
            next.after.topic.clone_from(&last.topic);
        }
        next
    }

    /// Adds the answer to [`next_query`](Self::next_query). Returns whether it brought rows.
    pub fn append(&mut self, next: Self, asked: Sections) -> bool {
        let has_rows = !(next.connections.is_empty()
            && next.subscriptions.is_empty()
            && next.topics.is_empty());
        self.uptime = next.uptime;
        self.connections.extend(next.connections);
        self.subscriptions.extend(next.subscriptions);
        self.topics.extend(next.topics);
        self.parked_subscriptions = next.parked_subscriptions;
        self.expired_subscriptions = next.expired_subscriptions;
        if asked.contains(Sections::CONNECTIONS) {
            self.more_connections = next.more_connections;
        }
        if asked.contains(Sections::SUBSCRIPTIONS) {
            self.more_subscriptions = next.more_subscriptions;
        }
        if asked.contains(Sections::TOPICS) {
            self.more_topics = next.more_topics;
            self.other_topics_published = next.other_topics_published;
        }
        has_rows
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}
