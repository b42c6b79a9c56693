//! Cases of chaos: `[topology.collector]` and `[[topology.source]]`.

use std::collections::BTreeSet;

use daemoneye_eventbus::OverflowPolicy;
use daemoneye_eventbus::acl::Role;

use super::super::chaos::{Chaos, CollectorSpec, SourceSpec, Then};
use super::super::limits::MAX_WAIT_MS;
use super::super::{BusSettings, Reading, SubscriberSpec, Topology, TrialKind};
use crate::scenario::{At, Table};

/// Events all sources send, at most: each is kept, and told to the harness in one line.
const MAX_EVENTS: u64 = 20_000;
/// Sources of a collector, at most: what one takes by its own default.
const MAX_SOURCES: usize = 16;
/// Longest name of a source, bytes: it stands in every event.
const MAX_NAME_BYTES: usize = 32;
/// Events of a batch, of the buffer, and under way, at most: more than all sources send.
const MAX_HELD_EVENTS: i64 = 100_000;
/// Events that are under way between a collector and a full queue beside those that bus settings
/// count: those in hands.
const IN_HANDS: usize = 8;
/// What the central channel of the crossbeam bus holds where the case does not say.
const CENTRAL_EVENTS: usize = 8192;

/// What `[topology]` says of a collector and its sources.
pub(super) fn read(topology: &Table<'_>) -> Chaos {
    let collector = topology.table("collector", "topology.collector").map(read_collector);
    let tables = topology.tables("source", "topology.source").into_iter();
    Chaos { collector: collector.unwrap_or_default(), sources: tables.map(read_source).collect() }
}

fn read_collector(table: Table<'_>) -> CollectorSpec {
    let held = |at: &At<'_>| at.integer(1..MAX_HELD_EVENTS + 1);
    let collector = CollectorSpec {
        batch_events: table.or("max-batch-size", "100", held),
        batch_timeout_ms: table.or("batch-timeout", r#""20ms""#, |at| {
            at.duration_ms_up_to(MAX_WAIT_MS, "a batch waits")
        }),
        buffer_events: table.or("event-buffer-size", "1000", held),
        threshold_events: table.or("backpressure-threshold", "800", held),
        shutdown_timeout_ms: table.or("shutdown-timeout", r#""2s""#, shutdown_timeout),
    };
    table.finish();
    collector
}

fn shutdown_timeout(at: &At<'_>) -> Option<u64> {
    let ms = at.duration_ms_up_to(MAX_WAIT_MS, "a stop takes")?;
    if ms == 0 {
        at.refuse("no time for a stop", "write a time above zero, such as \"2s\"");
        return None;
    }
    Some(ms)
}

fn read_source(table: Table<'_>) -> SourceSpec {
    let events = |at: &At<'_>| at.count_up_to(MAX_EVENTS, "all sources send");
    let source = SourceSpec {
        name: table.required("name", name).unwrap_or_default(),
        events: table.or("events", "0", events),
        rate_per_s: table.or("rate", r#""max""#, |at| match at.text().as_deref() {
            Some("max") => Some(None),
            _ => at.rate().map(Some),
        }),
        undeclared: table.or("undeclared", "0", events),
        then: table
            .or("then", r#""waits""#, |at| at.one_of(&Then::ALL.map(|then| (then.as_str(), then)))),
    };
    table.finish();
    source
}

fn name(at: &At<'_>) -> Option<String> {
    let name = at.scalar()?;
    let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(is_allowed) {
        let label = format!("expected 1 to {MAX_NAME_BYTES} of a-z, 0-9, `-` and `_`");
        at.refuse(format!("name {name:?}"), label);
        return None;
    }
    Some(name)
}

