//! The meaning of a match (T3, T4, T6): the pairs the contract names, every pair over a small
//! alphabet, and random ones.

use daemoneye_eventbus::{Topic, TopicPattern};
use proptest::prelude::{prop_assert_eq, proptest};

use crate::{oracle, strategy};

fn matches(pattern: &str, topic: &str) -> bool {
    let pattern: TopicPattern = pattern.parse().expect("a valid pattern");
    pattern.matches(&Topic::new(topic).expect("a valid topic"))
}

#[test]
fn the_contracts_own_pairs_hold() {
    assert!(matches("events.#", "events"));
    assert!(!matches("events.process.+", "events.process"));
    assert!(!matches("events.process.+", "events.process.tree.update"));
    for collector in ["process", "network", "filesystem", "performance"] {
        assert!(matches("events.+.lifecycle", &format!("events.{collector}.lifecycle")));
    }
}

#[test]
fn a_literal_pattern_matches_its_topic_only() {
    assert!(matches("events.process.tree", "events.process.tree"));
    for other in ["events.process", "events.process.tree.update", "events.process.treee"] {
        assert!(!matches("events.process.tree", other), "{other}");
    }
}

#[test]
fn plus_is_exactly_one_level_wherever_it_stands() {
    assert!(matches("events.process.+", "events.process.lifecycle"));
    assert!(matches("+.process.lifecycle", "events.process.lifecycle"));
    assert!(matches("+", "admin"));
    assert!(!matches("+", "events.process"));
    assert!(!matches("events.+.lifecycle", "events.lifecycle"));
    assert!(!matches("events.+.lifecycle", "events.process.tree.lifecycle"));
}

#[test]
fn hash_is_zero_or_more_levels() {
    for topic in ["events.process", "events.process.tree", "events.process.a.b.c.d.e.f"] {
        assert!(matches("events.process.#", topic), "{topic}");
    }
    for topic in ["events", "events.network.dns", "events.processes", "control.process"] {
        assert!(!matches("events.process.#", topic), "{topic}");
    }
    assert!(matches("#", "control.health.heartbeat"));
}

#[test]
fn plus_and_hash_combine() {
    assert!(matches("+.+.#", "events.process"));
    assert!(matches("+.+.#", "events.process.tree.update"));
    assert!(!matches("+.+.#", "events"));
}

/// All level sequences over `names`, of `1..=depth` levels.
fn sequences(names: &[&str], depth: usize) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut longest = vec![String::new()];
    for _ in 0..depth {
        let longer = |start: &String| -> Vec<String> {
            names
                .iter()
                .map(
                    |name| {
                        if start.is_empty() { (*name).into() } else { format!("{start}.{name}") }
                    },
                )
                .collect()
        };
        longest = longest.iter().flat_map(longer).collect();
        all.extend(longest.iter().cloned());
    }
    all
}

/// The alphabet {a, b} below `events`, four levels deep on the topic's side, with both wildcards at
/// every place they may take: 485 patterns by 31 topics, each against the oracle.
#[test]
fn every_pair_over_a_small_alphabet_agrees_with_the_oracle() {
    let below = |text: String| format!("events.{text}");
    let topics: Vec<Topic> = std::iter::once("events".to_owned())
        .chain(sequences(&["a", "b"], 4).into_iter().map(below))
        .map(|text| text.parse().unwrap())
        .collect();
    let stems: Vec<String> = ["events", "+"]
        .map(str::to_owned)
        .into_iter()
        .chain(
            sequences(&["a", "b", "+"], 4)
                .into_iter()
                .flat_map(|text| [format!("events.{text}"), format!("+.{text}")]),
        )
        .collect();
    let open = stems.iter().map(|text| format!("{text}.#"));
    let patterns: Vec<TopicPattern> = std::iter::once("#".to_owned())
        .chain(open)
        .chain(stems.iter().cloned())
        .map(|text| text.parse().unwrap())
        .collect();
    let mut hits = 0;
    for pattern in &patterns {
        for topic in &topics {
            let answer = pattern.matches(topic);
            assert_eq!(
                answer,
                oracle::matches(&pattern.to_string(), topic.as_str()),
                "{pattern} {topic}"
            );
            hits += usize::from(answer);
        }
    }
    assert_eq!((topics.len(), patterns.len()), (31, 485));
    assert!(hits > 1000 && hits < topics.len() * patterns.len() / 2, "{hits} hits");
}

proptest! {
    #[test]
    fn random_pairs_agree_with_the_oracle(
        pattern in strategy::pattern(),
        topic in strategy::topic(),
    ) {
        prop_assert_eq!(matches(&pattern, &topic), oracle::matches(&pattern, &topic));
    }

    #[test]
    fn a_topic_read_as_a_pattern_matches_itself(topic in strategy::topic()) {
        proptest::prop_assert!(matches(&topic, &topic));
    }
}
