//! How one subscription stands with the broker: what the reader, its receiver and the next
//! connection have to agree on.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::contract::{Lost, Resumed};

/// Never reached by a position.
const NONE: u64 = u64::MAX;

/// Shared by the reader and the receiver of one subscription.
#[derive(Debug)]
pub(super) struct Standing {
    state: Mutex<State>,
    /// The first position whose taking must be acknowledged, so that taking any other costs a look.
    next: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// Its name on the present connection.
    number: Option<u32>,
    /// Deliveries given back as credit since it was opened.
    given: u64,
    /// The last position acknowledged, as the broker counts.
    acknowledged: u64,
    /// Positions whose taking must be acknowledged, as the receiver counts and as the broker does.
    expected: VecDeque<(u64, u64)>,
    resumed: Resumed,
}

impl Standing {
    pub(super) fn new(number: u32) -> Self {
        let state = State { number: Some(number), ..State::default() };
        Self { state: Mutex::new(state), next: AtomicU64::new(NONE) }
    }

    pub(super) fn number(&self) -> Option<u32> {
        self.state.lock().number
    }

    pub(super) fn resumed(&self) -> Resumed {
        self.state.lock().resumed
    }

    /// Deliveries were given back; returns under which name to say so, if there is a connection.
    pub(super) fn give(&self, events: u64) -> Option<u32> {
        let mut state = self.state.lock();
        state.given += events;
        state.number
    }

    /// Its connection broke.
    pub(super) fn broke(&self) {
        self.state.lock().number = None;
    }

    /// Deliveries given back so far.
    pub(super) fn given(&self) -> u64 {
        self.state.lock().given
    }

    /// It has a new name, on a new connection of a broker that `knew` it; returns the last position
    /// acknowledged so far, and the deliveries given back.
    pub(super) fn resumed_as(&self, number: u32, knew: bool, lost: Lost) -> (u64, u64) {
        let mut state = self.state.lock();
        state.number = Some(number);
        state.resumed.again(lost);
        if !knew {
            state.acknowledged = 0;
            state.expected.clear();
            self.next.store(NONE, Ordering::Relaxed);
        }
        (state.acknowledged, state.given)
    }

    /// It could not be taken up again.
    pub(super) fn lost(&self) {
        self.state.lock().resumed.again(Lost::Unknown);
    }

    /// When `position` has been taken, `as_counted` must be acknowledged. To be called before the
    /// event can be taken.
    pub(super) fn expect(&self, position: u64, as_counted: u64) {
        let mut state = self.state.lock();
        state.expected.push_back((position, as_counted));
        self.next.store(state.expected[0].0, Ordering::Relaxed);
    }

    /// The receiver has taken everything up to a position; returns what is to be acknowledged now,
    /// as the broker counts, and under which name. Without a connection the next one begins with it.
    pub(super) fn taken(&self, position: u64) -> Option<(u32, u64)> {
        if position < self.next.load(Ordering::Relaxed) {
            return None;
        }
        let mut state = self.state.lock();
        let mut reached = None;
        while state.expected.front().is_some_and(|(wanted, _)| *wanted <= position) {
            reached = state.expected.pop_front().map(|(_, as_counted)| as_counted);
        }
        self.next.store(state.expected.front().map_or(NONE, |next| next.0), Ordering::Relaxed);
        state.acknowledged = reached.map_or(state.acknowledged, |to| to.max(state.acknowledged));
        state.number.zip(reached)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lost, Standing};

    #[test]
    fn what_was_taken_is_acknowledged_as_the_broker_counts() {
        let standing = Standing::new(1);
        assert_eq!(standing.taken(1), None);
        standing.expect(12, 2);
        standing.expect(13, 3);
        standing.expect(15, 5);
        assert_eq!(standing.taken(11), None);
        assert_eq!(standing.taken(14), Some((1, 3)), "the last of those reached");
        assert_eq!(standing.taken(14), None, "once");
        assert_eq!(standing.resumed_as(2, true, Lost::Exactly(0)), (3, 0));
        assert_eq!(standing.taken(15), Some((2, 5)), "the broker knew it");
    }

    #[test]
    fn a_broker_that_does_not_know_it_is_owed_nothing() {
        let standing = Standing::new(1);
        standing.expect(12, 2);
        standing.broke();
        assert_eq!(standing.give(4), None);
        assert_eq!(standing.resumed_as(2, false, Lost::Unknown), (0, 4));
        assert_eq!(standing.taken(12), None);
        assert_eq!((standing.number(), standing.resumed().lost), (Some(2), Lost::Unknown));
    }
}
