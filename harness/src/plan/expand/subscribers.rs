//! `[[topology.subscriber]]`: patterns, filters, capacity and policy, checked as a bus would.

use std::time::Duration;

use daemoneye_eventbus::contract::{BreakerConfig, MAX_CAPACITY_EVENTS, Matcher};
use daemoneye_eventbus::{
    ByteString, CorrelationFilter, EventFilter, EventSubscription, OverflowPolicy, SourceCaps,
    SubscribeError, TopicFilter, TopicPattern,
};

use super::super::limits::{MAX_BREAKER_MS, MAX_SUBSCRIPTIONS};
use super::super::{Reading, SubscriberSpec, TrialKind};
use super::said::{Said, kind, measured_only, pid, priority, read_names, role};
use crate::scenario::{At, Table};

pub(super) fn read(table: Table<'_>, said: &mut Said, trial: TrialKind) {
    let members = said.topology.subscribers.iter().map(|spec| spec.name.as_str());
    let (name, names) = read_names(&table, "subscribers", &said.subscriber_groups, members);
    let id = table.optional("id", At::scalar);
    let role = table.or("role", r#""agent""#, role);
    // Refused on purpose: the file says what it must be refused with, so nothing is checked here.
    let invalid = table.or("invalid", "false", At::boolean);
    let wildcards = table.or("wildcards", "true", At::boolean);
    let pattern = |at: &At<'_>| pattern(at, wildcards, invalid);
    let patterns = match table.get("patterns") {
        Some(at) => at.list(pattern),
        None => Some(Vec::new()),
    };
    let least_capacity = i64::from(!invalid);
    let most_capacity = i64::try_from(MAX_CAPACITY_EVENTS).expect("the limit is small");
    let subscription = EventSubscription {
        subscriber_id: String::new(),
        topic_patterns: patterns.clone().unwrap_or_default(),
        capabilities: capabilities(&table),
        enable_wildcards: wildcards,
        event_filter: table.table("event-filter", "event-filter").map(event_filter),
        topic_filter: table
            .table("topic-filter", "topic-filter")
            .map(|table| topic_filter(table, invalid)),
        correlation_filter: table
            .table("correlation-filter", "correlation-filter")
            .map(correlation_filter),
        capacity: table.or("capacity", "1024", |at| {
            at.integer(least_capacity..most_capacity + 1 + i64::from(invalid))
        }),
        policy: policy(&table),
        replay_last: table.or("replay-last", "0", |at| at.integer(0..most_capacity + 1)),
    };
    if !invalid && patterns.is_some() {
        check_as_a_bus_would(&table, &name, &subscription);
    }
    let reading = table.or("reading", r#""prompt""#, |at| {
        at.one_of(&[("prompt", Reading::Prompt), ("stopped", Reading::Stopped)])
    });
    let pace_per_s = table.optional("pace", At::rate);
    if let (Some(span), true) = (table.key_span("pace"), trial != TrialKind::Behaviour) {
        let label = "what is measured would be the pace";
        table.reader().problem(&span, "`pace` in a scenario that is no `behaviour`", label);
    }
    let most_idle = i64::try_from(MAX_SUBSCRIPTIONS).expect("the limit is small");
    let idle_subscriptions: usize =
        table.or("idle-subscriptions", "0", |at| at.integer(0..most_idle + 1));
    measured_only(&table, "idle-subscriptions", trial);
    let from_start = table.or("from-start", "true", At::boolean);
    let first = said.topology.subscribers.len();
    said.topology.subscribers.extend(names.into_iter().map(|name| SubscriberSpec {
        subscription: EventSubscription {
            subscriber_id: id.clone().unwrap_or_else(|| name.clone()),
            ..subscription.clone()
        },
        name,
        role,
        reading,
        pace_per_s,
        from_start,
        idle_subscriptions,
    }));
    said.subscriber_groups.push((name, first..said.topology.subscribers.len()));
    table.finish();
}

/// What is left once every value is fine by itself: a subscription that asks for nothing.
fn check_as_a_bus_would(table: &Table<'_>, name: &str, subscription: &EventSubscription) {
    let named = EventSubscription { subscriber_id: name.to_owned(), ..subscription.clone() };
    match Matcher::compile(&named) {
        // A name that is missing or refused was told already.
        Ok(_) | Err(SubscribeError::EmptyId) => {}
        Err(cause) => {
            let label = "mend it, or write `invalid = true` if being refused is the point";
            table.reader().problem(table.span(), cause.to_string(), label);
        }
    }
}

