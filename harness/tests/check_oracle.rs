//! The naive oracle and the bus's matcher agree: exhaustively on a small alphabet for topics, on
//! random subscriptions and events for filters (M1–M5, T3, T4, T6).

use daemoneye_eventbus::contract::{Attributes, Matcher};
use daemoneye_eventbus::{
    CorrelationFilter, CorrelationMetadata, EventFilter, EventKind, EventSubscription, Priority,
    SourceCaps, Topic, TopicFilter, TopicPattern,
};
use equivalence::check::PlannedAttributes;
use equivalence::check::oracle::{Match, matches, pattern_matches};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest,
};

/// A planned event as the bus's matcher asks about it.
struct AsBusEvent<'a>(&'a PlannedAttributes);

impl Attributes for AsBusEvent<'_> {
    fn kind(&self) -> EventKind {
        self.0.kind
    }

    fn pid(&self) -> Option<u32> {
        self.0.pid
    }

    fn priority(&self) -> Priority {
        self.0.priority.unwrap_or_default()
    }

    fn source(&self) -> &str {
        &self.0.source
    }

    fn has_metadata(&self, key: &str, value: &str) -> bool {
        self.0.metadata.iter().any(|(name, own)| *name == key && *own == value)
    }

    fn correlation(&self) -> CorrelationMetadata {
        self.0.correlation.clone().unwrap_or_else(|| CorrelationMetadata::root("0123abcd"))
    }
}

/// Every text of one to `depth` levels, the first among `first`, the others among `rest`.
fn texts(first: &[&str], rest: &[&str], depth: usize) -> Vec<String> {
    let mut all: Vec<String> = first.iter().map(|level| (*level).to_owned()).collect();
    let mut last = all.clone();
    for _ in 1..depth {
        last = last
            .iter()
            .flat_map(|begin| rest.iter().map(move |level| format!("{begin}.{level}")))
            .collect();
        all.extend(last.clone());
    }
    all
}

#[test]
fn the_oracle_agrees_with_the_bus_on_every_small_topic_and_pattern() {
    let topics = texts(&["events", "control"], &["a", "b", "events"], 5);
    let patterns = texts(&["events", "+", "#"], &["a", "events", "+", "#"], 5);
    let mut compared = 0;
    for pattern in &patterns {
        let Ok(parsed) = TopicPattern::new(pattern) else { continue };
        for topic in &topics {
            let valid = Topic::new(topic.as_str()).expect("the alphabet is valid");
            let expected = parsed.matches(&valid);
            assert_eq!(pattern_matches(pattern, topic), expected, "{pattern} on {topic}");
            compared += 1;
        }
    }
    assert!(compared > 40_000, "only {compared} pairs were valid");
}

#[test]
fn the_contracts_examples_hold() {
    for (pattern, topic, expected) in [
        ("events.#", "events", true),
        ("events.#", "events.process.tree.update", true),
        ("events.process.+", "events.process", false),
        ("events.process.+", "events.process.tree", true),
        ("events.process.+", "events.process.tree.update", false),
        ("events.+.lifecycle", "events.process.lifecycle", true),
        ("events.+.lifecycle", "events.lifecycle", false),
        ("#", "admin", true),
        ("+", "admin", true),
        ("+", "admin.audit", false),
        ("events.process", "events.process", true),
        ("events.process", "events.processes", false),
    ] {
        assert_eq!(pattern_matches(pattern, topic), expected, "{pattern} on {topic}");
    }
}

#[test]
fn a_filter_on_an_id_the_bus_makes_up_is_undecided() {
    let event = PlannedAttributes {
        topic: "events.a".into(),
        kind: EventKind::Process,
        pid: None,
        priority: None,
        source: "p0".into(),
        metadata: Vec::new(),
        correlation: None,
    };
    let asks = |filter| {
        let subscription = EventSubscription::new("s").with_pattern("#");
        matches(&subscription.with_correlation_filter(filter), &event)
    };
    let id =
        CorrelationFilter { correlation_id: Some("a*".into()), ..CorrelationFilter::default() };
    assert_eq!(asks(id), Match::Undecided);
    let stage = CorrelationFilter { stage: Some("s".into()), ..CorrelationFilter::default() };
    assert_eq!(asks(stage), Match::No);
    let first = CorrelationFilter { sequence: Some(0..=3), ..CorrelationFilter::default() };
    assert_eq!(asks(first), Match::Yes);
}

fn topic_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("events.process.lifecycle"),
        Just("events.process"),
        Just("events.network.dns"),
        Just("events.filesystem.bulk"),
        Just("events.performance.system"),
        Just("events.processes"),
        Just("control.trigger.request"),
        Just("control.health.status"),
        Just("admin.audit"),
    ]
    .prop_map(str::to_owned)
}

