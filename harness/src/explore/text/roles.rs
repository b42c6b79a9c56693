//! `[[topology.publisher]]` and `[[topology.subscriber]]` of a sketch.

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::{
    ByteString, CorrelationFilter, EventFilter, EventKind, EventSubscription, OverflowPolicy,
    Priority, SourceCaps, TopicFilter,
};
use toml::{Table, Value};

use super::{count, line, list, number, texts};
use crate::plan::{Correlate, MixPart, PublisherSpec, Reading, SubscriberSpec};
use crate::scenario::shown_ms;

/// Capacity of a subscription that says none, events.
const DEFAULT_CAPACITY: usize = 1024;

pub(super) fn publisher(out: &mut String, publisher: &PublisherSpec) {
    out.push_str("\n[[topology.publisher]]\n");
    line(out, "name", publisher.name.as_str());
    role(out, publisher.role);
    if publisher.correlate == Correlate::Numbered {
        line(out, "correlate", "numbered");
    }
    if publisher.table > 0 {
        line(out, "table", count(publisher.table));
    }
    match &publisher.replay {
        Some(replay) => line(out, "recording", replay.file.as_str()),
        None => list(out, "mix", publisher.mix.iter().map(part).collect()),
    }
}

fn role(out: &mut String, role: Role) {
    if role != Role::Agent {
        line(out, "role", role.to_string());
    }
}

fn part(part: &MixPart) -> Table {
    let mut table = Table::new();
    table.insert("kind".into(), part.kind.as_str().into());
    let mut set = |key: &str, value: Option<Value>| {
        value.map(|value| table.insert(key.to_owned(), value));
    };
    set("topic", part.topic.clone().map(Value::from));
    set("weight", (part.weight != 1).then(|| i64::from(part.weight).into()));
    set("payload", Some(format!("{}B", part.payload_bytes).into()));
    set("priority", part.priority.map(|priority| named(priority).into()));
    set("pid", part.pid.map(|pid| i64::from(pid).into()));
    let pairs = part.metadata.iter().map(|(key, value)| (key.clone(), value.clone().into()));
    let pairs: Table = pairs.collect();
    set("metadata", (!pairs.is_empty()).then_some(Value::Table(pairs)));
    table
}

fn named(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
        Priority::Critical => "critical",
    }
}

pub(super) fn subscriber(out: &mut String, subscriber: &SubscriberSpec) {
    out.push_str("\n[[topology.subscriber]]\n");
    line(out, "name", subscriber.name.as_str());
    role(out, subscriber.role);
    let asked = &subscriber.subscription;
    if asked.subscriber_id != subscriber.name {
        line(out, "id", asked.subscriber_id.as_str());
    }
    line(out, "patterns", texts(&asked.topic_patterns));
    if !asked.capabilities.is_empty() {
        line(out, "capabilities", capabilities(asked.capabilities));
    }
    if !asked.enable_wildcards {
        line(out, "wildcards", false);
    }
    filters(out, asked);
    if asked.capacity != DEFAULT_CAPACITY {
        line(out, "capacity", count(asked.capacity));
    }
    if asked.replay_last > 0 {
        line(out, "replay-last", count(asked.replay_last));
    }
    policy(out, asked.policy);
    if subscriber.reading == Reading::Stopped {
        line(out, "reading", "stopped");
    }
    if let Some(per_s) = subscriber.pace_per_s {
        line(out, "pace", format!("{per_s}/s"));
    }
    if !subscriber.from_start {
        line(out, "from-start", false);
    }
}

fn filters(out: &mut String, asked: &EventSubscription) {
    let filters = [
        ("event-filter", asked.event_filter.as_ref().map(event_filter)),
        ("topic-filter", asked.topic_filter.as_ref().map(topic_filter)),
        ("correlation-filter", asked.correlation_filter.as_ref().map(correlation_filter)),
    ];
    for (key, filter) in filters {
        if let Some(table) = filter {
            line(out, key, table);
        }
    }
}

fn capabilities(asked: SourceCaps) -> Value {
    let names = [
        ("process", SourceCaps::PROCESS),
        ("network", SourceCaps::NETWORK),
        ("filesystem", SourceCaps::FILESYSTEM),
        ("performance", SourceCaps::PERFORMANCE),
        ("realtime", SourceCaps::REALTIME),
        ("kernel-level", SourceCaps::KERNEL_LEVEL),
        ("system-wide", SourceCaps::SYSTEM_WIDE),
    ];
    let asked: Vec<&str> =
        names.iter().filter(|(_, one)| asked.contains(*one)).map(|(name, _)| *name).collect();
    texts(&asked)
}

fn policy(out: &mut String, policy: OverflowPolicy) {
    let name = match policy {
        OverflowPolicy::Block => return,
        OverflowPolicy::DropNewest => "drop-newest",
        OverflowPolicy::DropOldest => "drop-oldest",
        OverflowPolicy::CircuitBreak(_) => "circuit-break",
    };
    line(out, "policy", name);
    if let OverflowPolicy::CircuitBreak(breaker) = policy {
        let whole = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let mut table = Table::new();
        table.insert("losses".into(), i64::from(breaker.losses).into());
        table.insert("window".into(), shown_ms(whole(breaker.window)).into());
        table.insert("cool-down".into(), shown_ms(whole(breaker.cool_down)).into());
        line(out, "breaker", table);
    }
}

fn event_filter(filter: &EventFilter) -> Table {
    let mut table = Table::new();
    let kinds: Vec<&str> = filter.event_types.iter().copied().map(EventKind::as_str).collect();
    put_list(&mut table, "types", texts(&kinds));
    put_list(&mut table, "pids", pids(&filter.pids));
    if let Some(priority) = filter.min_priority {
        table.insert("min-priority".into(), named(priority).into());
    }
    put_list(&mut table, "sources", texts(&filter.source_collectors));
    put_pairs(&mut table, "metadata", &filter.metadata);
    table
}

fn topic_filter(filter: &TopicFilter) -> Table {
    let mut table = Table::new();
    put_list(&mut table, "exclude", texts(&filter.exclude));
    put_list(&mut table, "include", texts(&filter.include));
    table
}

fn correlation_filter(filter: &CorrelationFilter) -> Table {
    let mut table = Table::new();
    let texts = [
        ("id", &filter.correlation_id),
        ("parent", &filter.parent_id),
        ("root", &filter.root_id),
        ("stage", &filter.stage),
    ];
    for (key, text) in texts {
        table.extend(text.as_ref().map(|text| (key.to_owned(), Value::from(text.to_string()))));
    }
    put_pairs(&mut table, "all-tags", &filter.all_tags);
    put_pairs(&mut table, "any-tags", &filter.any_tags);
    if let Some(range) = &filter.sequence {
        let ends = vec![number(*range.start()), number(*range.end())];
        table.insert("sequence".into(), Value::Array(ends));
    }
    put_list(&mut table, "process-ids", pids(&filter.process_ids));
    table
}

fn pids(pids: &[u32]) -> Value {
    Value::Array(pids.iter().map(|pid| Value::Integer(i64::from(*pid))).collect())
}

fn put_list(table: &mut Table, key: &str, items: Value) {
    if items.as_array().is_some_and(|items| !items.is_empty()) {
        table.insert(key.to_owned(), items);
    }
}

fn put_pairs(table: &mut Table, key: &str, pairs: &[(ByteString, ByteString)]) {
    if !pairs.is_empty() {
        let pairs = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string().into()));
        table.insert(key.to_owned(), Value::Table(pairs.collect()));
    }
}
