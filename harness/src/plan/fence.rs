//! Fences: one event built to pass one subscription, so that its arrival proves what came before.
//!
//! By C4 everything its publisher sent earlier, in the same lane, is then delivered or lost; about
//! the other lane it says nothing, so a fence names its lane. Where no event of this publisher can
//! pass in it, there is none, and the driver uses a companion subscription.

use daemoneye_eventbus::contract::Matcher;
use daemoneye_eventbus::topic::{MAX_LEVELS, NAMESPACES};
use daemoneye_eventbus::{
    AuditEvent, BusEvent, CollectionEvent, ControlMessage, CorrelationFilter, CorrelationId,
    CorrelationMetadata, EventFilter, EventHeader, EventId, EventKind, EventSubscription,
    FilesystemEvent, NetworkEvent, PerformanceEvent, ProcessEvent, Topic, TopicPattern,
    TopicSegment, TriggerRequest,
};
use serde::{Deserialize, Serialize};

use super::workload::PlannedEvent;
use super::{Case, Lane, PublisherSpec};

/// Bit of a sequence number that marks a fence; [`FENCE_SUBSCRIBER`] then names whom it is for, and
/// bit 62 its lane.
pub const FENCE: u64 = 1 << 63;
/// Bit of a fence's number that is set in the control lane.
const CONTROL: u64 = 1 << 62;
/// Bits of a fence's number that name the subscriber it is for.
pub const FENCE_SUBSCRIBER: u64 = (1 << SUBSCRIBER_BITS) - 1;
/// How many bits those are.
const SUBSCRIBER_BITS: u32 = 16;
/// Levels put in the place of wildcards; several, so that an exclude does not hit them all.
const FILLERS: [&str; 4] = ["fence", "fence-b", "lifecycle", "x"];
/// Most topics tried for one fence; beyond it a companion is used.
const MAX_CANDIDATES: usize = 4096;

/// Which of a publisher's fences it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// Index of the subscriber it is for, below 65 536.
    pub subscriber: usize,
    /// The lane it proves something about.
    pub lane: Lane,
    /// Tells the fences of a run apart.
    pub number: u64,
}

impl Fence {
    /// The number its event carries.
    pub fn sequence(self) -> u64 {
        let lane = if self.lane == Lane::Control { CONTROL } else { 0 };
        FENCE | lane | (self.number << SUBSCRIBER_BITS) | self.subscriber as u64
    }

    /// The fence with this number; `None` for an ordinary event.
    pub fn of(sequence: u64) -> Option<Self> {
        let subscriber = usize::try_from(sequence & FENCE_SUBSCRIBER).ok()?;
        let lane = if sequence & CONTROL == 0 { Lane::Events } else { Lane::Control };
        let number = (sequence & !FENCE & !CONTROL) >> SUBSCRIBER_BITS;
        (sequence & FENCE != 0).then_some(Self { subscriber, lane, number })
    }
}

/// The event in this lane that passes everything this subscriber asks for, or `None` where none
/// can. Stamps are the driver's to fill in.
pub fn fence_event(case: &Case, publisher: usize, fence: Fence) -> Option<PlannedEvent> {
    let publisher = case.topology.publishers.get(publisher)?;
    let subscription = &case.topology.subscribers.get(fence.subscriber)?.subscription;
    let matcher = Matcher::compile(subscription).ok()?;
    let sequence = fence.sequence();
    let event = passing_event(subscription, publisher, sequence)?;
    let correlation = match &subscription.correlation_filter {
        Some(filter) => Some(passing_correlation(filter, sequence)?),
        None => None,
    };
    let topic = passing_topic(&matcher, subscription, fence.lane)?;
    let planned = PlannedEvent { topic: Some(topic), event, correlation };
    matches(&matcher, &planned).then_some(planned)
}

