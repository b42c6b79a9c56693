//! Subscriptions and statistics as messages.

use std::time::Duration;

use prost::Message;
use prost::bytes::Bytes;
use prost::encoding::encoded_len_varint;

use super::envelope::priority_from_wire;
use super::kind::{field_of_kind, kind_of_field};
use super::text::{
    entries_from_wire, entries_to_wire, from_wire, option_from_wire, option_to_wire,
    string_from_wire, to_wire,
};
use super::{DecodeError, proto};
use crate::contract::{
    BreakerConfig, BreakerState, CorrelationFilter, EventBusStatistics, EventFilter,
    EventSubscription, OverflowPolicy, SubscriptionStatistics, TopicFilter,
};
use crate::event::{Priority, SourceCaps};

/// What a frame may have around an answer: its tag (two bytes from number 16 on) and its length.
pub(super) const FRAME_HEAD_BYTES: usize = 2 + 5;

pub(crate) fn subscription_to_wire(
    request: u64,
    subscription: &EventSubscription,
) -> proto::SubscribeRequest {
    proto::SubscribeRequest {
        request,
        subscriber_id: Bytes::from(subscription.subscriber_id.clone()),
        topic_patterns: strings_to_wire(&subscription.topic_patterns),
        capabilities: subscription.capabilities.bits(),
        enable_wildcards: subscription.enable_wildcards,
        event_filter: subscription.event_filter.as_ref().map(event_filter_to_wire),
        topic_filter: subscription.topic_filter.as_ref().map(|filter| proto::TopicFilter {
            exclude: strings_to_wire(&filter.exclude),
            include: strings_to_wire(&filter.include),
        }),
        correlation_filter: subscription
            .correlation_filter
            .as_ref()
            .map(correlation_filter_to_wire),
        capacity: subscription.capacity as u64,
        policy: Some(policy_to_wire(subscription.policy)),
        acknowledges: true,
        resume: None,
        replay_last: subscription.replay_last as u64,
    }
}

pub(crate) fn subscription_from_wire(
    message: proto::SubscribeRequest,
) -> Result<EventSubscription, DecodeError> {
    Ok(EventSubscription {
        subscriber_id: string_from_wire(message.subscriber_id, "subscriber_id")?,
        topic_patterns: strings_from_wire(message.topic_patterns, "topic_patterns")?,
        capabilities: SourceCaps::from_bits_truncate(message.capabilities),
        enable_wildcards: message.enable_wildcards,
        event_filter: message.event_filter.map(event_filter_from_wire).transpose()?,
        topic_filter: message.topic_filter.map(topic_filter_from_wire).transpose()?,
        correlation_filter: message
            .correlation_filter
            .map(correlation_filter_from_wire)
            .transpose()?,
        capacity: usize::try_from(message.capacity).unwrap_or(usize::MAX),
        policy: policy_from_wire(message.policy.unwrap_or_default())?,
        replay_last: usize::try_from(message.replay_last).unwrap_or(usize::MAX),
    })
}

pub(super) fn strings_to_wire(texts: &[String]) -> Vec<Bytes> {
    texts.iter().map(|text| Bytes::from(text.clone())).collect()
}

pub(super) fn strings_from_wire(
    texts: Vec<Bytes>,
    field: &'static str,
) -> Result<Vec<String>, DecodeError> {
    texts.into_iter().map(|text| string_from_wire(text, field)).collect()
}

fn event_filter_to_wire(filter: &EventFilter) -> proto::EventFilter {
    proto::EventFilter {
        kinds: filter.event_types.iter().map(|kind| field_of_kind(*kind)).collect(),
        pids: filter.pids.clone(),
        min_priority: filter.min_priority.map_or(0, Priority::level),
        source_collectors: filter.source_collectors.iter().map(to_wire).collect(),
        metadata: entries_to_wire(&filter.metadata),
    }
}

fn event_filter_from_wire(message: proto::EventFilter) -> Result<EventFilter, DecodeError> {
    Ok(EventFilter {
        event_types: message.kinds.into_iter().map(kind_of_field).collect::<Result<_, _>>()?,
        pids: message.pids,
        min_priority: priority_from_wire(message.min_priority)?,
        source_collectors: message
            .source_collectors
            .into_iter()
            .map(|source| from_wire(source, "source_collectors"))
            .collect::<Result<_, _>>()?,
        metadata: entries_from_wire(message.metadata)?,
    })
}

fn topic_filter_from_wire(message: proto::TopicFilter) -> Result<TopicFilter, DecodeError> {
    Ok(TopicFilter {
        exclude: strings_from_wire(message.exclude, "exclude")?,
        include: strings_from_wire(message.include, "include")?,
    })
}

fn correlation_filter_to_wire(filter: &CorrelationFilter) -> proto::CorrelationFilter {
    proto::CorrelationFilter {
        correlation_id: option_to_wire(filter.correlation_id.as_ref()),
        parent_id: option_to_wire(filter.parent_id.as_ref()),
        root_id: option_to_wire(filter.root_id.as_ref()),
        stage: option_to_wire(filter.stage.as_ref()),
        all_tags: entries_to_wire(&filter.all_tags),
        any_tags: entries_to_wire(&filter.any_tags),
        first_sequence: filter.sequence.as_ref().map(|range| *range.start()),
        last_sequence: filter.sequence.as_ref().map(|range| *range.end()),
        process_ids: filter.process_ids.clone(),
    }
}

