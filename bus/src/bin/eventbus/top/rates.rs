//! What changed between two looks at the broker.

use std::collections::HashMap;
use std::time::Duration;

use daemoneye_eventbus::EventBusStatistics;
use daemoneye_eventbus::contract::{
    BrokerInspection, ConnectionInspection, SubscriptionInspection,
};
use serde::Serialize;

/// One look.
#[derive(Debug, Default)]
pub(super) struct Sample {
    pub(super) statistics: EventBusStatistics,
    pub(super) inspection: BrokerInspection,
}

/// The later look, with rates over the time between the two.
#[derive(Debug, Serialize)]
pub(super) struct Change<'a> {
    pub(super) uptime_seconds: f64,
    pub(super) published_per_second: f64,
    pub(super) delivered_per_second: f64,
    pub(super) dropped_per_second: f64,
    pub(super) connections: Vec<ConnectionChange<'a>>,
    pub(super) subscriptions: Vec<SubscriptionChange<'a>>,
}

/// A connection and its rates.
#[derive(Debug, Serialize)]
pub(super) struct ConnectionChange<'a> {
    #[serde(flatten)]
    pub(super) now: &'a ConnectionInspection,
    pub(super) published_per_second: f64,
    pub(super) delivered_per_second: f64,
    pub(super) dropped_per_second: f64,
}

/// A subscription and its rates.
#[derive(Debug, Serialize)]
pub(super) struct SubscriptionChange<'a> {
    #[serde(flatten)]
    pub(super) now: &'a SubscriptionInspection,
    pub(super) matched_per_second: f64,
    pub(super) delivered_per_second: f64,
    pub(super) dropped_per_second: f64,
}

/// Turns counters into rates. A counter that went back is another's: it began at zero.
struct Rates(Duration);

impl Rates {
    fn of(&self, before: u64, now: u64) -> f64 {
        let more = now.checked_sub(before).unwrap_or(now);
        if self.0.is_zero() { 0.0 } else { more as f64 / self.0.as_secs_f64() }
    }
}

impl<'a> Change<'a> {
    /// Rows that move or wait most come first.
    pub(super) fn between(before: &Sample, now: &'a Sample) -> Self {
        let (then, totals) = (&before.statistics, &now.statistics);
        let total_rates = Rates(totals.uptime.saturating_sub(then.uptime));
        let rates = Rates(now.inspection.uptime.saturating_sub(before.inspection.uptime));
        Self {
            uptime_seconds: totals.uptime.as_secs_f64(),
            published_per_second: total_rates.of(then.events_published, totals.events_published),
            delivered_per_second: total_rates.of(then.events_delivered, totals.events_delivered),
            dropped_per_second: total_rates.of(then.events_dropped, totals.events_dropped),
            connections: connections(&before.inspection, &now.inspection, &rates),
            subscriptions: subscriptions(&before.inspection, &now.inspection, &rates),
        }
    }
}

fn connections<'a>(
    before: &BrokerInspection,
    now: &'a BrokerInspection,
    rates: &Rates,
) -> Vec<ConnectionChange<'a>> {
    let then: HashMap<_, _> = before.connections.iter().map(|row| (row.number, row)).collect();
    let new = ConnectionInspection::default();
    let change = |now: &'a ConnectionInspection| {
        let then = then.get(&now.number).copied().unwrap_or(&new);
        ConnectionChange {
            now,
            published_per_second: rates.of(then.events_published, now.events_published),
            delivered_per_second: rates.of(then.events_delivered, now.events_delivered),
            dropped_per_second: rates.of(then.events_dropped, now.events_dropped),
        }
    };
    let mut rows: Vec<_> = now.connections.iter().map(change).collect();
    rows.sort_by(|a, b| {
        let moves =
            |row: &ConnectionChange<'_>| row.published_per_second + row.delivered_per_second;
        let waits = b.now.queued_bytes.cmp(&a.now.queued_bytes);
        waits.then(moves(b).total_cmp(&moves(a))).then(a.now.number.cmp(&b.now.number))
    });
    rows
}

fn subscriptions<'a>(
    before: &BrokerInspection,
    now: &'a BrokerInspection,
    rates: &Rates,
) -> Vec<SubscriptionChange<'a>> {
    let key = |row: &SubscriptionInspection| (row.counters.subscriber_id.clone(), row.connection);
    let then: HashMap<_, _> = before.subscriptions.iter().map(|row| (key(row), row)).collect();
    let new = SubscriptionInspection::default();
    let change = |now: &'a SubscriptionInspection| {
        let then = &then.get(&key(now)).copied().unwrap_or(&new).counters;
        let counters = &now.counters;
        SubscriptionChange {
            now,
            matched_per_second: rates.of(then.matched, counters.matched),
            delivered_per_second: rates.of(then.delivered, counters.delivered),
            dropped_per_second: rates.of(then.dropped, counters.dropped),
        }
    };
    let mut rows: Vec<_> = now.subscriptions.iter().map(change).collect();
    rows.sort_by(|a, b| {
        let loses = b.dropped_per_second.total_cmp(&a.dropped_per_second);
        let waits =
            (b.now.counters.queued + b.now.unread).cmp(&(a.now.counters.queued + a.now.unread));
        let moves = b.matched_per_second.total_cmp(&a.matched_per_second);
        let names = a.now.counters.subscriber_id.cmp(&b.now.counters.subscriber_id);
        loses.then(waits).then(moves).then(names)
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::{Change, Sample};
    use crate::figures::rate;
    use daemoneye_eventbus::SubscriptionStatistics;
    use daemoneye_eventbus::contract::{ConnectionInspection, SubscriptionInspection};
    use std::time::Duration;

    fn sample(seconds: u64, published: u64, matched: u64) -> Sample {
        let mut sample = Sample::default();
        sample.statistics.uptime = Duration::from_secs(seconds);
        sample.statistics.events_published = published;
        sample.inspection.uptime = Duration::from_secs(seconds);
        sample.inspection.connections = vec![ConnectionInspection {
            number: 1,
            events_published: published,
            ..Default::default()
        }];
        let row = |id: &str, matched| SubscriptionInspection {
            counters: SubscriptionStatistics {
                subscriber_id: id.to_owned(),
                matched,
                ..Default::default()
            },
            ..Default::default()
        };
        sample.inspection.subscriptions = vec![row("calm", 5), row("fast", matched)];
        sample
    }

    #[test]
    fn rates_are_taken_over_the_brokers_own_time() {
        let (before, now) = (sample(10, 100, 100), sample(12, 150, 400));
        let change = Change::between(&before, &now);
        assert_eq!(rate(change.published_per_second), "25");
        assert_eq!(rate(change.connections[0].published_per_second), "25");
        let rows: Vec<_> = change
            .subscriptions
            .iter()
            .map(|row| {
                format!("{} {}", row.now.counters.subscriber_id, rate(row.matched_per_second))
            })
            .collect();
        assert_eq!(rows, ["fast 150", "calm 0.0"]);
    }

    #[test]
    fn a_counter_that_went_back_began_at_zero() {
        let (before, now) = (sample(10, 100, 100), sample(12, 100, 8));
        let change = Change::between(&before, &now);
        let fast = &change.subscriptions[0];
        assert_eq!(rate(fast.matched_per_second), "4.0");
    }
}
