//! The fences of one phase: which must still arrive, and which are still on their way.
//!
//! By C4 a fence proves what came before it in its own lane and in no other, so there is one for
//! each lane a publisher and a subscriber share. It knows neither time nor actors.

use std::collections::BTreeSet;

use crate::driver::fencing::lanes;
use crate::plan::{Case, Fence, Lane};

/// A publisher, a subscriber, and the lane between them.
pub(in crate::driver) type Leg = (usize, usize, Lane);

/// Fences sent and to be sent.
pub(in crate::driver) struct Volley {
    missing: BTreeSet<Leg>,
    /// By publisher and number, until they have arrived.
    flying: BTreeSet<(usize, u64)>,
}

impl Volley {
    /// One fence for each lane from each of these publishers to each of these subscribers.
    pub(in crate::driver) fn new(case: &Case, publishers: &[usize], subscribers: &[usize]) -> Self {
        let mut missing = BTreeSet::new();
        for publisher in publishers.iter().copied() {
            for subscriber in subscribers {
                let lanes = lanes(case, publisher, *subscriber);
                missing.extend(lanes.into_iter().map(|lane| (publisher, *subscriber, lane)));
            }
        }
        Self { missing, flying: BTreeSet::new() }
    }

    /// The fences to send in a round, by publisher: one for each leg none has come through.
    pub(in crate::driver) fn fire(&mut self, round: u64) -> Vec<(usize, Fence)> {
        let fence = |(publisher, subscriber, lane): &Leg| {
            (*publisher, Fence { subscriber: *subscriber, lane: *lane, number: round })
        };
        let fences: Vec<_> = self.missing.iter().map(fence).collect();
        self.flying.extend(fences.iter().map(|(publisher, fence)| (*publisher, fence.sequence())));
        fences
    }

    /// A fence has arrived at the subscriber it is for.
    pub(in crate::driver) fn arrived(&mut self, publisher: usize, sequence: u64) {
        self.flying.remove(&(publisher, sequence));
        if let Some(Fence { subscriber, lane, .. }) = Fence::of(sequence) {
            self.missing.remove(&(publisher, subscriber, lane));
        }
    }

    /// Whether a fence has come through on every leg.
    pub(in crate::driver) fn is_through(&self) -> bool {
        self.missing.is_empty()
    }

    /// Whether none is on its way any more.
    pub(in crate::driver) fn is_over(&self) -> bool {
        self.flying.is_empty()
    }

    /// The legs no fence has come through.
    pub(in crate::driver) fn missing(&self) -> impl Iterator<Item = &Leg> {
        self.missing.iter()
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::EventSubscription;

    use super::*;
    use crate::plan::fence_case;

    #[test]
    fn the_fence_of_one_lane_says_nothing_about_the_other() {
        let everything = EventSubscription::new("s").with_pattern("#");
        let case = fence_case(everything, &[None, Some("control.health.status")]);
        let mut volley = Volley::new(&case, &[0], &[0]);
        let fences = volley.fire(1);
        let lanes: Vec<Lane> = fences.iter().map(|(_, fence)| fence.lane).collect();
        assert_eq!(lanes, [Lane::Events, Lane::Control]);
        let [events, control] = [0, 1].map(|index| fences[index].1.sequence());
        volley.arrived(0, events);
        assert!(!volley.is_through(), "an event of the control lane may still be on its way");
        assert_eq!(volley.fire(2).len(), 1, "only the lane that is missing is fenced again");
        volley.arrived(0, control);
        assert!(volley.is_through());
        assert!(!volley.is_over(), "the one sent again is still to come");
    }
}
