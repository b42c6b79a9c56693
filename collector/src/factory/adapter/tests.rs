//! Patterns of old, row by row, and what becomes of subscriptions that have them.

use daemoneye_eventbus::SourceCaps;
use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::{Just, Strategy};

use super::*;

fn map(pattern: &str) -> String {
    DaemoneyeEventBusAdapter::map_topic_pattern(pattern)
}

fn convert_of(subscription: EventSubscription) -> Result<EventSubscription, SubscribeError> {
    DaemoneyeEventBusAdapter::convert_subscription(subscription)
}

#[test]
fn every_row_of_the_document_is_mapped_to_all_it_meant() {
    for kind in ["process", "network", "filesystem", "performance"] {
        let expected = format!("events.{kind}.#");
        assert_eq!(map(kind), expected);
        assert_eq!(map(&format!("{kind}.*")), expected);
        let pattern: TopicPattern = expected.parse().unwrap();
        for topic in [format!("events.{kind}"), format!("events.{kind}.a.b")] {
            assert!(pattern.matches(&topic.parse().unwrap()), "{topic}");
        }
    }
    assert_eq!([map("control"), map("control.*")], ["control.#", "control.#"]);
    assert_eq!(map("process.lifecycle"), "events.process.lifecycle", "the default mapping");
}

#[test]
fn what_the_document_has_no_row_for_has_one_here() {
    for (old, today) in [
        ("*", "events.#"),
        ("*.lifecycle", "events.+.lifecycle"),
        ("process.*.update", "events.process.+.update"),
        ("process.tree.*", "events.process.tree.#"),
        ("trigger", "control.trigger.#"),
        ("trigger.*", "control.trigger.#"),
        ("trigger.request", "control.trigger.request"),
        ("control.health", "control.health"),
        ("control.health.*", "control.health.#"),
        ("audit", "events.audit.#"),
        ("events", "events.#"),
        ("events.*", "events.#"),
    ] {
        assert_eq!(map(old), today, "{old}");
    }
}

#[test]
fn a_pattern_of_today_stays_as_it_is() {
    for pattern in [
        "#",
        "+",
        "+.audit.#",
        "events.process.#",
        "events.+.lifecycle",
        "events.process.lifecycle",
        "control.health.heartbeat",
        "admin.audit",
    ] {
        assert_eq!(map(pattern), pattern);
    }
}

#[test]
fn patterns_are_converted_and_everything_else_stays() {
    let filter =
        TopicFilter { exclude: vec!["process.tree".to_owned()], include: vec!["*".to_owned()] };
    let old = EventSubscription::new("old")
        .with_pattern("process")
        .with_pattern("network.*")
        .with_topic_filter(filter)
        .with_capacity(7);
    let filter = TopicFilter {
        exclude: vec!["events.process.tree".to_owned()],
        include: vec!["events.#".to_owned()],
    };
    let expected = EventSubscription::new("old")
        .with_pattern("events.process.#")
        .with_pattern("events.network.#")
        .with_topic_filter(filter)
        .with_capacity(7);
    assert_eq!(convert_of(old), Ok(expected));
}

#[test]
fn capabilities_decide_where_there_is_no_pattern() {
    let old = EventSubscription::new("old").with_capabilities(SourceCaps::PROCESS);
    assert_eq!(convert_of(old.clone()), Ok(old));
}

#[test]
fn wildcards_of_old_may_be_disabled_and_names_still_mean_everything_below() {
    let of = |pattern: &str| EventSubscription {
        enable_wildcards: false,
        ..EventSubscription::new("old").with_pattern(pattern)
    };
    let converted = convert_of(of("process")).unwrap();
    assert_eq!(converted.topic_patterns, ["events.process.#"]);
    assert!(converted.enable_wildcards, "mapping has brought one");
    for (pattern, level, text) in [("process.*", 2, "*"), ("+.tree", 1, "+"), ("#", 1, "#")] {
        let cause = PatternError::WildcardsDisabled { level, text: text.to_owned() };
        let expected = SubscribeError::InvalidPattern { pattern: pattern.to_owned(), cause };
        assert_eq!(convert_of(of(pattern)), Err(expected));
    }
}

#[test]
fn a_pattern_that_is_none_is_refused_as_it_was_said() {
    for pattern in ["", "Process", "proc*", "process..tree", "process.#.tree"] {
        let refused = convert_of(EventSubscription::new("old").with_pattern(pattern));
        let Err(SubscribeError::InvalidPattern { pattern: named, .. }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(named, pattern);
    }
}

#[test]
fn an_id_filters_by_itself_alone() {
    let filter = DaemoneyeEventBusAdapter::convert_correlation_filter("scan-7");
    let expected =
        CorrelationFilter { correlation_id: Some("scan-7".into()), ..CorrelationFilter::default() };
    assert_eq!(filter, expected);
}

fn level() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec!["process", "tree", "control", "events", "trigger"])
            .prop_map(str::to_owned),
        1 => Just("*".to_owned()),
        1 => Just("+".to_owned()),
    ]
}

proptest! {
    #[test]
    fn what_is_mapped_is_a_pattern_of_today_that_mapping_leaves_alone(
        levels in prop::collection::vec(level(), 1..6),
        ends_in_hash in any::<bool>(),
    ) {
        let mut pattern = levels.join(".");
        if ends_in_hash {
            pattern.push_str(".#");
        }
        let mapped = map(&pattern);
        let parsed = TopicPattern::new(&mapped);
        prop_assert!(parsed.is_ok(), "{pattern} became {mapped}: {parsed:?}");
        prop_assert_eq!(map(&mapped), mapped);
    }
}
