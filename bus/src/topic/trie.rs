//! All patterns that match a topic, at a cost that grows with the topic's depth (T9).
//!
//! A lookup goes down one level at a time and follows at most two branches, the literal and `+`,
//! so it visits at most `2^depth` nodes however many patterns are stored, and allocates nothing.
//! What a match *is* stays with [`TopicPattern::matches`]; this room knows nothing of filters,
//! subscribers or caches.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use bytestring::ByteString;

use super::{MAX_LEVELS, Topic, TopicPattern, TopicSegment};

/// A counted set of `(pattern, value)` pairs, looked up by topic.
///
/// A pair inserted `n` times is one pair: a lookup finds it once, and it is gone after `n`
/// removals. So two holders of the same pair need not know of each other.
#[derive(Debug, Clone)]
pub struct TopicTrie<T> {
    root: Node<T>,
    pairs: usize,
}

/// What follows one prefix of levels.
#[derive(Debug, Clone)]
struct Node<T> {
    /// The next level by its text. The standard hasher, because the texts come from clients.
    literals: HashMap<ByteString, Node<T>>,
    /// The next level as `+`; boxed, since a node cannot hold itself.
    single: Option<Box<Node<T>>>,
    /// Values of patterns that end exactly here.
    ending: Vec<Counted<T>>,
    /// Values of patterns that have `#` next: they match here and everywhere below (T4).
    below: Vec<Counted<T>>,
}

#[derive(Debug, Clone)]
struct Counted<T> {
    value: T,
    /// How often the pair was inserted and not yet removed; at least 1.
    insertions: usize,
}

impl<T> TopicTrie<T> {
    /// An empty set.
    pub fn new() -> Self {
        Self { root: Node::new(), pairs: 0 }
    }

    /// How many different pairs there are.
    pub fn len(&self) -> usize {
        self.pairs
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs == 0
    }

    /// Calls `found` with the value of every matching pair, in no particular order; a value with
    /// several matching patterns is found several times.
    pub fn for_each_match(&self, topic: &Topic, mut found: impl FnMut(&T)) {
        let mut levels = [""; MAX_LEVELS];
        let mut depth = 0;
        for (slot, level) in levels.iter_mut().zip(topic.levels()) {
            *slot = level;
            depth += 1;
        }
        self.root.visit(&levels[..depth], &mut found);
    }
}

impl<T: PartialEq> TopicTrie<T> {
    /// Adds a pair, or counts it once more; the cost grows with the pattern's depth and with the
    /// number of values this very pattern has.
    pub fn insert(&mut self, pattern: &TopicPattern, value: T) {
        let values = self.root.values_mut(pattern.segments());
        if let Some(counted) = values.iter_mut().find(|counted| counted.value == value) {
            counted.insertions += 1;
        } else {
            values.push(Counted { value, insertions: 1 });
            self.pairs += 1;
        }
    }

    /// Takes one insertion of a pair back, and drops what became empty; says whether the pair was
    /// there. The cost is that of [`TopicTrie::insert`].
    pub fn remove(&mut self, pattern: &TopicPattern, value: &T) -> bool {
        let removal = self.root.remove(pattern.segments(), value);
        if removal == Removal::Gone {
            self.pairs -= 1;
        }
        removal != Removal::Absent
    }
}

impl<T> Default for TopicTrie<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Removal {
    /// The pair was not there.
    Absent,
    /// It was there more than once, and still is.
    Counted,
    /// That was its last insertion.
    Gone,
}

impl<T> Node<T> {
    fn new() -> Self {
        Self { literals: HashMap::new(), single: None, ending: Vec::new(), below: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.literals.is_empty()
            && self.single.is_none()
            && self.ending.is_empty()
            && self.below.is_empty()
    }

    fn visit<F: FnMut(&T)>(&self, levels: &[&str], found: &mut F) {
        self.below.iter().for_each(|counted| found(&counted.value));
        let Some((level, rest)) = levels.split_first() else {
            self.ending.iter().for_each(|counted| found(&counted.value));
            return;
        };
        if let Some(child) = self.literals.get(*level) {
            child.visit(rest, found);
        }
        if let Some(child) = &self.single {
            child.visit(rest, found);
        }
    }

    /// The values of one pattern, its nodes made where they are missing.
    fn values_mut(&mut self, segments: &[TopicSegment]) -> &mut Vec<Counted<T>> {
        match segments.split_first() {
            None => &mut self.ending,
            Some((TopicSegment::MultiWildcard, _)) => &mut self.below,
            Some((TopicSegment::SingleWildcard, rest)) => {
                self.single.get_or_insert_with(|| Box::new(Self::new())).values_mut(rest)
            }
            Some((TopicSegment::Literal(text), rest)) => {
                self.literals.entry(text.clone()).or_insert_with(Self::new).values_mut(rest)
            }
        }
    }
}

impl<T: PartialEq> Node<T> {
    fn remove(&mut self, segments: &[TopicSegment], value: &T) -> Removal {
        match segments.split_first() {
            None => take_back(&mut self.ending, value),
            Some((TopicSegment::MultiWildcard, _)) => take_back(&mut self.below, value),
            Some((TopicSegment::SingleWildcard, rest)) => {
                let Some(child) = &mut self.single else { return Removal::Absent };
                let removal = child.remove(rest, value);
                if child.is_empty() {
                    self.single = None;
                }
                removal
            }
            Some((TopicSegment::Literal(text), rest)) => {
                let Some(child) = self.literals.get_mut(text) else { return Removal::Absent };
                let removal = child.remove(rest, value);
                if child.is_empty() {
                    self.literals.remove(text);
                }
                removal
            }
        }
    }
}

fn take_back<T: PartialEq>(values: &mut Vec<Counted<T>>, value: &T) -> Removal {
    let Some(index) = values.iter().position(|counted| counted.value == *value) else {
        return Removal::Absent;
    };
    if values[index].insertions > 1 {
        values[index].insertions -= 1;
        return Removal::Counted;
    }
    values.swap_remove(index);
    Removal::Gone
}