fn pattern_text() -> impl Strategy<Value = String> {
    prop_oneof![
        topic_text(),
        Just("#".to_owned()),
        Just("events.#".to_owned()),
        Just("events.process.#".to_owned()),
        Just("events.+.lifecycle".to_owned()),
        Just("+.+".to_owned()),
        Just("control.trigger.+".to_owned()),
    ]
}

fn word() -> impl Strategy<Value = bytestring::ByteString> {
    prop_oneof![Just("a"), Just("b"), Just("ab")].prop_map(Into::into)
}

fn priority() -> impl Strategy<Value = Priority> {
    (1_u32..=4).prop_map(|level| Priority::from_level(level).expect("1 to 4"))
}

fn kind() -> impl Strategy<Value = EventKind> {
    (0..EventKind::ALL.len()).prop_map(|index| EventKind::ALL[index])
}

fn tags(
    most: usize,
) -> impl Strategy<Value = Vec<(bytestring::ByteString, bytestring::ByteString)>> {
    vec((word(), word()), 0..=most).prop_map(|mut tags| {
        tags.sort();
        tags.dedup_by(|one, other| one.0 == other.0);
        tags
    })
}

fn correlation() -> impl Strategy<Value = CorrelationMetadata> {
    (word(), of(word()), word(), of(word()), 0_u64..4, tags(2)).prop_map(
        |(id, parent, root, stage, sequence, tags)| CorrelationMetadata {
            id: id.into(),
            parent: parent.map(Into::into),
            root: root.into(),
            trace: None,
            stage,
            sequence,
            tags,
        },
    )
}

fn event() -> impl Strategy<Value = PlannedAttributes> {
    (topic_text(), kind(), of(0_u32..3), of(priority()), word(), tags(2), of(correlation()))
        .prop_map(|(topic, kind, pid, priority, source, metadata, correlation)| PlannedAttributes {
            topic: topic.into(),
            kind,
            pid,
            priority,
            source,
            metadata,
            correlation,
        })
}

fn event_filter() -> impl Strategy<Value = EventFilter> {
    (vec(kind(), 0..3), vec(0_u32..3, 0..3), of(priority()), vec(word(), 0..3), tags(1)).prop_map(
        |(event_types, pids, min_priority, source_collectors, metadata)| EventFilter {
            event_types,
            pids,
            min_priority,
            source_collectors,
            metadata,
        },
    )
}

fn correlation_filter() -> impl Strategy<Value = CorrelationFilter> {
    let id = prop_oneof![word(), Just("a*".into()), Just("*".into())];
    (
        of(id),
        of(word()),
        of(word()),
        of(word()),
        tags(1),
        tags(2),
        of((0_u64..3, 0_u64..4)),
        vec(0_u32..3, 0..2),
    )
        .prop_map(
            |(correlation_id, parent_id, root_id, stage, all_tags, any_tags, range, pids)| {
                CorrelationFilter {
                    correlation_id,
                    parent_id,
                    root_id,
                    stage,
                    all_tags,
                    any_tags,
                    sequence: range.map(|(first, more)| first..=first + more),
                    process_ids: pids,
                }
            },
        )
}

fn subscription() -> impl Strategy<Value = EventSubscription> {
    (
        vec(pattern_text(), 0..3),
        any::<u32>(),
        of(event_filter()),
        of((vec(pattern_text(), 0..2), vec(pattern_text(), 0..2))),
        of(correlation_filter()),
    )
        .prop_map(
            |(topic_patterns, capabilities, event_filter, topics, correlation_filter)| {
                EventSubscription {
                    topic_patterns,
                    capabilities: SourceCaps::from_bits_truncate(capabilities),
                    event_filter,
                    topic_filter: topics.map(|(exclude, include)| TopicFilter { exclude, include }),
                    correlation_filter,
                    ..EventSubscription::new("s")
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 4_096,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_oracle_agrees_with_the_bus_on_filters(
        subscription in subscription(),
        event in event(),
    ) {
        if let Ok(matcher) = Matcher::compile(&subscription) {
            let topic = Topic::new(event.topic.clone()).expect("the topics are valid");
            let expected =
                matcher.matches_topic(&topic) && matcher.matches_attributes(&AsBusEvent(&event));
            match matches(&subscription, &event) {
                Match::Undecided => prop_assert_eq!(&event.correlation, &None),
                decided => prop_assert_eq!(decided == Match::Yes, expected),
            }
        }
    }
}
