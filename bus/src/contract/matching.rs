//! The one matcher (M1–M5): a subscription compiled once, asked for every candidate event.
//!
//! It looks at an event through [`Attributes`], so that a broker can match an envelope it never
//! decodes as well as a whole [`BusEvent`].

mod summary;

use bytestring::ByteString;

use super::{
    BusEvent, CorrelationFilter, CorrelationMetadata, EventFilter, EventSubscription,
    MAX_CAPACITY_EVENTS, MAX_PATTERNS, MAX_SUBSCRIBER_ID_BYTES, OverflowPolicy, SubscribeError,
};
use crate::event::{EventKind, Priority, SourceCaps};
use crate::topic::{PatternError, Topic, TopicPattern};

/// What a filter can ask about an event.
pub trait Attributes {
    /// Its kind.
    fn kind(&self) -> EventKind;
    /// The process it is about.
    fn pid(&self) -> Option<u32>;
    /// Its priority, normal when it names none.
    fn priority(&self) -> Priority;
    /// The collector that made it.
    fn source(&self) -> &str;
    /// Whether its metadata has this key with this value; of a key that is there twice the first
    /// counts.
    fn has_metadata(&self, key: &str, value: &str) -> bool;
    /// Its correlation.
    fn correlation(&self) -> CorrelationMetadata;
}

/// A subscription as resolved.
#[derive(Debug, Clone)]
pub struct Matcher {
    patterns: Vec<TopicPattern>,
    exclude: Vec<TopicPattern>,
    include: Vec<TopicPattern>,
    event: Option<EventFilter>,
    correlation: Option<CorrelationFilter>,
}

impl Matcher {
    /// Checks everything about a subscription that needs no knowledge of the bus (C9, M1, M2).
    pub fn compile(subscription: &EventSubscription) -> Result<Self, SubscribeError> {
        check_limits(subscription)?;
        check_policy(subscription.policy)?;
        let patterns = subscribed_patterns(subscription)?;
        let filter = subscription.topic_filter.clone().unwrap_or_default();
        Ok(Self {
            patterns,
            exclude: parse_all(&filter.exclude)?,
            include: parse_all(&filter.include)?,
            event: subscription.event_filter.clone().filter(|f| *f != EventFilter::default()),
            correlation: subscription
                .correlation_filter
                .clone()
                .filter(|f| *f != CorrelationFilter::default()),
        })
    }

    /// The patterns, of which one must match (M1).
    pub fn patterns(&self) -> &[TopicPattern] {
        &self.patterns
    }

    /// M1 and M4: whether events on this topic can match at all. The answer never changes, so a
    /// bus may cache it per topic.
    pub fn matches_topic(&self, topic: &Topic) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(topic)) && self.passes_filter(topic)
    }

    /// M4 alone, for a bus that found the pattern by other means.
    pub fn passes_filter(&self, topic: &Topic) -> bool {
        !self.exclude.iter().any(|pattern| pattern.matches(topic))
            && (self.include.is_empty()
                || self.include.iter().any(|pattern| pattern.matches(topic)))
    }

    /// Whether the topic alone decides: there is no filter on event or correlation.
    pub fn is_topic_only(&self) -> bool {
        self.event.is_none() && self.correlation.is_none()
    }

    /// M3 and M5: whether an event on a matching topic passes.
    pub fn matches_attributes(&self, event: &impl Attributes) -> bool {
        self.event.as_ref().is_none_or(|filter| event_passes(filter, event))
            && self.correlation.as_ref().is_none_or(|filter| correlation_passes(filter, event))
    }
}

fn check_limits(subscription: &EventSubscription) -> Result<(), SubscribeError> {
    let id_bytes = subscription.subscriber_id.len();
    if id_bytes == 0 {
        return Err(SubscribeError::EmptyId);
    }
    if id_bytes > MAX_SUBSCRIBER_ID_BYTES {
        return Err(SubscribeError::IdTooLong {
            bytes: id_bytes,
            limit_bytes: MAX_SUBSCRIBER_ID_BYTES,
        });
    }
    if subscription.capacity == 0 || subscription.capacity > MAX_CAPACITY_EVENTS {
        return Err(SubscribeError::InvalidCapacity {
            events: subscription.capacity,
            limit_events: MAX_CAPACITY_EVENTS,
        });
    }
    let filter_patterns =
        subscription.topic_filter.as_ref().map_or(0, |f| f.exclude.len() + f.include.len());
    let patterns = subscription.topic_patterns.len() + filter_patterns;
    if patterns > MAX_PATTERNS {
        return Err(SubscribeError::TooManyPatterns { patterns, limit: MAX_PATTERNS });
    }
    if subscription.replay_last > subscription.capacity {
        return Err(SubscribeError::ReplayTooLong {
            events: subscription.replay_last,
            capacity: subscription.capacity,
        });
    }
    Ok(())
}

