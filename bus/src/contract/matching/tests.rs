//! The matcher against the contract, field by field, and against a naive reading of it (M1–M5).

use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

use super::Matcher;
use crate::contract::{
    BusEvent, CorrelationFilter, CorrelationMetadata, EventFilter, EventId, EventSubscription,
    MAX_PATTERNS, SubscribeError, TopicFilter,
};
use crate::event::{CollectionEvent, EventKind, NetworkEvent, Priority, ProcessEvent, SourceCaps};
use crate::topic::PatternError;

fn subscription() -> EventSubscription {
    EventSubscription::new("alerts").with_pattern("events.#")
}

fn compile(subscription: &EventSubscription) -> Matcher {
    Matcher::compile(subscription).expect("the subscription is valid")
}

fn event(pid: u32) -> BusEvent {
    let id = EventId { publisher: "procmond".into(), incarnation: 1, sequence: 1 };
    BusEvent {
        correlation: CorrelationMetadata::derived(&id),
        id,
        topic: "events.process.lifecycle".parse().expect("a valid topic"),
        published_monotonic_ns: 0,
        event: CollectionEvent::Process(ProcessEvent { pid, ..ProcessEvent::default() }),
    }
}

fn matches_topic(matcher: &Matcher, topic: &str) -> bool {
    matcher.matches_topic(&topic.parse().expect("a valid topic"))
}

#[test]
fn one_matching_pattern_is_enough() {
    let matcher = compile(
        &EventSubscription::new("two")
            .with_pattern("events.network.#")
            .with_pattern("events.process.tree"),
    );
    assert!(matches_topic(&matcher, "events.process.tree"));
    assert!(matches_topic(&matcher, "events.network"));
    assert!(!matches_topic(&matcher, "events.process.lifecycle"));
}

#[test]
fn capabilities_become_patterns_only_without_patterns() {
    let all = SourceCaps::all();
    let matcher = compile(&EventSubscription::new("all").with_capabilities(all));
    let patterns: Vec<String> = matcher.patterns().iter().map(ToString::to_string).collect();
    assert_eq!(
        patterns,
        [
            "events.process.#",
            "events.network.#",
            "events.filesystem.#",
            "events.performance.#",
            "control.trigger.#",
        ]
    );
    let matcher = compile(&subscription().with_capabilities(all));
    assert_eq!(matcher.patterns().len(), 1);
}

#[test]
fn realtime_alone_names_no_kind_of_event() {
    for capabilities in [SourceCaps::empty(), SourceCaps::REALTIME, SourceCaps::KERNEL_LEVEL] {
        let vague = EventSubscription::new("vague").with_capabilities(capabilities);
        let refused = Matcher::compile(&vague).expect_err("no kind of event");
        assert_eq!(refused, SubscribeError::NoPattern);
    }
}

#[test]
fn patterns_in_filters_count_towards_the_limit() {
    let mut many = subscription();
    let filter = vec!["events.process.tree".to_owned(); MAX_PATTERNS / 2];
    many.topic_filter = Some(TopicFilter { exclude: filter.clone(), include: filter });
    let refused = Matcher::compile(&many).expect_err("one too many");
    let expected =
        SubscribeError::TooManyPatterns { patterns: MAX_PATTERNS + 1, limit: MAX_PATTERNS };
    assert_eq!(refused, expected);
    many.topic_patterns.clear();
    many.capabilities = SourceCaps::PROCESS;
    compile(&many);
}

#[test]
fn disabled_wildcards_are_refused_in_patterns_and_named() {
    let literal = EventSubscription { enable_wildcards: false, ..subscription() };
    let refused = Matcher::compile(&literal).expect_err("a wildcard");
    let cause = PatternError::WildcardsDisabled { level: 2, text: "#".into() };
    let pattern = "events.#".into();
    assert_eq!(refused, SubscribeError::InvalidPattern { pattern, cause });
}

#[test]
fn excludes_win_over_includes() {
    let matcher = compile(&subscription().with_topic_filter(TopicFilter {
        exclude: vec!["events.process.#".into()],
        include: vec!["events.process.tree".into(), "events.network.#".into()],
    }));
    assert!(!matches_topic(&matcher, "events.process.tree"));
    assert!(matches_topic(&matcher, "events.network.dns"));
    assert!(!matches_topic(&matcher, "events.audit.record"));
}

#[test]
fn empty_filters_are_no_filters() {
    let matcher = compile(
        &subscription()
            .with_event_filter(EventFilter::default())
            .with_correlation_filter(CorrelationFilter::default())
            .with_topic_filter(TopicFilter::default()),
    );
    assert!(matcher.is_topic_only());
    assert!(matcher.matches_attributes(&event(1)));
}