fn correlation_filter_from_wire(
    message: proto::CorrelationFilter,
) -> Result<CorrelationFilter, DecodeError> {
    let sequence = match (message.first_sequence, message.last_sequence) {
        (None, None) => None,
        (first, last) => Some(first.unwrap_or(0)..=last.unwrap_or(u64::MAX)),
    };
    Ok(CorrelationFilter {
        correlation_id: option_from_wire(message.correlation_id, "correlation_id")?,
        parent_id: option_from_wire(message.parent_id, "parent_id")?,
        root_id: option_from_wire(message.root_id, "root_id")?,
        stage: option_from_wire(message.stage, "stage")?,
        all_tags: entries_from_wire(message.all_tags)?,
        any_tags: entries_from_wire(message.any_tags)?,
        sequence,
        process_ids: message.process_ids,
    })
}

pub(super) fn policy_to_wire(policy: OverflowPolicy) -> proto::OverflowPolicy {
    use proto::overflow_policy::Kind;

    let kind = |kind: Kind| proto::OverflowPolicy { kind: kind as i32, ..Default::default() };
    match policy {
        OverflowPolicy::Block => kind(Kind::Block),
        OverflowPolicy::DropNewest => kind(Kind::DropNewest),
        OverflowPolicy::DropOldest => kind(Kind::DropOldest),
        OverflowPolicy::CircuitBreak(config) => proto::OverflowPolicy {
            kind: Kind::CircuitBreak as i32,
            breaker_losses: config.losses,
            breaker_window_ns: nanoseconds(config.window),
            breaker_cool_down_ns: nanoseconds(config.cool_down),
        },
    }
}

pub(super) fn policy_from_wire(
    message: proto::OverflowPolicy,
) -> Result<OverflowPolicy, DecodeError> {
    use proto::overflow_policy::Kind;

    let kind = Kind::try_from(message.kind)
        .map_err(|_| DecodeError::Malformed("unknown overflow policy"))?;
    Ok(match kind {
        Kind::Block => OverflowPolicy::Block,
        Kind::DropNewest => OverflowPolicy::DropNewest,
        Kind::DropOldest => OverflowPolicy::DropOldest,
        Kind::CircuitBreak => OverflowPolicy::CircuitBreak(BreakerConfig {
            losses: message.breaker_losses,
            window: Duration::from_nanos(message.breaker_window_ns),
            cool_down: Duration::from_nanos(message.breaker_cool_down_ns),
        }),
    })
}

/// The answer to a request for statistics, within so many bytes: rows that would be too much are
/// left out, last ids first. The client sees how many by the count of active subscribers.
pub(crate) fn statistics_to_wire(
    request: u64,
    statistics: &EventBusStatistics,
    limit_bytes: usize,
) -> proto::StatisticsReply {
    let mut reply = proto::StatisticsReply {
        request,
        events_published: statistics.events_published,
        events_delivered: statistics.events_delivered,
        events_dropped: statistics.events_dropped,
        active_subscribers: statistics.active_subscribers as u64,
        uptime_ns: nanoseconds(statistics.uptime),
        subscriptions: Vec::new(),
        refused: statistics.refused,
    };
    let mut bytes = reply.encoded_len() + FRAME_HEAD_BYTES;
    for row in &statistics.subscriptions {
        let row = row_to_wire(row);
        let row_bytes = row.encoded_len();
        bytes += 1 + encoded_len_varint(row_bytes as u64) + row_bytes;
        if bytes > limit_bytes {
            break;
        }
        reply.subscriptions.push(row);
    }
    reply
}

pub(super) fn row_to_wire(subscription: &SubscriptionStatistics) -> proto::SubscriptionStatistics {
    proto::SubscriptionStatistics {
        subscriber_id: Bytes::from(subscription.subscriber_id.clone()),
        matched: subscription.matched,
        delivered: subscription.delivered,
        dropped: subscription.dropped,
        queued: subscription.queued,
        breaker: breaker_to_wire(subscription.breaker) as i32,
    }
}

pub(crate) fn statistics_from_wire(
    message: proto::StatisticsReply,
) -> Result<EventBusStatistics, DecodeError> {
    Ok(EventBusStatistics {
        events_published: message.events_published,
        events_delivered: message.events_delivered,
        events_dropped: message.events_dropped,
        active_subscribers: usize::try_from(message.active_subscribers).unwrap_or(usize::MAX),
        refused: message.refused,
        uptime: Duration::from_nanos(message.uptime_ns),
        subscriptions: message
            .subscriptions
            .into_iter()
            .map(row_from_wire)
            .collect::<Result<_, DecodeError>>()?,
    })
}

pub(super) fn row_from_wire(
    subscription: proto::SubscriptionStatistics,
) -> Result<SubscriptionStatistics, DecodeError> {
    Ok(SubscriptionStatistics {
        subscriber_id: string_from_wire(subscription.subscriber_id, "subscriber_id")?,
        matched: subscription.matched,
        delivered: subscription.delivered,
        dropped: subscription.dropped,
        queued: subscription.queued,
        breaker: breaker_from_wire(subscription.breaker)?,
    })
}

fn breaker_to_wire(state: BreakerState) -> proto::subscription_statistics::Breaker {
    use proto::subscription_statistics::Breaker;
    match state {
        BreakerState::Closed => Breaker::Closed,
        BreakerState::Open => Breaker::Open,
        BreakerState::HalfOpen => Breaker::HalfOpen,
    }
}

fn breaker_from_wire(number: i32) -> Result<BreakerState, DecodeError> {
    use proto::subscription_statistics::Breaker;
    match Breaker::try_from(number) {
        Ok(Breaker::Closed) => Ok(BreakerState::Closed),
        Ok(Breaker::Open) => Ok(BreakerState::Open),
        Ok(Breaker::HalfOpen) => Ok(BreakerState::HalfOpen),
        Err(_) => Err(DecodeError::Malformed("unknown breaker state")),
    }
}

pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