/// Whether a subscription's matcher lets a planned event with a topic of its own pass.
fn matches(matcher: &Matcher, planned: &PlannedEvent) -> bool {
    let Some(topic) = planned.topic.clone() else { return false };
    let id = EventId { publisher: "fence".into(), incarnation: 0, sequence: 0 };
    let correlation =
        planned.correlation.clone().unwrap_or_else(|| CorrelationMetadata::derived(&id));
    let event = BusEvent {
        id,
        topic,
        published_monotonic_ns: 0,
        correlation,
        event: planned.event.clone(),
    };
    matcher.matches_topic(&event.topic) && matcher.matches_attributes(&event)
}

fn passing_event(
    subscription: &EventSubscription,
    publisher: &PublisherSpec,
    sequence: u64,
) -> Option<CollectionEvent> {
    let filter = subscription.event_filter.clone().unwrap_or_default();
    let pid = passing_pid(&filter, subscription.correlation_filter.as_ref()).ok()?;
    let kind = passing_kind(&filter, pid.is_some())?;
    let header = EventHeader {
        source: publisher.name.clone().into(),
        source_sequence: sequence,
        observed_unix_ns: 1,
        observed_monotonic_ns: 1,
        priority: filter.min_priority,
        metadata: filter.metadata,
        ..EventHeader::default()
    };
    Some(of_kind(kind, header, pid))
}

/// A process both filters let pass, `None` if neither asks; an error if they exclude each other.
fn passing_pid(
    event: &EventFilter,
    correlation: Option<&CorrelationFilter>,
) -> Result<Option<u32>, ()> {
    let also = correlation.map(|filter| filter.process_ids.as_slice()).unwrap_or_default();
    match (event.pids.as_slice(), also) {
        ([], []) => Ok(None),
        ([pid, ..], []) | ([], [pid, ..]) => Ok(Some(*pid)),
        (pids, also) => pids.iter().find(|pid| also.contains(pid)).map(|pid| Some(*pid)).ok_or(()),
    }
}

fn passing_kind(filter: &EventFilter, about_a_process: bool) -> Option<EventKind> {
    let about_none = |kind: &EventKind| matches!(kind, EventKind::Audit | EventKind::Control);
    let fits = |kind: &EventKind| !about_a_process || !about_none(kind);
    if filter.event_types.is_empty() {
        return Some(EventKind::Process);
    }
    filter.event_types.iter().copied().find(fits)
}

fn of_kind(kind: EventKind, header: EventHeader, pid: Option<u32>) -> CollectionEvent {
    match kind {
        EventKind::Process => CollectionEvent::Process(ProcessEvent {
            header,
            pid: pid.unwrap_or_default(),
            ..ProcessEvent::default()
        }),
        EventKind::Network => {
            CollectionEvent::Network(NetworkEvent { header, pid, ..NetworkEvent::default() })
        }
        EventKind::Filesystem => CollectionEvent::Filesystem(FilesystemEvent {
            header,
            pid,
            ..FilesystemEvent::default()
        }),
        EventKind::Performance => CollectionEvent::Performance(PerformanceEvent {
            header,
            pid,
            ..PerformanceEvent::default()
        }),
        EventKind::TriggerRequest => CollectionEvent::TriggerRequest(TriggerRequest {
            header,
            target_pid: pid,
            ..TriggerRequest::default()
        }),
        EventKind::Audit => CollectionEvent::Audit(AuditEvent { header, ..AuditEvent::default() }),
        EventKind::Control => {
            CollectionEvent::Control(ControlMessage { header, ..ControlMessage::default() })
        }
    }
}

