//! The trie's own facts: counting, pruning, reach. Agreement with [`TopicPattern::matches`] over
//! random sets is tested from outside, in `tests/topics/`.

use super::{Node, TopicTrie};
use crate::topic::{Topic, TopicPattern};

fn pattern(text: &str) -> TopicPattern {
    text.parse().unwrap()
}

fn found<T: Clone + Ord>(trie: &TopicTrie<T>, topic: &str) -> Vec<T> {
    let mut values = Vec::new();
    trie.for_each_match(&Topic::new(topic).unwrap(), |value| values.push(value.clone()));
    values.sort();
    values
}

fn nodes<T>(node: &Node<T>) -> usize {
    1 + node.literals.values().map(nodes).sum::<usize>() + node.single.as_deref().map_or(0, nodes)
}

#[test]
fn an_empty_trie_finds_nothing() {
    let trie = TopicTrie::<u32>::new();
    assert!(trie.is_empty());
    assert!(found(&trie, "events.process.lifecycle").is_empty());
}

#[test]
fn every_kind_of_pattern_is_found() {
    let mut trie = TopicTrie::new();
    let hits = ["#", "events.#", "events.process.#", "events.+.lifecycle", "+.+.+"];
    let literal = "events.process.lifecycle";
    let near_misses = ["events", "events.+", "+.+", "events.network.#", "events.process.+.+"];
    for text in hits.into_iter().chain([literal]).chain(near_misses) {
        trie.insert(&pattern(text), text);
    }
    let mut expected: Vec<_> = hits.into_iter().chain([literal]).collect();
    expected.sort_unstable();
    assert_eq!(found(&trie, literal), expected);
}

#[test]
fn a_value_is_found_once_for_each_of_its_matching_patterns() {
    let mut trie = TopicTrie::new();
    trie.insert(&pattern("events.#"), 7);
    trie.insert(&pattern("events.process.+"), 7);
    assert_eq!(trie.len(), 2);
    assert_eq!(found(&trie, "events.process.tree"), [7, 7]);
}

#[test]
fn a_pair_inserted_twice_is_found_once_and_takes_two_removals() {
    let mut trie = TopicTrie::new();
    let everything = pattern("events.#");
    trie.insert(&everything, 1);
    trie.insert(&everything, 1);
    assert_eq!((trie.len(), found(&trie, "events")), (1, vec![1]));
    assert!(trie.remove(&everything, &1));
    assert_eq!((trie.len(), found(&trie, "events")), (1, vec![1]));
    assert!(trie.remove(&everything, &1));
    assert!(trie.is_empty());
    assert!(!trie.remove(&everything, &1));
}

#[test]
fn removal_takes_exactly_the_named_pair() {
    let mut trie = TopicTrie::new();
    trie.insert(&pattern("events.process.#"), 1);
    trie.insert(&pattern("events.process.#"), 2);
    trie.insert(&pattern("events.process"), 1);
    trie.insert(&pattern("events.+"), 1);
    assert!(trie.remove(&pattern("events.process.#"), &1));
    assert_eq!(found(&trie, "events.process"), [1, 1, 2]);
    assert_eq!(found(&trie, "events.process.tree"), [2]);
}

#[test]
fn removing_what_is_not_there_changes_nothing() {
    let mut trie = TopicTrie::new();
    trie.insert(&pattern("events.process.tree"), 1);
    for (text, value) in [
        ("events.process.tree", 2),
        ("events.process", 1),
        ("events.process.+", 1),
        ("events.process.#", 1),
        ("events.process.tree.update", 1),
        ("control.#", 1),
    ] {
        assert!(!trie.remove(&pattern(text), &value), "{text} {value}");
    }
    assert_eq!((trie.len(), nodes(&trie.root)), (1, 4));
    assert_eq!(found(&trie, "events.process.tree"), [1]);
}

#[test]
fn removal_leaves_no_empty_node_behind() {
    let mut trie = TopicTrie::new();
    let texts = ["events.process.tree", "events.+.tree", "events.process.#", "+.+.+.#", "#"];
    for text in texts {
        trie.insert(&pattern(text), ());
    }
    for text in texts {
        assert!(trie.remove(&pattern(text), &()), "{text}");
    }
    assert_eq!(nodes(&trie.root), 1);
    assert!(trie.root.is_empty());
}

#[test]
fn a_shared_prefix_outlives_the_removal_of_one_pattern() {
    let mut trie = TopicTrie::new();
    trie.insert(&pattern("events.process"), 1);
    trie.insert(&pattern("events.process.tree.update"), 2);
    assert!(trie.remove(&pattern("events.process.tree.update"), &2));
    assert_eq!(nodes(&trie.root), 3);
    assert_eq!(found(&trie, "events.process"), [1]);
}

#[test]
fn a_clone_is_independent() {
    let mut trie = TopicTrie::new();
    trie.insert(&pattern("events.#"), 1);
    let before = trie.clone();
    trie.remove(&pattern("events.#"), &1);
    assert_eq!((found(&before, "events"), found(&trie, "events")), (vec![1], vec![]));
}
