//! Matching and filtering once more, on plain strings, as naively as the contract reads
//! (M1, M3–M5, T3, T4, T6).
//!
//! Deliberately shares nothing with the bus but the data types of a subscription: were matching
//! wrong there, the same mistake here would hide it. Patterns are taken to be valid (T5, M2):
//! a bus refuses the others when they are subscribed to.

use bytestring::ByteString;
use daemoneye_eventbus::{
    CorrelationFilter, CorrelationMetadata, EventFilter, EventSubscription, Priority, SourceCaps,
};

use super::PlannedAttributes;

/// Whether an event matches a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It depends on an id that the bus makes up (C8).
    Undecided,
}

/// Whether all of M1, M3, M4 and M5 hold.
pub fn matches(subscription: &EventSubscription, event: &PlannedAttributes) -> Match {
    if matches_topic(subscription, &event.topic) {
        matches_attributes(subscription, event)
    } else {
        Match::No
    }
}

/// M1 and M4: what depends on the topic alone.
pub fn matches_topic(subscription: &EventSubscription, topic: &str) -> bool {
    let wanted = if subscription.topic_patterns.is_empty() {
        capabilities_match(subscription.capabilities, topic)
    } else {
        any_matches(&subscription.topic_patterns, topic)
    };
    let filtered_out = match &subscription.topic_filter {
        None => false,
        Some(filter) => {
            any_matches(&filter.exclude, topic)
                || (!filter.include.is_empty() && !any_matches(&filter.include, topic))
        }
    };
    wanted && !filtered_out
}

/// M3 and M5: what depends on the event and its correlation.
pub fn matches_attributes(subscription: &EventSubscription, event: &PlannedAttributes) -> Match {
    if let Some(filter) = &subscription.event_filter
        && !event_passes(filter, event)
    {
        return Match::No;
    }
    match &subscription.correlation_filter {
        None => Match::Yes,
        Some(filter) if !pid_passes(&filter.process_ids, event.pid) => Match::No,
        Some(filter) => match &event.correlation {
            Some(correlation) => given_passes(filter, correlation),
            None => fresh_passes(filter),
        },
    }
}

/// Whether a topic matches one pattern, level by level (T3, T4).
pub fn pattern_matches(pattern: &str, topic: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('.').collect();
    let topic: Vec<&str> = topic.split('.').collect();
    levels_match(&pattern, &topic)
}

fn levels_match(pattern: &[&str], topic: &[&str]) -> bool {
    match (pattern, topic) {
        (["#"], _) | ([], []) => true,
        (["+", pattern @ ..], [_, topic @ ..]) => levels_match(pattern, topic),
        ([wanted, pattern @ ..], [level, topic @ ..]) => {
            wanted == level && levels_match(pattern, topic)
        }
        _ => false,
    }
}

fn any_matches(patterns: &[String], topic: &str) -> bool {
    patterns.iter().any(|pattern| pattern_matches(pattern, topic))
}

fn capabilities_match(capabilities: SourceCaps, topic: &str) -> bool {
    let has = |capability| capabilities.contains(capability);
    let names_a_kind = has(SourceCaps::PROCESS)
        || has(SourceCaps::NETWORK)
        || has(SourceCaps::FILESYSTEM)
        || has(SourceCaps::PERFORMANCE);
    let mut levels = topic.split('.');
    match (levels.next(), levels.next()) {
        (Some("events"), Some("process")) => has(SourceCaps::PROCESS),
        (Some("events"), Some("network")) => has(SourceCaps::NETWORK),
        (Some("events"), Some("filesystem")) => has(SourceCaps::FILESYSTEM),
        (Some("events"), Some("performance")) => has(SourceCaps::PERFORMANCE),
        (Some("control"), Some("trigger")) => names_a_kind && has(SourceCaps::REALTIME),
        _ => false,
    }
}

fn event_passes(filter: &EventFilter, event: &PlannedAttributes) -> bool {
    let kind = filter.event_types.is_empty() || filter.event_types.contains(&event.kind);
    let pid = pid_passes(&filter.pids, event.pid);
    let priority = match filter.min_priority {
        None => true,
        Some(minimum) => level(event.priority) >= level(Some(minimum)),
    };
    let source = filter.source_collectors.is_empty()
        || filter.source_collectors.iter().any(|wanted| **wanted == *event.source);
    let metadata = filter.metadata.iter().all(|pair| event.metadata.contains(pair));
    kind && pid && priority && source && metadata
}

/// M3's numbers, written out.
fn level(priority: Option<Priority>) -> u8 {
    match priority {
        Some(Priority::Low) => 1,
        None | Some(Priority::Normal) => 2,
        Some(Priority::High) => 3,
        Some(Priority::Critical) => 4,
    }
}

fn pid_passes(pids: &[u32], pid: Option<u32>) -> bool {
    match pid {
        _ if pids.is_empty() => true,
        None => false,
        Some(pid) => pids.contains(&pid),
    }
}

fn given_passes(filter: &CorrelationFilter, given: &CorrelationMetadata) -> Match {
    let id = given.id.to_string();
    let id_ok = match filter.correlation_id.as_deref() {
        None => true,
        Some(wanted) => match wanted.strip_suffix('*') {
            Some(prefix) => id.starts_with(prefix),
            None => id == wanted,
        },
    };
    let parent = given.parent.as_ref().map(ToString::to_string);
    let parent_ok = same(filter.parent_id.as_ref(), parent.as_deref());
    let root_ok = same(filter.root_id.as_ref(), Some(&given.root.to_string()));
    let stage_ok = same(filter.stage.as_ref(), given.stage.as_deref());
    let sequence_ok = match &filter.sequence {
        None => true,
        Some(range) => *range.start() <= given.sequence && given.sequence <= *range.end(),
    };
    if id_ok && parent_ok && root_ok && stage_ok && sequence_ok && tags_pass(filter, &given.tags) {
        Match::Yes
    } else {
        Match::No
    }
}

/// A fresh root has no parent, stage or tags, and sequence 0; its id is the bus's to choose.
fn fresh_passes(filter: &CorrelationFilter) -> Match {
    let sequence_ok = filter.sequence.as_ref().is_none_or(|range| *range.start() == 0);
    if filter.parent_id.is_some()
        || filter.stage.is_some()
        || !sequence_ok
        || !tags_pass(filter, &[])
    {
        return Match::No;
    }
    match (filter.correlation_id.as_deref(), &filter.root_id) {
        (None | Some("*"), None) => Match::Yes,
        _ => Match::Undecided,
    }
}

fn same(wanted: Option<&ByteString>, own: Option<&str>) -> bool {
    match wanted {
        None => true,
        Some(wanted) => own == Some(&**wanted),
    }
}

fn tags_pass(filter: &CorrelationFilter, tags: &[(ByteString, ByteString)]) -> bool {
    filter.all_tags.iter().all(|tag| tags.contains(tag))
        && (filter.any_tags.is_empty() || filter.any_tags.iter().any(|tag| tags.contains(tag)))
}