fn pattern(at: &At<'_>, wildcards: bool, invalid: bool) -> Option<String> {
    let text = at.text()?;
    if invalid {
        return Some(text);
    }
    let refused = match TopicPattern::new(&text) {
        Ok(pattern) if !wildcards && pattern.first_wildcard().is_some() => {
            "`wildcards = false` refuses `+` and `#`".to_owned()
        }
        Ok(_) => return Some(text),
        Err(cause) => cause.to_string(),
    };
    at.refuse(format!("pattern {text:?}"), refused);
    None
}

fn capabilities(table: &Table<'_>) -> SourceCaps {
    let names: [(&str, SourceCaps); 7] = [
        ("process", SourceCaps::PROCESS),
        ("network", SourceCaps::NETWORK),
        ("filesystem", SourceCaps::FILESYSTEM),
        ("performance", SourceCaps::PERFORMANCE),
        ("realtime", SourceCaps::REALTIME),
        ("kernel-level", SourceCaps::KERNEL_LEVEL),
        ("system-wide", SourceCaps::SYSTEM_WIDE),
    ];
    let read = table.or("capabilities", "[]", |at| at.list(|at| at.one_of(&names)));
    read.into_iter().collect()
}

fn policy(table: &Table<'_>) -> OverflowPolicy {
    let breaker = table.table("breaker", "breaker").map(|table| {
        let config = BreakerConfig {
            losses: table.or("losses", "10", |at| at.integer(1..i64::from(u32::MAX) + 1)),
            window: Duration::from_millis(table.or("window", r#""10s""#, breaker_ms)),
            cool_down: Duration::from_millis(table.or("cool-down", r#""30s""#, breaker_ms)),
        };
        table.finish();
        config
    });
    let policy = table.or("policy", r#""block""#, |at| {
        at.one_of(&[
            ("block", OverflowPolicy::Block),
            ("drop-newest", OverflowPolicy::DropNewest),
            ("drop-oldest", OverflowPolicy::DropOldest),
            ("circuit-break", OverflowPolicy::CircuitBreak(breaker.unwrap_or_default())),
        ])
    });
    if breaker.is_some() && !matches!(policy, OverflowPolicy::CircuitBreak(_)) {
        let span = table.key_span("breaker").unwrap_or_default();
        let label = "it needs `policy = \"circuit-break\"`";
        table.reader().problem(&span, "`breaker` without its policy", label);
    }
    policy
}

fn breaker_ms(at: &At<'_>) -> Option<u64> {
    at.duration_ms_up_to(MAX_BREAKER_MS, "a breaker waits")
}

fn event_filter(table: Table<'_>) -> EventFilter {
    let filter = EventFilter {
        event_types: table.or("types", "[]", |at| at.list(kind)),
        pids: table.or("pids", "[]", |at| at.list(pid)),
        min_priority: table.optional("min-priority", priority),
        source_collectors: table.or("sources", "[]", |at| at.list(bytes)),
        metadata: table.or("metadata", "{}", pairs),
    };
    table.finish();
    filter
}

fn topic_filter(table: Table<'_>, invalid: bool) -> TopicFilter {
    let list = |at: &At<'_>| at.list(|at| pattern(at, true, invalid));
    let filter = TopicFilter {
        exclude: table.or("exclude", "[]", list),
        include: table.or("include", "[]", list),
    };
    table.finish();
    filter
}

fn correlation_filter(table: Table<'_>) -> CorrelationFilter {
    let filter = CorrelationFilter {
        correlation_id: table.optional("id", bytes),
        parent_id: table.optional("parent", bytes),
        root_id: table.optional("root", bytes),
        stage: table.optional("stage", bytes),
        all_tags: table.or("all-tags", "{}", pairs),
        any_tags: table.or("any-tags", "{}", pairs),
        sequence: table.optional("sequence", first_and_last),
        process_ids: table.or("process-ids", "[]", |at| at.list(pid)),
    };
    table.finish();
    filter
}

fn first_and_last(at: &At<'_>) -> Option<std::ops::RangeInclusive<u64>> {
    let ends = at.list(At::count)?;
    let [first, last] = ends[..] else {
        at.refuse("a range has two ends", "expected `[first, last]`");
        return None;
    };
    Some(first..=last)
}

fn bytes(at: &At<'_>) -> Option<ByteString> {
    at.scalar().map(ByteString::from)
}

fn pairs(at: &At<'_>) -> Option<Vec<(ByteString, ByteString)>> {
    Some(at.pairs()?.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
}