/// A scenario is of chaos wholly or not at all.
pub(super) fn check(root: &Table<'_>, topology: &Topology, chaos: &Chaos, kind: TrialKind) {
    let refuse = |key: &str, title: &str, label: &str| {
        root.reader().problem(&root.key_span(key).unwrap_or_default(), title, label);
    };
    let has_collector = chaos.collector != CollectorSpec::default();
    if kind != TrialKind::Chaos {
        if has_collector || !chaos.sources.is_empty() {
            let label = "a collector and its sources are of `kind = \"chaos\"`";
            refuse("kind", "a scripted collector in another kind of scenario", label);
        }
        return;
    }
    if !has_collector || chaos.sources.is_empty() {
        let label = "it needs a `[topology.collector]` and a `[[topology.source]]`";
        refuse("kind", "chaos without a collector", label);
    }
    if !topology.publishers.is_empty() {
        let label = "its sources publish through the collector";
        refuse("topology", "publishers with `kind = \"chaos\"`", label);
    }
    for (key, instead) in [("phase", "sources say what they do"), ("expect", "sources say it")] {
        if root.key_span(key).is_some() {
            refuse(key, &format!("`{key}` with `kind = \"chaos\"`"), instead);
        }
    }
    let BusSettings { central_capacity, .. } = topology.bus;
    if topology.bus != (BusSettings { central_capacity, ..BusSettings::default() }) {
        let label = "of these such a case has `central-capacity` alone";
        refuse("topology", "settings of the bus with `kind = \"chaos\"`", label);
    }
    check_sources(chaos, &refuse);
    check_subscribers(topology, chaos, &refuse);
}

fn check_sources(chaos: &Chaos, refuse: &dyn Fn(&str, &str, &str)) {
    let names: BTreeSet<&str> = chaos.sources.iter().map(|source| source.name.as_str()).collect();
    if names.len() < chaos.sources.len() {
        refuse("topology", "two sources of one name", "a collector tells them apart by it");
    }
    if chaos.sources.len() > MAX_SOURCES {
        let title = format!("{} sources", chaos.sources.len());
        refuse("topology", &title, &format!("a collector has at most {MAX_SOURCES}"));
    }
    let is_slow = |source: &SourceSpec| source.events == 0 && source.rate_per_s.is_some();
    if chaos.sources.iter().any(|source| is_slow(source) && source.undeclared > 0) {
        let label = "nothing of it arrives, so that nobody knows when it has sent everything";
        refuse("topology", "a `rate` of what is `undeclared` alone", label);
    }
    let sent: u64 = chaos.sources.iter().map(SourceSpec::sends).sum();
    if sent > MAX_EVENTS {
        let label = format!("all sources send at most {MAX_EVENTS}");
        refuse("topology", &format!("{sent} events"), &label);
    }
}

fn check_subscribers(topology: &Topology, chaos: &Chaos, refuse: &dyn Fn(&str, &str, &str)) {
    let [subscriber] = topology.subscribers.as_slice() else {
        let label = "one subscriber takes what the collector publishes";
        refuse("topology", "not one subscriber with `kind = \"chaos\"`", label);
        return;
    };
    if !takes_everything(subscriber) {
        let label = "it needs patterns, `block` and no filter: it may not lose or leave anything";
        refuse("topology", "a subscriber that does not take everything", label);
    }
    if subscriber.reading == Reading::Prompt {
        return;
    }
    let central = topology.bus.central_capacity.unwrap_or(CENTRAL_EVENTS);
    let threshold = chaos.collector.threshold_events;
    let least = subscriber.subscription.capacity + central + threshold + IN_HANDS;
    // With fewer left over than it takes to get from relief to the threshold again.
    let most = threshold + threshold / 2;
    let events = usize::try_from(chaos.delivers()).unwrap_or(usize::MAX);
    if !(least..=most).contains(&events) {
        let title = format!("{events} events behind a subscriber that does not read at first");
        let label = format!(
            "sources are held back once, and once alone, with {least} to {most} events: from what \
             queue, central channel and threshold hold up to half as much again as the threshold"
        );
        refuse("topology", &title, &label);
    }
}

fn takes_everything(subscriber: &SubscriberSpec) -> bool {
    let asked = &subscriber.subscription;
    let has_filter = !asked.capabilities.is_empty()
        || asked.event_filter.is_some()
        || asked.topic_filter.is_some()
        || asked.correlation_filter.is_some();
    let is_there = subscriber.from_start && subscriber.role == Role::Agent;
    asked.policy == OverflowPolicy::Block
        && !asked.topic_patterns.is_empty()
        && !has_filter
        && is_there
}

#[cfg(test)]
mod tests;
