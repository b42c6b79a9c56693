//! What is a topic and what is a pattern (T1, T2, T5): the limits from both sides, and refusals
//! that name the level and say what to write, for the `*` of old buses above all (V7).

use daemoneye_eventbus::topic::{MAX_LEVEL_BYTES, MAX_LEVELS, MAX_TOPIC_BYTES};
use daemoneye_eventbus::{PatternError, Topic, TopicError, TopicPattern, TopicSegment};
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use crate::strategy;

fn topic_error(text: &str) -> TopicError {
    Topic::new(text).expect_err(text)
}

fn pattern_error(text: &str) -> PatternError {
    TopicPattern::new(text).expect_err(text)
}

/// Refused alike as a topic and as a pattern.
fn refused_as_both(text: &str) -> TopicError {
    let error = topic_error(text);
    assert_eq!(pattern_error(text), PatternError::Level(error.clone()), "{text:?}");
    error
}

/// A valid topic of exactly this length: eight levels at most, each of 64 bytes at most.
fn topic_of(bytes: usize) -> String {
    let mut text = "events".to_owned();
    while text.len() < bytes {
        let level = (bytes - text.len() - 1).min(MAX_LEVEL_BYTES);
        text.push('.');
        text.push_str(&"x".repeat(level));
    }
    text
}

#[test]
fn every_allowed_character_passes() {
    for text in ["events", "control", "admin", "events.a-z_09", "events._", "events.-", "admin.0"] {
        assert_eq!(Topic::new(text).unwrap().as_str(), text);
        assert_eq!(TopicPattern::new(text).unwrap().to_string(), text);
    }
}

#[test]
fn any_other_character_is_refused_with_its_level() {
    for found in
        ['A', 'Z', 'é', 'ß', '日', '٣', 'а', ' ', '\t', '\n', '\0', '/', ':', '$', '\u{202e}']
    {
        let level = format!("x{found}y");
        assert_eq!(
            refused_as_both(&format!("events.process.{level}")),
            TopicError::InvalidCharacter { level: 3, text: level, found },
        );
    }
    assert!(matches!(
        refused_as_both("Events.process"),
        TopicError::InvalidCharacter { level: 1, found: 'E', .. }
    ));
}

#[test]
fn an_empty_level_is_refused_wherever_it_is() {
    for (text, level) in
        [(".", 1), (".events", 1), ("events.", 2), ("events..tree", 2), ("events.a.", 3)]
    {
        assert_eq!(refused_as_both(text), TopicError::EmptyLevel { level }, "{text}");
    }
    assert_eq!(refused_as_both(""), TopicError::Empty);
}

#[test]
fn eight_levels_pass_and_nine_do_not() {
    let eight = format!("events{}", ".x".repeat(MAX_LEVELS - 1));
    assert_eq!(Topic::new(eight.as_str()).unwrap().levels().count(), 8);
    assert_eq!(TopicPattern::new(&eight).unwrap().segments().len(), 8);
    let nine = format!("{eight}.x");
    assert_eq!(refused_as_both(&nine), TopicError::TooDeep { levels: 9 });
    assert_eq!(pattern_error(&format!("{eight}.#")), TopicError::TooDeep { levels: 9 }.into());
}

#[test]
fn a_level_of_64_bytes_passes_and_one_of_65_does_not() {
    let longest = format!("events.{}", "x".repeat(MAX_LEVEL_BYTES));
    assert!(Topic::new(longest.as_str()).is_ok());
    assert!(TopicPattern::new(&longest).is_ok());
    assert_eq!(
        refused_as_both(&format!("{longest}x")),
        TopicError::LevelTooLong { level: 2, bytes: 65 },
    );
}

#[test]
fn a_whole_of_255_bytes_passes_and_one_of_256_does_not() {
    let longest = topic_of(MAX_TOPIC_BYTES);
    assert_eq!(longest.len(), 255);
    assert!(Topic::new(longest.as_str()).is_ok());
    assert!(TopicPattern::new(&longest).is_ok());
    // 6 + 3 * (1 + 64) = 201 bytes fill four levels; the fifth crosses the limit.
    assert_eq!(
        refused_as_both(&topic_of(MAX_TOPIC_BYTES + 1)),
        TopicError::TooLong { level: 5, bytes: 256 },
    );
    assert_eq!(
        refused_as_both(&format!("{longest}.x")),
        TopicError::TooLong { level: 6, bytes: 257 },
    );
}

#[test]
fn the_first_level_is_a_namespace() {
    for text in ["event", "eventss", "process.lifecycle", "sys"] {
        let found = text.split('.').next().unwrap().to_owned();
        assert_eq!(refused_as_both(text), TopicError::UnknownNamespace { found });
    }
}

#[test]
fn the_first_level_of_a_pattern_may_be_a_wildcard() {
    for text in ["+", "#", "+.process.lifecycle", "+.#", "+.+.+.+.+.+.+.#"] {
        assert_eq!(TopicPattern::new(text).unwrap().to_string(), text);
    }
}

