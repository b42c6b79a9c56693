//! Which subscriptions a topic leads to: a trie of patterns, and an answer kept per topic.

use bytestring::ByteString;
use rustc_hash::FxHashMap;

use super::Key;
use super::seen_topics::SeenTopics;
use crate::contract::Matcher;
use crate::topic::{Topic, TopicTrie};

/// Topics whose answer is kept; all are forgotten when one more comes.
const MAX_CACHED_TOPICS: usize = 4096;

/// Patterns of all subscriptions, and the answers for topics seen since they last changed.
#[derive(Debug, Default)]
pub(super) struct Routes {
    trie: TopicTrie<Key>,
    /// Moves on with every change of subscriptions; answers of an earlier one are stale.
    epoch: u64,
    cache: FxHashMap<Box<[u8]>, Route>,
    /// Outlives what the cache forgets.
    seen: SeenTopics,
}

/// Where events on one topic go.
#[derive(Debug)]
pub(super) struct Route {
    epoch: u64,
    pub(super) keys: Box<[Key]>,
    /// Where they are counted.
    pub(super) place: usize,
}

impl Routes {
    /// The subscriptions with a matching pattern that also `pass` by their topic filter (M4, which
    /// depends on the topic alone); `None` if the bytes are no topic. Each subscription once,
    /// however many of its patterns match (C3).
    pub(super) fn lookup(
        &mut self,
        topic: &[u8],
        passes: impl Fn(Key, &Topic) -> bool,
    ) -> Option<&Route> {
        if self.cache.get(topic).is_none_or(|route| route.epoch != self.epoch) {
            let keys = self.find(topic, passes)?;
            let place = self.seen.place(topic);
            if self.cache.len() >= MAX_CACHED_TOPICS {
                self.cache.clear();
            }
            self.cache.insert(topic.into(), Route { epoch: self.epoch, keys, place });
        }
        self.cache.get(topic)
    }

    /// Counts an event on the topic of this place.
    pub(super) fn count(&mut self, place: usize) {
        self.seen.count(place);
    }

    /// The topics in use.
    pub(super) fn seen(&self) -> &SeenTopics {
        &self.seen
    }

    fn find(&self, topic: &[u8], passes: impl Fn(Key, &Topic) -> bool) -> Option<Box<[Key]>> {
        let topic = Topic::new(ByteString::from(std::str::from_utf8(topic).ok()?)).ok()?;
        let mut keys = Vec::new();
        self.trie.for_each_match(&topic, |key| keys.push(*key));
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| passes(*key, &topic));
        Some(keys.into())
    }

    pub(super) fn insert(&mut self, matcher: &Matcher, key: Key) {
        for pattern in matcher.patterns() {
            self.trie.insert(pattern, key);
        }
        self.epoch += 1;
    }

    pub(super) fn remove(&mut self, matcher: &Matcher, key: Key) {
        for pattern in matcher.patterns() {
            self.trie.remove(pattern, &key);
        }
        self.epoch += 1;
    }
}
