//! Idle subscriptions: nothing that is published may match one, and together they fit a bus.

use super::super::limits::MAX_SUBSCRIPTIONS;
use super::super::{Topology, is_idle_topic};
use crate::scenario::Table;

/// Refuses topics that belong to idle subscriptions, and more of these than a bus has room for.
pub(super) fn check(table: &Table<'_>, topology: &Topology) {
    let all: usize = topology.subscribers.iter().map(|spec| spec.idle_subscriptions).sum();
    if all == 0 {
        return;
    }
    let all = all + topology.subscribers.len();
    if all > MAX_SUBSCRIPTIONS {
        let title = format!("{all} subscriptions in all");
        let label = format!("a case has at most {MAX_SUBSCRIPTIONS}");
        table.reader().problem(table.span(), title, label);
    }
    let parts = topology.publishers.iter().flat_map(|publisher| &publisher.mix);
    let mut topics = parts.filter_map(|part| part.topic.as_deref());
    if let Some(topic) = topics.find(|topic| is_idle_topic(topic)) {
        let title = format!("{topic:?} may match an idle subscription");
        let label = "no level of what is published begins with `idle` here";
        table.reader().problem(table.span(), title, label);
    }
}
