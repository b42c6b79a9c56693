//! A look at the broker as people read it.

use std::collections::HashMap;

use super::look::{Agent, Collector, Look};
use super::rates::{ConnectionChange, SubscriptionChange};
use crate::figures;
use crate::subscriptions::owner;
use crate::table::{NOTHING, safe, table};

const COLLECTORS: [&str; 10] =
    ["COLLECTOR", "STATE", "PID", "RESTARTS", "HEALTH", "PUB/S", "CPU", "MEMORY", "AGE", "REASON"];
const CONNECTIONS: [&str; 9] =
    ["CONNECTION", "NAME", "PID", "PUB/S", "DELIV/S", "DROP/S", "QUEUED", "BYTES", "LAG"];
const SUBSCRIPTIONS: [&str; 9] =
    ["SUBSCRIPTION", "OF", "MATCH/S", "DELIV/S", "DROP/S", "DROPPED", "QUEUED", "LAG", "BREAKER"];

/// Totals, collectors, connections, subscriptions.
pub(super) fn text(look: &Look<'_>) -> String {
    let change = &look.change;
    let connections: Vec<_> = change.connections.iter().map(connection).collect();
    let owners = change.connections.iter().map(|row| (row.now.number, row.now)).collect();
    let subscriptions: Vec<_> =
        change.subscriptions.iter().map(|row| subscription(row, &owners)).collect();
    format!(
        "published {}/s, delivered {}/s, dropped {}/s, up {:.0} s\n{}\n{}\n{}",
        figures::rate(change.published_per_second),
        figures::rate(change.delivered_per_second),
        figures::rate(change.dropped_per_second),
        change.uptime_seconds,
        agent(&look.agent),
        table(&CONNECTIONS, &connections),
        table(&SUBSCRIPTIONS, &subscriptions),
    )
}

fn agent(agent: &Agent<'_>) -> String {
    match agent {
        Agent::Unknown { unanswered } => format!("collectors not shown: {}\n", safe(unanswered)),
        Agent::Told { pid, uptime_seconds, collectors } => {
            let rows: Vec<_> = collectors.iter().map(collector).collect();
            let collectors = table(&COLLECTORS, &rows);
            format!("agent: process {pid}, up {uptime_seconds:.0} s\n\n{collectors}")
        }
    }
}

fn collector(row: &Collector<'_>) -> Vec<String> {
    let or_nothing = |cell: Option<String>| cell.unwrap_or_else(|| NOTHING.to_owned());
    let told = row.telemetry.as_ref();
    let cpu = told.and_then(|told| told.cpu_percent);
    let memory = told.and_then(|told| told.memory_bytes);
    vec![
        safe(row.name),
        row.state.to_owned(),
        or_nothing(row.pid.map(|pid| pid.to_string())),
        row.restarts.to_string(),
        row.health.to_owned(),
        or_nothing(row.published_per_second.map(figures::rate)),
        or_nothing(cpu.map(|percent| format!("{percent:.1} %"))),
        or_nothing(memory.map(figures::bytes)),
        or_nothing(told.map(|told| format!("{:.0} s", told.age_seconds))),
        or_nothing(row.reason.map(safe)),
    ]
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

#[cfg(test)]
mod tests;
