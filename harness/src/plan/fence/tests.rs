//! Fences pass what they are built for, or there are none.

use daemoneye_eventbus::{Priority, SourceCaps, TopicFilter};
use proptest::prelude::*;

use super::*;
use crate::plan::{MixPart, SubscriberSpec, shared_lanes};

/// One subscriber and one publisher with a part for each of these topics.
pub(crate) fn case(subscription: EventSubscription, topics: &[Option<&str>]) -> Case {
    let part = |topic: Option<&str>| MixPart { topic: topic.map(str::to_owned), ..MixPart::bare() };
    let mix = topics.iter().copied().map(part).collect();
    let publisher = PublisherSpec { mix, ..PublisherSpec::bare("procmond") };
    Case::bare("tests/fence", vec![publisher], vec![SubscriberSpec::bare(subscription)])
}

fn fence(subscription: EventSubscription) -> Option<PlannedEvent> {
    let case = case(subscription, &[None]);
    let fence = |lane| Fence { subscriber: 0, lane, number: 3 };
    Lane::ALL.into_iter().find_map(|lane| fence_event(&case, 0, fence(lane)))
}

fn subscription() -> EventSubscription {
    EventSubscription::new("s").with_pattern("events.#")
}

#[test]
fn a_fence_passes_every_filter_of_its_subscription() {
    let fence = fence(
        subscription()
            .with_event_filter(EventFilter {
                event_types: vec![EventKind::Audit, EventKind::Control, EventKind::Network],
                pids: vec![7],
                min_priority: Some(Priority::High),
                source_collectors: vec!["procmond".into()],
                metadata: vec![("zone".into(), "a".into())],
            })
            .with_topic_filter(TopicFilter {
                exclude: vec!["events.network.+".into()],
                include: vec!["events.network.#".into()],
            })
            .with_correlation_filter(CorrelationFilter {
                correlation_id: Some("scan-*".into()),
                parent_id: Some("p".into()),
                root_id: Some("r".into()),
                stage: Some("stage-1".into()),
                all_tags: vec![("a".into(), "1".into())],
                any_tags: vec![("b".into(), "2".into())],
                sequence: Some(5..=9),
                process_ids: vec![7, 8],
            }),
    )
    .expect("these conditions do not exclude each other");
    assert_eq!(fence.event.kind(), EventKind::Network, "the others are about no process");
    assert_eq!(fence.event.header().source_sequence, FENCE | 3 << 16);
}

#[test]
fn conditions_that_exclude_each_other_have_no_fence() {
    let no_number = CorrelationFilter {
        #[expect(clippy::reversed_empty_ranges, reason = "a filter that lets nothing pass")]
        sequence: Some(9..=5),
        ..CorrelationFilter::default()
    };
    assert_eq!(fence(subscription().with_correlation_filter(no_number)), None);
    let excluded = TopicFilter { exclude: vec!["events.#".into()], ..TopicFilter::default() };
    assert_eq!(fence(subscription().with_topic_filter(excluded)), None);
    let foreign =
        EventFilter { source_collectors: vec!["netmond".into()], ..EventFilter::default() };
    assert_eq!(fence(subscription().with_event_filter(foreign)), None);
    assert_eq!(fence(EventSubscription::new("s").with_pattern("events.*")), None);
}

#[test]
fn a_fence_travels_in_its_lane_or_there_is_none() {
    let topic = |pattern: &str, lane| {
        let case = case(EventSubscription::new("s").with_pattern(pattern), &[None]);
        let planned = fence_event(&case, 0, Fence { subscriber: 0, lane, number: 1 })?;
        planned.topic.map(|topic| topic.to_string())
    };
    for lane in Lane::ALL {
        let topic = topic("#", lane).expect("`#` lets all pass");
        assert_eq!(Lane::of(&topic), lane, "{topic}");
    }
    assert!(topic("control.#", Lane::Control).is_some());
    assert_eq!(topic("control.#", Lane::Events), None);
    assert_eq!(topic("events.#", Lane::Control), None);
}

#[test]
fn a_publisher_and_a_subscriber_share_the_lanes_something_passes_in() {
    let topics = [None, Some("control.health.status"), Some("admin.audit")];
    let shared = |pattern: &str| {
        let subscription = EventSubscription::new("s").with_pattern(pattern);
        shared_lanes(&case(subscription, &topics), 0, 0)
    };
    assert_eq!(shared("#"), Lane::ALL);
    assert_eq!(shared("events.#"), [Lane::Events]);
    assert_eq!(shared("admin.+"), [Lane::Control]);
    assert_eq!(shared("control.trigger.request"), [], "the publisher never publishes there");
}

#[test]
fn the_number_of_a_fence_says_which_it_is() {
    for lane in Lane::ALL {
        let fence = Fence { subscriber: 65_535, lane, number: 77 };
        assert_eq!(Fence::of(fence.sequence()), Some(fence));
    }
    assert_eq!(Fence::of(77), None);
}

#[test]
fn a_subscription_by_capability_has_a_fence() {
    let fence = fence(EventSubscription::new("s").with_capabilities(SourceCaps::NETWORK));
    let topic = fence.expect("NETWORK names a kind").topic.expect("fences name their topic");
    assert!(topic.as_str().starts_with("events.network"));
}

fn pattern() -> impl Strategy<Value = String> {
    let level = prop_oneof!["process", "network", r"\+", "fence", "lifecycle"];
    (prop_oneof!["events", "control", r"\+"], proptest::collection::vec(level, 0..5), any::<bool>())
        .prop_map(|(first, mut levels, open)| {
            levels.insert(0, first);
            if open {
                levels.push("#".to_owned());
            }
            levels.join(".")
        })
}

proptest! {
    #[test]
    fn whatever_is_asked_a_fence_matches_or_there_is_none(
        patterns in proptest::collection::vec(pattern(), 1..3),
        exclude in proptest::collection::vec(pattern(), 0..3),
        include in proptest::collection::vec(pattern(), 0..3),
        pids in proptest::collection::vec(0_u32..4, 0..3),
        process_ids in proptest::collection::vec(0_u32..4, 0..3),
    ) {
        let asked = EventSubscription {
            topic_patterns: patterns,
            ..EventSubscription::new("s")
        }
        .with_event_filter(EventFilter { pids, ..EventFilter::default() })
        .with_topic_filter(TopicFilter { exclude, include })
        .with_correlation_filter(CorrelationFilter { process_ids, ..CorrelationFilter::default() });
        if let Some(planned) = fence(asked.clone()) {
            let matcher = Matcher::compile(&asked).expect("a fence implies a valid subscription");
            prop_assert!(matches(&matcher, &planned));
        }
    }

    #[test]
    fn a_plain_subscription_always_has_a_fence(pattern in pattern()) {
        let asked = EventSubscription::new("s").with_pattern(pattern);
        prop_assert!(fence(asked).is_some());
    }
}
