//! Which slots a topic goes to, remembered per topic until subscriptions change.

use daemoneye_eventbus::Topic;
use rustc_hash::FxHashMap;

use crate::crossbeam::slot::Slot;

/// Topics remembered at the same time. The registry has 37; publishers that make up topics only
/// cost themselves the lookup.
const MAX_REMEMBERED_TOPICS: usize = 1024;

/// Slots by topic. Valid until a slot comes, goes or moves.
#[derive(Debug, Default)]
pub(super) struct Routes {
    by_topic: FxHashMap<Topic, Box<[usize]>>,
}

impl Routes {
    /// Puts the places of all slots whose patterns and topic filter match into `targets`.
    pub(super) fn find(&mut self, topic: &Topic, slots: &[Slot], targets: &mut Vec<usize>) {
        targets.clear();
        if let Some(known) = self.by_topic.get(topic) {
            targets.extend_from_slice(known);
            return;
        }
        let matching = slots.iter().enumerate();
        let matching = matching.filter(|(_, slot)| slot.matcher().matches_topic(topic));
        targets.extend(matching.map(|(index, _)| index));
        if self.by_topic.len() >= MAX_REMEMBERED_TOPICS {
            self.by_topic.clear();
        }
        self.by_topic.insert(topic.clone(), targets.as_slice().into());
    }

    /// Subscriptions changed.
    pub(super) fn forget(&mut self) {
        self.by_topic.clear();
    }
}
