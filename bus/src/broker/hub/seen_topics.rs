//! How many events were published on which topic since the broker was made.
//!
//! A topic is looked up here only when the route cache does not know it; from then on its events
//! are counted by its place in a table. The table has a limit, because topics come from clients.

use rustc_hash::FxHashMap;

/// Topics that are counted one by one; events on others are counted together.
const MAX_TOPICS: usize = 4096;

/// Where events on topics without a place are counted.
const OTHERS: usize = 0;

/// Whether a place is of one topic alone.
pub(super) fn is_counted_alone(place: usize) -> bool {
    place != OTHERS
}

/// Topics in use, and the events on each.
#[derive(Debug)]
pub(super) struct SeenTopics {
    places: FxHashMap<Box<[u8]>, usize>,
    /// Events by place; the first is for all others.
    published: Vec<u64>,
}

impl Default for SeenTopics {
    fn default() -> Self {
        Self { places: FxHashMap::default(), published: vec![0] }
    }
}

impl SeenTopics {
    /// The place of a valid topic.
    pub(super) fn place(&mut self, topic: &[u8]) -> usize {
        if let Some(place) = self.places.get(topic) {
            return *place;
        }
        if self.places.len() >= MAX_TOPICS {
            return OTHERS;
        }
        let place = self.published.len();
        self.published.push(0);
        self.places.insert(topic.into(), place);
        place
    }

    /// One more event on the topic of this place.
    pub(super) fn count(&mut self, place: usize) {
        self.published[place] += 1;
    }

    /// Topics with events, in no order, and how many.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&[u8], u64)> {
        let rows = self.places.iter().map(|(topic, place)| (&**topic, self.published[*place]));
        rows.filter(|(_, published)| *published > 0)
    }

    /// Events on topics without a place.
    pub(super) fn others(&self) -> u64 {
        self.published[OTHERS]
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_TOPICS, SeenTopics};

    #[test]
    fn one_topic_too_many_is_counted_with_the_others() {
        let mut seen = SeenTopics::default();
        for number in 0..MAX_TOPICS + 2 {
            let place = seen.place(format!("events.t{number}").as_bytes());
            seen.count(place);
        }
        let again = seen.place(b"events.t0");
        seen.count(again);
        assert_eq!(seen.rows().count(), MAX_TOPICS);
        assert_eq!(
            seen.rows().find(|(topic, _)| *topic == b"events.t0"),
            Some((&b"events.t0"[..], 2))
        );
        assert_eq!(seen.others(), 2);
    }

    #[test]
    fn a_topic_that_was_only_looked_up_is_not_in_use() {
        let mut seen = SeenTopics::default();
        seen.place(b"events.x");
        assert_eq!(seen.rows().count(), 0);
    }
}
