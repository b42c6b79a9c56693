//! The trie finds exactly what [`TopicPattern::matches`] says, for random sets, while pairs come
//! and go.

use daemoneye_eventbus::topic::TopicTrie;
use daemoneye_eventbus::{Topic, TopicPattern};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};
use proptest::sample::Index;

use crate::strategy;

/// What the trie should be, as a list: a pair per insertion.
type Pairs = Vec<(TopicPattern, u8)>;

fn expected(pairs: &Pairs, topic: &Topic) -> Vec<u8> {
    let mut different: Pairs = Vec::new();
    for pair in pairs {
        if !different.contains(pair) {
            different.push(pair.clone());
        }
    }
    let matching = different.into_iter().filter(|(pattern, _)| pattern.matches(topic));
    let mut values: Vec<u8> = matching.map(|(_, value)| value).collect();
    values.sort_unstable();
    values
}

fn found(trie: &TopicTrie<u8>, topic: &Topic) -> Vec<u8> {
    let mut values = Vec::new();
    trie.for_each_match(topic, |value| values.push(*value));
    values.sort_unstable();
    values
}

proptest! {
    #[test]
    fn the_trie_agrees_with_matches_while_pairs_come_and_go(
        inserted in vec((strategy::pattern(), 0u8..4), 1..40),
        removals in vec(any::<Index>(), 0..40),
        strangers in vec((strategy::pattern(), 0u8..4), 0..8),
        topics in vec(strategy::topic(), 1..8),
    ) {
        let topics: Vec<Topic> = topics.iter().map(|text| text.parse().unwrap()).collect();
        let mut pairs = Pairs::new();
        let mut trie = TopicTrie::new();
        for (text, value) in inserted {
            let pattern: TopicPattern = text.parse().unwrap();
            trie.insert(&pattern, value);
            pairs.push((pattern, value));
        }
        for topic in &topics {
            prop_assert_eq!(found(&trie, topic), expected(&pairs, topic));
        }
        for index in removals {
            if pairs.is_empty() {
                break;
            }
            let (pattern, value) = pairs.swap_remove(index.index(pairs.len()));
            prop_assert_eq!(trie.remove(&pattern, &value), true);
        }
        for (text, value) in strangers {
            let pair = (text.parse().unwrap(), value);
            let known = pairs.iter().position(|own| *own == pair);
            prop_assert_eq!(trie.remove(&pair.0, &pair.1), known.is_some());
            known.map(|index| pairs.swap_remove(index));
        }
        for topic in &topics {
            prop_assert_eq!(found(&trie, topic), expected(&pairs, topic));
        }
        for (pattern, value) in pairs {
            trie.remove(&pattern, &value);
        }
        prop_assert_eq!(trie.len(), 0);
        for topic in &topics {
            prop_assert_eq!(found(&trie, topic), Vec::<u8>::new());
        }
    }
}
