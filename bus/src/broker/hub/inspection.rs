//! What an operator sees of the hub: connections, subscriptions, topics in use.
//!
//! Everything is put together when it is asked for; routing keeps plain counters and nothing else.

use std::time::Duration;

use rustc_hash::FxHashMap;

use super::super::subscription::{Remote, Sink, Subscription};
use super::connections::Peer;
use super::{Hub, live};
use crate::clock::monotonic_ns;
use crate::contract::{
    BrokerInspection, ConnectionInspection, InspectionQuery, Sections, SubscriptionInspection,
    TopicInspection,
};
use crate::topic::{Topic, is_registered};
use crate::wire::EventEnvelope;

/// Patterns of one subscription that are told, bytes.
const MAX_PATTERN_BYTES: usize = 4096;

impl Hub {
    /// The rows asked for, all of them.
    pub(in super::super) fn inspect(&mut self, query: &InspectionQuery) -> BrokerInspection {
        self.remove_abandoned();
        let mut inspection = BrokerInspection {
            uptime: self.started.elapsed(),
            other_topics_published: self.routes.seen().others(),
            parked_subscriptions: self.waiting_for_return(),
            expired_subscriptions: self.sessions_expired,
            ..BrokerInspection::default()
        };
        if query.sections.contains(Sections::CONNECTIONS) {
            inspection.connections = self.connection_rows(query.after.connection);
        }
        if query.sections.contains(Sections::SUBSCRIPTIONS) {
            inspection.subscriptions = self.subscription_rows(query);
        }
        if query.sections.contains(Sections::TOPICS) {
            inspection.topics = self.topic_rows(&query.after.topic);
        }
        inspection
    }

    /// One look at each connection and one at each subscription.
    fn connection_rows(&self, after: u64) -> Vec<ConnectionInspection> {
        let now_ns = monotonic_ns();
        let peers = self.connections.peers().filter(|(_, peer)| peer.number > after);
        let mut rows: FxHashMap<u32, ConnectionInspection> =
            peers.map(|(key, peer)| (key, connection_row(peer))).collect();
        for subscription in self.by_id.values().map(|key| live(&self.subscriptions, *key)) {
            if let Sink::Remote(remote) = &subscription.sink
                && let Some(row) = rows.get_mut(&remote.connection)
            {
                add_subscription(row, subscription, remote, now_ns);
            }
        }
        let mut rows: Vec<_> =
            rows.into_iter().map(|(key, row)| self.less_underway(key, row)).collect();
        rows.sort_by_key(|row| row.number);
        rows
    }

    /// What was handed over and is still in the outbox is not delivered yet.
    fn less_underway(&self, key: u32, mut row: ConnectionInspection) -> ConnectionInspection {
        let underway = self.connections.get(key).map_or(0, |peer| peer.outbox.deliveries());
        row.events_delivered = row.events_delivered.saturating_sub(underway);
        row
    }

    fn subscription_rows(&self, query: &InspectionQuery) -> Vec<SubscriptionInspection> {
        let now_ns = monotonic_ns();
        let is_wanted = |subscription: &&Subscription| {
            let topic = query.topic.as_ref();
            subscription.id > query.after.subscriber
                && topic.is_none_or(|topic| subscription.matcher.matches_topic(topic))
        };
        let all = self.by_id.values().map(|key| live(&self.subscriptions, *key));
        let mut rows: Vec<_> = all
            .filter(is_wanted)
            .map(|subscription| self.subscription_row(subscription, now_ns))
            .collect();
        rows.sort_by(|a, b| a.counters.subscriber_id.cmp(&b.counters.subscriber_id));
        rows
    }

    fn subscription_row(&self, own: &Subscription, now_ns: u64) -> SubscriptionInspection {
        let patterns = own.matcher.patterns();
        let topic_patterns = within(patterns.iter().map(ToString::to_string));
        let mut row = SubscriptionInspection {
            counters: own.statistics(|connection| self.connections.turn(connection)),
            more_patterns: (patterns.len() - topic_patterns.len()) as u64,
            topic_patterns,
            filters: own.matcher.filters(),
            capacity: own.capacity,
            policy: own.policy,
            ..SubscriptionInspection::default()
        };
        match &own.sink {
            Sink::Local(queue) => row.unread = queue.len() as u64,
            Sink::Parked(_) => {}
            Sink::Remote(remote) => {
                row.connection = self.connections.number(remote.connection);
                row.queued_bytes = remote.backlog_bytes as u64;
                row.lag = lag(remote, now_ns);
            }
        }
        row
    }

    fn topic_rows(&self, after: &str) -> Vec<TopicInspection> {
        let valid = |(topic, published): (&[u8], u64)| {
            let topic = Topic::new(std::str::from_utf8(topic).ok()?).ok()?;
            Some((topic, published))
        };
        let mut rows: Vec<_> = self
            .routes
            .seen()
            .rows()
            .filter(|(topic, _)| *topic > after.as_bytes())
            .filter_map(valid)
            .map(|(topic, events_published)| TopicInspection {
                registered: is_registered(&topic),
                topic: topic.to_string(),
                events_published,
            })
            .collect();
        rows.sort_by(|a, b| a.topic.cmp(&b.topic));
        rows
    }
}

/// A connection with what its ended subscriptions had counted.
fn connection_row(peer: &Peer) -> ConnectionInspection {
    ConnectionInspection {
        number: peer.number,
        name: peer.name.to_string(),
        incarnation: peer.incarnation,
        pid: peer.pid,
        queued_bytes: peer.outbox.len() as u64,
        queued_events: peer.outbox.deliveries(),
        events_published: peer.published,
        events_delivered: peer.ended.handed_over,
        events_dropped: peer.ended.dropped,
        ..ConnectionInspection::default()
    }
}

fn add_subscription(
    row: &mut ConnectionInspection,
    own: &Subscription,
    remote: &Remote,
    now_ns: u64,
) {
    row.subscriptions += 1;
    row.events_dropped += own.dropped;
    row.events_delivered += own.handed_over;
    row.queued_bytes += remote.backlog_bytes as u64;
    row.queued_events += remote.backlog.len() as u64;
    row.lag = row.lag.max(lag(remote, now_ns));
}

/// The first texts, up to a limit for all of them.
fn within(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut bytes = 0;
    texts
        .take_while(|text| {
            bytes += text.len();
            bytes <= MAX_PATTERN_BYTES
        })
        .collect()
}

/// How long ago the oldest event held back was published, as its publisher says.
fn lag(remote: &Remote, now_ns: u64) -> Duration {
    let oldest = remote.backlog.front();
    let envelope = oldest.and_then(|(_, bytes)| EventEnvelope::parse(bytes).ok());
    let published_ns = envelope.map_or(now_ns, |envelope| envelope.published_monotonic_ns);
    Duration::from_nanos(now_ns.saturating_sub(published_ns))
}