#[test]
fn a_wildcard_in_a_topic_is_refused() {
    for (text, level, wildcard) in [
        ("events.+", 2, '+'),
        ("#", 1, '#'),
        ("events.process.*", 3, '*'),
        ("events.pro+cess", 2, '+'),
    ] {
        let own = text.split('.').nth(level - 1).unwrap().to_owned();
        assert_eq!(topic_error(text), TopicError::Wildcard { level, text: own, wildcard });
    }
}

#[test]
fn an_asterisk_anywhere_is_refused_with_plus_and_hash_as_advice() {
    for (text, level) in
        [("*", 1), ("events.*", 2), ("events.pro*", 2), ("events.a.**", 3), ("+.*+", 2)]
    {
        let own = text.split('.').nth(level - 1).unwrap().to_owned();
        let error = pattern_error(text);
        assert_eq!(error, PatternError::Asterisk { level, text: own });
        let sentence = error.to_string();
        assert!(sentence.contains("`+`") && sentence.contains("`#`"), "{sentence}");
    }
}

#[test]
fn a_wildcard_that_does_not_fill_its_level_is_refused() {
    for (text, level, wildcard) in [
        ("events.pro+", 2, '+'),
        ("events.+x", 2, '+'),
        ("events.##", 2, '#'),
        ("events.a.x#", 3, '#'),
        ("+#", 1, '+'),
    ] {
        let own = text.split('.').nth(level - 1).unwrap().to_owned();
        assert_eq!(
            pattern_error(text),
            PatternError::PartialWildcard { level, text: own, wildcard }
        );
    }
}

#[test]
fn hash_before_the_end_is_refused() {
    for (text, level) in [("#.events", 1), ("events.#.tree", 2), ("events.process.#.#", 3)] {
        assert_eq!(pattern_error(text), PatternError::HashNotLast { level });
    }
    assert_eq!(pattern_error("events.#."), PatternError::HashNotLast { level: 2 });
}

#[test]
fn segments_say_what_stands_at_each_level() {
    let pattern = TopicPattern::new("events.+.#").unwrap();
    assert_eq!(
        pattern.segments(),
        [
            TopicSegment::Literal("events".into()),
            TopicSegment::SingleWildcard,
            TopicSegment::MultiWildcard
        ]
    );
    assert_eq!(pattern.first_wildcard(), Some((2, &TopicSegment::SingleWildcard)));
    assert_eq!(TopicPattern::new("events.a").unwrap().first_wildcard(), None);
}

/// Every refusal begins with its level and ends in advice after a semicolon.
#[test]
fn every_refusal_names_its_level_and_gives_advice() {
    let long_level = format!("events.{}", "x".repeat(65));
    let too_long = topic_of(256);
    for (text, level) in [
        ("", 1),
        ("events..x", 2),
        ("events.X", 2),
        ("event", 1),
        ("events.*", 2),
        ("events.x+", 2),
        ("events.#.x", 2),
        ("events.1.2.3.4.5.6.7.8", 9),
        (&long_level, 2),
        (&too_long, 5),
    ] {
        for sentence in [topic_error(text).to_string(), pattern_error(text).to_string()] {
            let (fact, advice) = sentence.split_once("; ").expect(&sentence);
            assert!(fact.starts_with(&format!("level {level} ")), "{sentence}");
            assert!(!advice.is_empty() && !sentence.ends_with('.'), "{sentence}");
        }
    }
}

/// Neither parser panics; what they accept obeys T1 and comes back as it was written.
fn survives(text: &str) -> Result<(), proptest::test_runner::TestCaseError> {
    if let Ok(topic) = Topic::new(text) {
        prop_assert_eq!(topic.to_string(), text);
        prop_assert!(text.len() <= 255 && text.split('.').count() <= 8);
        prop_assert!(text.split('.').all(|level| (1..=64).contains(&level.len())));
        prop_assert!(text.bytes().all(|b| b"abcdefghijklmnopqrstuvwxyz0123456789_-.".contains(&b)));
        prop_assert!(TopicPattern::new(text).is_ok());
    }
    if let Ok(pattern) = TopicPattern::new(text) {
        prop_assert_eq!(pattern.to_string(), text);
        prop_assert!(!text.contains('*') && text.split('.').count() <= 8);
        prop_assert_eq!(text.find('#').is_none_or(|at| at + 1 == text.len()), true);
    }
    Ok(())
}

proptest! {
    #[test]
    fn arbitrary_strings_never_panic(text in ".{0,300}") {
        survives(&text)?;
    }

    #[test]
    fn strings_close_to_a_pattern_never_panic(text in strategy::nearly_a_pattern()) {
        survives(&text)?;
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same(text in strategy::pattern()) {
        let pattern = TopicPattern::new(&text).unwrap();
        prop_assert_eq!(pattern.to_string().parse::<TopicPattern>().unwrap(), pattern);
    }

    #[test]
    fn a_topic_reads_back_from_its_text(text in strategy::topic()) {
        let topic = Topic::new(text.as_str()).unwrap();
        prop_assert_eq!(topic.as_str(), &text);
        prop_assert_eq!(topic.to_string().parse::<Topic>().unwrap(), topic);
    }
}
