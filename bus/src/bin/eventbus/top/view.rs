//! A look at the broker as people read it.

use std::collections::HashMap;

use super::rates::{Change, ConnectionChange, SubscriptionChange};
use crate::figures;
use crate::subscriptions::owner;
use crate::table::{NOTHING, safe, table};

const CONNECTIONS: [&str; 9] =
    ["CONNECTION", "NAME", "PID", "PUB/S", "DELIV/S", "DROP/S", "QUEUED", "BYTES", "LAG"];
const SUBSCRIPTIONS: [&str; 9] =
    ["SUBSCRIPTION", "OF", "MATCH/S", "DELIV/S", "DROP/S", "DROPPED", "QUEUED", "LAG", "BREAKER"];

/// Totals, connections, subscriptions.
pub(super) fn text(change: &Change<'_>) -> String {
    let connections: Vec<_> = change.connections.iter().map(connection).collect();
    let owners = change.connections.iter().map(|row| (row.now.number, row.now)).collect();
    let subscriptions: Vec<_> =
        change.subscriptions.iter().map(|row| subscription(row, &owners)).collect();
    format!(
        "published {}/s, delivered {}/s, dropped {}/s, up {:.0} s\n\n{}\n{}",
        figures::rate(change.published_per_second),
        figures::rate(change.delivered_per_second),
        figures::rate(change.dropped_per_second),
        change.uptime_seconds,
        table(&CONNECTIONS, &connections),
        table(&SUBSCRIPTIONS, &subscriptions),
    )
}

fn connection(row: &ConnectionChange<'_>) -> Vec<String> {
    vec![
        row.now.number.to_string(),
        safe(&row.now.name),
        row.now.pid.map_or_else(|| NOTHING.to_owned(), |pid| pid.to_string()),
        figures::rate(row.published_per_second),
        figures::rate(row.delivered_per_second),
        figures::rate(row.dropped_per_second),
        row.now.queued_events.to_string(),
        figures::bytes(row.now.queued_bytes),
        figures::lag(row.now.lag),
    ]
}

fn subscription(
    row: &SubscriptionChange<'_>,
    owners: &HashMap<u64, &daemoneye_eventbus::contract::ConnectionInspection>,
) -> Vec<String> {
    let counters = &row.now.counters;
    vec![
        safe(&counters.subscriber_id),
        owner(row.now, owners),
        figures::rate(row.matched_per_second),
        figures::rate(row.delivered_per_second),
        figures::rate(row.dropped_per_second),
        counters.dropped.to_string(),
        (counters.queued + row.now.unread).to_string(),
        figures::lag(row.now.lag),
        figures::breaker(counters.breaker).to_owned(),
    ]
}
