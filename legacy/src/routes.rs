//! Which subscriptions a topic goes to, remembered per topic until subscriptions change.

use daemoneye_eventbus::Topic;
use daemoneye_eventbus::contract::Matcher;
use rustc_hash::FxHashMap;

/// Topics remembered at the same time. The registry has 37; publishers that make up topics only
/// cost themselves the lookup.
const MAX_REMEMBERED_TOPICS: usize = 1024;

/// Places of subscriptions by topic. Valid until one comes, goes or moves.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    by_topic: FxHashMap<Topic, Box<[usize]>>,
}

impl Routes {
    /// Puts the places of all matchers whose patterns and topic filter match into `targets`.
    pub(crate) fn find<'a>(
        &mut self,
        topic: &Topic,
        matchers: impl Iterator<Item = &'a Matcher>,
        targets: &mut Vec<usize>,
    ) {
        targets.clear();
        if let Some(known) = self.by_topic.get(topic) {
            targets.extend_from_slice(known);
            return;
        }
        let matching = matchers.enumerate().filter(|(_, matcher)| matcher.matches_topic(topic));
        targets.extend(matching.map(|(index, _)| index));
        if self.by_topic.len() >= MAX_REMEMBERED_TOPICS {
            self.by_topic.clear();
        }
        self.by_topic.insert(topic.clone(), targets.as_slice().into());
    }

    /// Subscriptions changed.
    pub(crate) fn forget(&mut self) {
        self.by_topic.clear();
    }
}
