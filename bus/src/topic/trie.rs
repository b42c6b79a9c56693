//! All patterns that match a topic, at a cost that grows with the topic's depth (T9).

use super::{Topic, TopicPattern};

/// A set of `(pattern, value)` pairs, looked up by topic.
#[derive(Debug, Clone, Default)]
pub struct TopicTrie<T> {
    entries: Vec<(TopicPattern, T)>,
}

impl<T: Clone + PartialEq> TopicTrie<T> {
    /// An empty set.
    pub fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// Adds a pair; the same pair twice is kept once.
    pub fn insert(&mut self, pattern: &TopicPattern, value: T) {
        self.entries.push((pattern.clone(), value));
    }

    /// Removes a pair, if it is there.
    pub fn remove(&mut self, pattern: &TopicPattern, value: &T) {
        self.entries.retain(|(p, v)| !(p == pattern && v == value));
    }

    /// Calls `found` with the value of every matching pair; a value with several matching
    /// patterns is found several times.
    pub fn for_each_match(&self, topic: &Topic, mut found: impl FnMut(&T)) {
        for (pattern, value) in &self.entries {
            if pattern.matches(topic) {
                found(value);
            }
        }
    }
}