#[test]
fn an_event_about_no_process_fails_every_pid_filter() {
    let mut nobody = event(1);
    nobody.event = CollectionEvent::Network(NetworkEvent::default());
    let by_event = EventFilter { pids: vec![0, 1], ..EventFilter::default() };
    let by_correlation =
        CorrelationFilter { process_ids: vec![0, 1], ..CorrelationFilter::default() };
    let filtered = [
        compile(&subscription().with_event_filter(by_event)),
        compile(&subscription().with_correlation_filter(by_correlation)),
    ];
    for matcher in filtered {
        assert!(!matcher.matches_attributes(&nobody));
        assert!(matcher.matches_attributes(&event(1)));
    }
}

#[test]
fn an_id_matches_exactly_or_by_its_beginning() {
    let rows = [
        ("scan-7", "scan-7", true),
        ("scan-7", "scan-70", false),
        ("scan-7*", "scan-70", true),
        ("scan-7*", "scan-7", true),
        ("scan-7*", "scan-6", false),
        ("*", "anything", true),
        ("scan-*7", "scan-*7", true),
        ("scan-*7", "scan-17", false),
    ];
    for (wanted, id, expected) in rows {
        let filter = CorrelationFilter {
            correlation_id: Some(wanted.into()),
            ..CorrelationFilter::default()
        };
        let matcher = compile(&subscription().with_correlation_filter(filter));
        let event = BusEvent { correlation: id.into(), ..event(1) };
        assert_eq!(matcher.matches_attributes(&event), expected, "{wanted} against {id}");
    }
}

#[test]
fn a_fresh_id_can_be_filtered_by_its_text() {
    let event = event(1);
    let text = event.correlation.id.to_byte_string();
    let filter = CorrelationFilter { root_id: Some(text), ..CorrelationFilter::default() };
    let matcher = compile(&subscription().with_correlation_filter(filter));
    assert!(matcher.matches_attributes(&event));
}

#[test]
fn a_tag_is_its_key_and_its_value() {
    let tagged = |value: &str| BusEvent {
        correlation: CorrelationMetadata {
            tags: vec![("team".into(), value.into())],
            ..CorrelationMetadata::root("r")
        },
        ..event(1)
    };
    let wanted = vec![("team".into(), "red".into())];
    for filter in [
        CorrelationFilter { all_tags: wanted.clone(), ..CorrelationFilter::default() },
        CorrelationFilter { any_tags: wanted, ..CorrelationFilter::default() },
    ] {
        let matcher = compile(&subscription().with_correlation_filter(filter));
        assert!(matcher.matches_attributes(&tagged("red")));
        assert!(!matcher.matches_attributes(&tagged("blue")));
        assert!(!matcher.matches_attributes(&event(1)));
    }
}

/// Few values, so that hits and misses are both common.
fn few() -> impl Strategy<Value = u32> {
    1_u32..4
}

fn priority() -> impl Strategy<Value = Option<Priority>> {
    prop_oneof![Just(None), (1_u32..=4).prop_map(Priority::from_level)]
}

fn kinds() -> impl Strategy<Value = Vec<EventKind>> {
    prop::collection::vec(prop::sample::select(EventKind::ALL.to_vec()), 0..3)
}

proptest! {
    /// M3 and parts of M5 in the words of the contract, one condition after the other.
    #[test]
    fn filters_agree_with_a_naive_reading(
        pid in few(),
        own_priority in priority(),
        sequence in 0_u64..5,
        has_parent in any::<bool>(),
        event_types in kinds(),
        pids in prop::collection::vec(few(), 0..3),
        min_priority in priority(),
        from in 0_u64..5,
        to in 0_u64..5,
        wants_parent in any::<bool>(),
    ) {
        let mut event = event(pid);
        event.event.header_mut().priority = own_priority;
        event.correlation.sequence = sequence;
        event.correlation.parent = has_parent.then(|| "p".into());
        let matcher = compile(
            &subscription()
                .with_event_filter(EventFilter {
                    event_types: event_types.clone(),
                    pids: pids.clone(),
                    min_priority,
                    ..EventFilter::default()
                })
                .with_correlation_filter(CorrelationFilter {
                    sequence: Some(from..=to),
                    parent_id: wants_parent.then(|| "p".into()),
                    ..CorrelationFilter::default()
                }),
        );
        let level = own_priority.map_or(2, Priority::level);
        let mut expected = true;
        if !event_types.is_empty() && !event_types.contains(&EventKind::Process) {
            expected = false;
        }
        if !pids.is_empty() && !pids.contains(&pid) {
            expected = false;
        }
        if min_priority.is_some_and(|minimum| level < minimum.level()) {
            expected = false;
        }
        if sequence < from || sequence > to {
            expected = false;
        }
        if wants_parent && !has_parent {
            expected = false;
        }
        prop_assert_eq!(matcher.matches_attributes(&event), expected);
    }
}
