//! Which event fences which subscription, and the companions that carry fences where the
//! subscription itself cannot be relied on to (METHOD §5).

use daemoneye_eventbus::{
    CollectionEvent, EventHeader, EventKind, EventSubscription, OverflowPolicy, ProcessEvent, Topic,
};

use crate::plan::{Case, PlannedEvent, PublisherSpec, fence_event, fence_sequence};

/// What a companion's id has after that of its subscription.
const COMPANION_SUFFIX: &str = "~fence";

/// The subscription beside a subscriber's own that carries its fences, on the same connection.
///
/// There is one where no event of some publisher passes all filters, and where a full queue
/// would drop the fence instead of holding its publisher up.
pub fn companion(case: &Case, subscriber: usize) -> Option<EventSubscription> {
    let own = &case.topology.subscribers[subscriber].subscription;
    let publishers = 0..case.topology.publishers.len();
    let passes = |publisher| fence_event(case, publisher, subscriber, 0).is_some();
    if own.policy == OverflowPolicy::Block && publishers.into_iter().all(passes) {
        return None;
    }
    let id = format!("{}{COMPANION_SUFFIX}", own.subscriber_id);
    let subscription = EventSubscription::new(id)
        .with_pattern(companion_topic("events", subscriber))
        .with_pattern(companion_topic("control", subscriber));
    Some(subscription)
}

/// The fence with this running number from a publisher to a subscriber, stamps left out.
pub fn fence(case: &Case, publisher: usize, subscriber: usize, number: u64) -> PlannedEvent {
    let direct = || fence_event(case, publisher, subscriber, number);
    let planned = if companion(case, subscriber).is_some() { None } else { direct() };
    planned.unwrap_or_else(|| companion_event(case, publisher, subscriber, number))
}

fn companion_event(case: &Case, publisher: usize, subscriber: usize, number: u64) -> PlannedEvent {
    let spec = &case.topology.publishers[publisher];
    let lane = if publishes_events(spec) { "events" } else { "control" };
    let header = EventHeader {
        source: spec.name.as_str().into(),
        source_sequence: fence_sequence(subscriber, number),
        ..EventHeader::default()
    };
    let event = ProcessEvent { header, ..ProcessEvent::default() };
    let topic = Topic::new(companion_topic(lane, subscriber)).expect("three plain levels");
    PlannedEvent { topic: Some(topic), event: CollectionEvent::Process(event), correlation: None }
}

fn companion_topic(lane: &str, subscriber: usize) -> String {
    format!("{lane}.fence.s{subscriber}")
}

fn publishes_events(publisher: &PublisherSpec) -> bool {
    publisher.mix.iter().any(|part| match &part.topic {
        Some(topic) => topic.starts_with("events"),
        None => part.kind != EventKind::TriggerRequest,
    })
}
