//! Which event fences which subscription, and the companions that carry fences where the
//! subscription itself cannot be relied on to (METHOD §5).

use daemoneye_eventbus::{
    CollectionEvent, EventHeader, EventSubscription, OverflowPolicy, ProcessEvent, Topic,
};

use crate::plan::{
    Case, Fence, Lane, PlannedEvent, SubscriberSpec, fence_event, published_lanes, shared_lanes,
};

/// Where companions get their fences.
pub(super) const COMPANION_TOPICS: [&str; 2] = ["events.fence.#", "control.fence.#"];
/// What a companion's id has after that of its subscription.
const COMPANION_SUFFIX: &str = "~fence";

/// The lanes a publisher's fences to a subscriber travel in: those in which it receives anything
/// of it. Where it receives nothing there is one fence all the same, in the lane that lets one
/// pass: it says that the phase is over.
pub(super) fn lanes(case: &Case, publisher: usize, subscriber: usize) -> Vec<Lane> {
    let shared = shared_lanes(case, publisher, subscriber);
    if !shared.is_empty() {
        return shared;
    }
    let own = published_lanes(&case.topology.publishers[publisher]);
    let passes = |lane: &Lane| passes(case, publisher, subscriber, *lane);
    let lane = own.iter().copied().chain(Lane::ALL).find(passes);
    vec![lane.or(own.first().copied()).unwrap_or(Lane::Events)]
}

/// The subscription beside a subscriber's own that carries its fences, on the same connection.
///
/// There is one where no event of some publisher passes all filters, where a full queue would drop
/// the fence instead of holding its publisher up, and where not everybody may publish everything.
pub fn companion(case: &Case, subscriber: usize) -> Option<EventSubscription> {
    let own = &case.topology.subscribers[subscriber].subscription;
    let mut publishers = 0..case.topology.publishers.len();
    let all_pass = |publisher| {
        let mut lanes = lanes(case, publisher, subscriber).into_iter();
        lanes.all(|lane| passes(case, publisher, subscriber, lane))
    };
    let may_all = case.topology.is_all_agents();
    if own.policy == OverflowPolicy::Block && may_all && publishers.all(all_pass) {
        return None;
    }
    let id = format!("{}{COMPANION_SUFFIX}", own.subscriber_id);
    let both = Lane::ALL.into_iter().map(|lane| companion_topic(lane, subscriber));
    Some(both.fold(EventSubscription::new(id), EventSubscription::with_pattern))
}

/// A fence of a publisher, stamps left out.
pub fn fence(case: &Case, publisher: usize, fence: Fence) -> PlannedEvent {
    let direct = || fence_event(case, publisher, fence);
    let planned = if companion(case, fence.subscriber).is_some() { None } else { direct() };
    planned.unwrap_or_else(|| companion_event(case, publisher, fence))
}

/// The subscriber whose fences prove the same about this one: the first of those that ask for the same
/// as it does, in a case that is measured and in which nothing but publishing happens.
///
/// Every one of a thousand equals receives the fence for any; one for each would be a million
/// deliveries a phase, which nobody counts and everybody's CPU time would hold.
pub(super) fn fenced_by(case: &Case, subscriber: usize) -> usize {
    let own = &case.topology.subscribers[subscriber];
    let is_quiet = case.phases.iter().all(|phase| phase.actions.is_empty());
    if !case.kind.is_performance() || !is_quiet || companion(case, subscriber).is_some() {
        return subscriber;
    }
    let mut before = case.topology.subscribers[..subscriber].iter();
    before.position(|other| ask_alike(own, other)).unwrap_or(subscriber)
}

/// Whether two subscribers differ in their names alone.
fn ask_alike(one: &SubscriberSpec, other: &SubscriberSpec) -> bool {
    let mut renamed = other.clone();
    renamed.name.clone_from(&one.name);
    renamed.subscription.subscriber_id.clone_from(&one.subscription.subscriber_id);
    renamed == *one
}

fn passes(case: &Case, publisher: usize, subscriber: usize, lane: Lane) -> bool {
    fence_event(case, publisher, Fence { subscriber, lane, number: 0 }).is_some()
}

fn companion_event(case: &Case, publisher: usize, fence: Fence) -> PlannedEvent {
    let header = EventHeader {
        source: case.topology.publishers[publisher].name.as_str().into(),
        source_sequence: fence.sequence(),
        ..EventHeader::default()
    };
    let event = ProcessEvent { header, ..ProcessEvent::default() };
    let topic = companion_topic(fence.lane, fence.subscriber);
    let topic = Some(Topic::new(topic).expect("three plain levels"));
    PlannedEvent { topic, event: CollectionEvent::Process(event), correlation: None }
}

fn companion_topic(lane: Lane, subscriber: usize) -> String {
    format!("{lane}.fence.s{subscriber}")
}
