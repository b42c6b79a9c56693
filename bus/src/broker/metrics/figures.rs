//! Which figures there are, and where in the hub they come from.
//!
//! Labels come from a table of our own, the topic registry: names that clients choose would make
//! a series each.

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use super::super::Shared;
use crate::contract::{
    BrokerInspection, EventBusStatistics, InspectionQuery, SubscriptionInspection,
};
use crate::topic::REPLY_PREFIX;

const PUBLISHED: &str = "daemoneye_eventbus_events_published_total";
const DELIVERED: &str = "daemoneye_eventbus_events_delivered_total";
const DROPPED: &str = "daemoneye_eventbus_events_dropped_total";
const TOPIC: &str = "daemoneye_eventbus_topic_events_total";
const UPTIME: &str = "daemoneye_eventbus_uptime_seconds";
const CONNECTIONS: &str = "daemoneye_eventbus_connections";
const SUBSCRIPTIONS: &str = "daemoneye_eventbus_subscriptions";
const PARKED: &str = "daemoneye_eventbus_parked_subscriptions";
const EXPIRED: &str = "daemoneye_eventbus_expired_subscriptions_total";
const OPEN_BREAKERS: &str = "daemoneye_eventbus_open_breakers";
const QUEUED_BYTES: &str = "daemoneye_eventbus_queued_bytes";
pub(super) const SUBSCRIPTION_QUEUED: &str = "daemoneye_eventbus_subscription_queued_events";
pub(super) const SUBSCRIPTION_LAG: &str = "daemoneye_eventbus_subscription_lag_seconds";

/// Stands for every topic the registry does not hold.
const UNREGISTERED: &str = "unregistered";

/// Says what the figures are; the recorder in force keeps it.
pub(super) fn describe() {
    describe_counter!(PUBLISHED, Unit::Count, "Events that had their turn.");
    describe_counter!(DELIVERED, Unit::Count, "Events handed to subscriptions, once for each.");
    describe_counter!(
        DROPPED,
        Unit::Count,
        "Events lost, once for each subscription that lost one."
    );
    describe_counter!(TOPIC, Unit::Count, "Events by registered topic.");
    describe_gauge!(UPTIME, Unit::Seconds, "Time since the broker was made.");
    describe_gauge!(CONNECTIONS, Unit::Count, "Clients connected.");
    describe_gauge!(SUBSCRIPTIONS, Unit::Count, "Subscriptions that can still receive.");
    describe_gauge!(PARKED, Unit::Count, "Subscriptions that wait for their client to come back.");
    describe_counter!(EXPIRED, Unit::Count, "Subscriptions nobody came back for.");
    describe_gauge!(OPEN_BREAKERS, Unit::Count, "Subscriptions whose circuit is not closed.");
    describe_gauge!(QUEUED_BYTES, Unit::Bytes, "Bytes waiting for clients.");
    describe_histogram!(
        SUBSCRIPTION_QUEUED,
        Unit::Count,
        "Events waiting for a subscription, one value per subscription and look."
    );
    describe_histogram!(
        SUBSCRIPTION_LAG,
        Unit::Seconds,
        "Age of the oldest event held back, one value per subscription and look."
    );
}

/// Reads the hub once and records.
pub(super) fn record(shared: &Shared) {
    let (statistics, inspection) = {
        let mut hub = shared.hub.lock();
        (hub.statistics(), hub.inspect(&InspectionQuery::default()))
    };
    record_totals(&statistics);
    record_topics(&inspection);
    gauge!(CONNECTIONS).set(inspection.connections.len() as f64);
    let queued_bytes: u64 = inspection.connections.iter().map(|row| row.queued_bytes).sum();
    gauge!(QUEUED_BYTES).set(queued_bytes as f64);
    gauge!(PARKED).set(inspection.parked_subscriptions as f64);
    counter!(EXPIRED).absolute(inspection.expired_subscriptions);
    record_subscriptions(&inspection.subscriptions);
}

fn record_totals(statistics: &EventBusStatistics) {
    counter!(PUBLISHED).absolute(statistics.events_published);
    counter!(DELIVERED).absolute(statistics.events_delivered);
    counter!(DROPPED).absolute(statistics.events_dropped);
    gauge!(UPTIME).set(statistics.uptime.as_secs_f64());
}

fn record_topics(inspection: &BrokerInspection) {
    let mut unregistered = inspection.other_topics_published;
    for row in &inspection.topics {
        // Replies have a topic for each client.
        if row.registered && !row.topic.starts_with(REPLY_PREFIX) {
            counter!(TOPIC, "topic" => row.topic.clone()).absolute(row.events_published);
        } else {
            unregistered += row.events_published;
        }
    }
    counter!(TOPIC, "topic" => UNREGISTERED).absolute(unregistered);
}

fn record_subscriptions(rows: &[SubscriptionInspection]) {
    use crate::contract::BreakerState;

    let open = rows.iter().filter(|row| row.counters.breaker != BreakerState::Closed).count();
    gauge!(SUBSCRIPTIONS).set(rows.len() as f64);
    gauge!(OPEN_BREAKERS).set(open as f64);
    for row in rows {
        histogram!(SUBSCRIPTION_QUEUED).record((row.counters.queued + row.unread) as f64);
        histogram!(SUBSCRIPTION_LAG).record(row.lag.as_secs_f64());
    }
}
