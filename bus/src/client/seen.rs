//! Which events of confirming publishers a subscription has received, so that one that is sent
//! again is taken once (C3, W6).

use std::collections::{HashMap, VecDeque};

use bytestring::ByteString;

use crate::contract::EventId;
use crate::topic::{Lane, PerLane};

/// Lives of publishers a subscription remembers; the one that came first is forgotten when one more
/// comes. An event of it that is sent again after that arrives twice.
const MAX_PUBLISHERS: usize = 4096;

/// The last sequence number of every life of a publisher, lane by lane: within a lane events come in
/// order, so that whatever is not above it was there before.
#[derive(Debug, Default)]
pub(super) struct Seen {
    last: HashMap<Life, PerLane<u64>>,
    /// In the order they came.
    lives: VecDeque<Life>,
}

/// A publisher's name and incarnation.
type Life = (ByteString, u64);

impl Seen {
    /// Notes an event; false if it was there before.
    pub(super) fn is_new(&mut self, id: &EventId, lane: Lane) -> bool {
        let life = (id.publisher.clone(), id.incarnation);
        if !self.last.contains_key(&life) {
            if self.lives.len() >= MAX_PUBLISHERS
                && let Some(first) = self.lives.pop_front()
            {
                self.last.remove(&first);
            }
            self.lives.push_back(life.clone());
        }
        let last = &mut self.last.entry(life).or_default()[lane];
        let is_new = id.sequence > *last;
        *last = id.sequence.max(*last);
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_PUBLISHERS, Seen};
    use crate::contract::EventId;
    use crate::topic::Lane;

    fn id(incarnation: u64, sequence: u64) -> EventId {
        EventId { publisher: "p".into(), incarnation, sequence }
    }

    #[test]
    fn an_event_is_new_once_in_its_lane() {
        let mut seen = Seen::default();
        assert!(seen.is_new(&id(1, 1), Lane::Events) && seen.is_new(&id(1, 3), Lane::Events));
        assert!(!seen.is_new(&id(1, 1), Lane::Events) && !seen.is_new(&id(1, 3), Lane::Events));
        assert!(seen.is_new(&id(1, 2), Lane::Control), "the other lane has an order of its own");
        assert!(seen.is_new(&id(2, 1), Lane::Events), "another life");
    }

    #[test]
    fn the_life_that_came_first_is_forgotten_at_the_limit() {
        let mut seen = Seen::default();
        for incarnation in 0..=MAX_PUBLISHERS as u64 {
            assert!(seen.is_new(&id(incarnation, 1), Lane::Events));
        }
        assert!(!seen.is_new(&id(1, 1), Lane::Events));
        assert!(seen.is_new(&id(0, 1), Lane::Events));
    }
}