fn passing_correlation(filter: &CorrelationFilter, sequence: u64) -> Option<CorrelationMetadata> {
    let number = match &filter.sequence {
        Some(range) if range.is_empty() => return None,
        Some(range) => *range.start(),
        None => 0,
    };
    let id: CorrelationId = match filter.correlation_id.as_deref() {
        Some(wanted) => match wanted.strip_suffix('*') {
            Some(prefix) => format!("{prefix}fence-{sequence}").into(),
            None => wanted.into(),
        },
        None => format!("fence-{sequence}").into(),
    };
    let mut tags = filter.all_tags.clone();
    if !filter.any_tags.iter().any(|tag| tags.contains(tag)) {
        let free = |tag: &&(_, _)| !tags.iter().any(|(key, _)| *key == tag.0);
        match filter.any_tags.iter().find(free).cloned() {
            Some(tag) => tags.push(tag),
            None if filter.any_tags.is_empty() => {}
            None => return None,
        }
    }
    Some(CorrelationMetadata {
        root: filter.root_id.clone().map_or_else(|| id.clone(), CorrelationId::from),
        id,
        parent: filter.parent_id.clone().map(CorrelationId::from),
        trace: None,
        stage: filter.stage.clone(),
        sequence: number,
        tags,
    })
}

/// A topic of the lane that passes patterns, excludes and includes.
fn passing_topic(matcher: &Matcher, subscription: &EventSubscription, lane: Lane) -> Option<Topic> {
    let everything = [TopicPattern::new("#").expect("a hash alone is a pattern")];
    let include = includes(subscription);
    let include = if include.is_empty() { everything.as_slice() } else { &include };
    let mut candidates = matcher
        .patterns()
        .iter()
        .flat_map(|pattern| include.iter().flat_map(move |also| candidates(pattern, also)))
        .take(MAX_CANDIDATES)
        .filter(|topic| matcher.matches_topic(topic));
    candidates.find(|topic| Lane::of(topic.as_str()) == lane)
}

fn includes(subscription: &EventSubscription) -> Vec<TopicPattern> {
    let filter = subscription.topic_filter.as_ref();
    let texts = filter.map(|filter| filter.include.as_slice()).unwrap_or_default();
    texts.iter().filter_map(|text| TopicPattern::new(text).ok()).collect()
}

/// Topics that fit both patterns, shortest first, for every filler.
fn candidates<'p>(
    pattern: &'p TopicPattern,
    also: &'p TopicPattern,
) -> impl Iterator<Item = Topic> + 'p {
    (0..MAX_LEVELS).flat_map(move |hash_levels| {
        let (one, other) = (opened(pattern, hash_levels), opened(also, MAX_LEVELS));
        FILLERS.iter().flat_map(move |filler| unified(&one, &other, filler)).collect::<Vec<_>>()
    })
}

/// The levels of a pattern with `#` replaced by so many `+`; `None` is a free level.
fn opened(pattern: &TopicPattern, hash_levels: usize) -> Vec<Option<&str>> {
    let mut levels = Vec::new();
    for segment in pattern.segments() {
        match segment {
            TopicSegment::Literal(text) => levels.push(Some(&**text)),
            TopicSegment::SingleWildcard => levels.push(None),
            TopicSegment::MultiWildcard => levels.extend(std::iter::repeat_n(None, hash_levels)),
        }
    }
    levels
}

/// Topics that fit both rows of levels; a free first level stands for each namespace in turn.
fn unified(one: &[Option<&str>], other: &[Option<&str>], filler: &str) -> Vec<Topic> {
    // Free levels beyond the end are cut: the matcher knows whether they came from a `#`.
    let length = one.len();
    if length == 0 || other.len() < length || other[length..].iter().any(Option::is_some) {
        return Vec::new();
    }
    let mut levels = Vec::with_capacity(length);
    for (mine, theirs) in one.iter().zip(other) {
        match (mine, theirs) {
            (Some(mine), Some(theirs)) if mine != theirs => return Vec::new(),
            (level, _) => levels.push(level.or(*theirs)),
        }
    }
    let rest = |first: &str| {
        let mut text = first.to_owned();
        for level in &levels[1..] {
            text.push('.');
            text.push_str(level.unwrap_or(filler));
        }
        Topic::new(text).ok()
    };
    match levels[0] {
        Some(first) => rest(first).into_iter().collect(),
        None => NAMESPACES.iter().filter_map(|n| rest(n)).collect(),
    }
}

#[cfg(test)]
pub(crate) mod tests;