/// A breaker with nothing in one of its fields was left half written, on the wire above all.
fn check_policy(policy: OverflowPolicy) -> Result<(), SubscribeError> {
    match policy {
        OverflowPolicy::CircuitBreak(breaker)
            if breaker.losses == 0 || breaker.window.is_zero() || breaker.cool_down.is_zero() =>
        {
            Err(SubscribeError::InvalidBreaker)
        }
        _ => Ok(()),
    }
}

fn subscribed_patterns(
    subscription: &EventSubscription,
) -> Result<Vec<TopicPattern>, SubscribeError> {
    if subscription.topic_patterns.is_empty() {
        let patterns = capability_patterns(subscription.capabilities);
        return if patterns.is_empty() { Err(SubscribeError::NoPattern) } else { Ok(patterns) };
    }
    let patterns = parse_all(&subscription.topic_patterns)?;
    if !subscription.enable_wildcards {
        for (pattern, text) in patterns.iter().zip(&subscription.topic_patterns) {
            refuse_wildcard(pattern, text)?;
        }
    }
    Ok(patterns)
}

/// M1's table: capabilities that name no kind of event add nothing by themselves.
fn capability_patterns(capabilities: SourceCaps) -> Vec<TopicPattern> {
    const KINDS: [(SourceCaps, &str); 4] = [
        (SourceCaps::PROCESS, "events.process.#"),
        (SourceCaps::NETWORK, "events.network.#"),
        (SourceCaps::FILESYSTEM, "events.filesystem.#"),
        (SourceCaps::PERFORMANCE, "events.performance.#"),
    ];
    let mut texts: Vec<&str> = KINDS
        .iter()
        .filter(|(capability, _)| capabilities.contains(*capability))
        .map(|(_, pattern)| *pattern)
        .collect();
    if !texts.is_empty() && capabilities.contains(SourceCaps::REALTIME) {
        texts.push("control.trigger.#");
    }
    texts.iter().map(|text| text.parse().expect("the table's patterns are valid")).collect()
}

fn parse_all(texts: &[String]) -> Result<Vec<TopicPattern>, SubscribeError> {
    texts
        .iter()
        .map(|text| {
            text.parse()
                .map_err(|cause| SubscribeError::InvalidPattern { pattern: text.clone(), cause })
        })
        .collect()
}

fn refuse_wildcard(pattern: &TopicPattern, text: &str) -> Result<(), SubscribeError> {
    match pattern.first_wildcard() {
        None => Ok(()),
        Some((level, segment)) => Err(SubscribeError::InvalidPattern {
            pattern: text.to_owned(),
            cause: PatternError::WildcardsDisabled { level, text: segment.to_string() },
        }),
    }
}

fn event_passes(filter: &EventFilter, event: &impl Attributes) -> bool {
    (filter.event_types.is_empty() || filter.event_types.contains(&event.kind()))
        && pid_passes(&filter.pids, event)
        && filter.min_priority.is_none_or(|minimum| event.priority() >= minimum)
        && (filter.source_collectors.is_empty()
            || filter.source_collectors.iter().any(|source| source == event.source()))
        && filter.metadata.iter().all(|(key, value)| event.has_metadata(key, value))
}

fn correlation_passes(filter: &CorrelationFilter, event: &impl Attributes) -> bool {
    let correlation = event.correlation();
    let has_tag = |tag: &(ByteString, ByteString)| correlation.tags.contains(tag);
    filter.correlation_id.as_ref().is_none_or(|wanted| id_passes(wanted, &correlation))
        && filter
            .parent_id
            .as_ref()
            .is_none_or(|wanted| correlation.parent.as_ref().is_some_and(|id| id.is(wanted)))
        && filter.root_id.as_ref().is_none_or(|wanted| correlation.root.is(wanted))
        && filter.stage.as_ref().is_none_or(|wanted| correlation.stage.as_ref() == Some(wanted))
        && filter.all_tags.iter().all(has_tag)
        && (filter.any_tags.is_empty() || filter.any_tags.iter().any(has_tag))
        && filter.sequence.as_ref().is_none_or(|range| range.contains(&correlation.sequence))
        && pid_passes(&filter.process_ids, event)
}

fn id_passes(wanted: &str, correlation: &CorrelationMetadata) -> bool {
    match wanted.strip_suffix('*') {
        Some(prefix) => correlation.id.to_byte_string().starts_with(prefix),
        None => correlation.id.is(wanted),
    }
}

fn pid_passes(pids: &[u32], event: &impl Attributes) -> bool {
    pids.is_empty() || event.pid().is_some_and(|pid| pids.contains(&pid))
}

impl Attributes for BusEvent {
    fn kind(&self) -> EventKind {
        self.event.kind()
    }

    fn pid(&self) -> Option<u32> {
        self.event.pid()
    }

    fn priority(&self) -> Priority {
        self.event.priority()
    }

    fn source(&self) -> &str {
        &self.event.header().source
    }

    fn has_metadata(&self, key: &str, value: &str) -> bool {
        self.event.header().metadata_value(key).is_some_and(|own| own == value)
    }

    fn correlation(&self) -> CorrelationMetadata {
        self.correlation.clone()
    }
}

#[cfg(test)]
mod tests;
