//! The fences of one phase: which must still arrive, and which are still on their way.
//!
//! By C4 a fence proves what came before it in its own lane and in no other, so there is one for
//! each lane a publisher and a subscriber share. It knows neither time nor actors.

use std::collections::{BTreeMap, BTreeSet};

use crate::driver::fencing::{fenced_by, lanes};
use crate::plan::{Case, Fence, Lane};

/// A publisher, a subscriber, and the lane between them.
pub(in crate::driver) type Leg = (usize, usize, Lane);

/// Fences sent and to be sent.
pub(in crate::driver) struct Volley {
    missing: BTreeSet<Leg>,
    /// By publisher, subscriber and number, until they have arrived.
    flying: BTreeSet<(usize, usize, u64)>,
    /// By subscriber: the one whose fences it answers.
    fenced_by: BTreeMap<usize, usize>,
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
        let by = |subscriber: &usize| (*subscriber, fenced_by(case, *subscriber));
        let fenced_by = subscribers.iter().map(by).collect();
        Self { missing, flying: BTreeSet::new(), fenced_by }
    }

    /// The fences to send in a round, by publisher: for each leg none has come through; one that
    /// several answer is sent once.
    pub(in crate::driver) fn fire(&mut self, round: u64) -> Vec<(usize, Fence)> {
        let by = |subscriber: usize| self.fenced_by.get(&subscriber).copied().unwrap_or(subscriber);
        let aims = self.missing.iter().map(|(publisher, of, lane)| (*publisher, by(*of), *lane));
        let aims: BTreeSet<Leg> = aims.collect();
        let mut fences = Vec::with_capacity(aims.len());
        for (publisher, subscriber, lane) in aims {
            let fence = Fence { subscriber, lane, number: round };
            let answer = self.fenced_by.iter().filter(|(_, by)| **by == subscriber);
            let own = answer.map(|(answers, _)| (publisher, *answers, fence.sequence()));
            self.flying.extend(own);
            fences.push((publisher, fence));
        }
        fences
    }

    /// A fence has arrived at a subscriber that answers it.
    pub(in crate::driver) fn arrived(
        &mut self,
        publisher: usize,
        subscriber: usize,
        sequence: u64,
    ) {
        self.flying.remove(&(publisher, subscriber, sequence));
        if let Some(Fence { lane, .. }) = Fence::of(sequence) {
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
    use crate::plan::{SubscriberSpec, TrialKind, fence_case};

    #[test]
    fn the_fence_of_one_lane_says_nothing_about_the_other() {
        let everything = EventSubscription::new("s").with_pattern("#");
        let case = fence_case(everything, &[None, Some("control.health.status")]);
        let mut volley = Volley::new(&case, &[0], &[0]);
        let fences = volley.fire(1);
        let lanes: Vec<Lane> = fences.iter().map(|(_, fence)| fence.lane).collect();
        assert_eq!(lanes, [Lane::Events, Lane::Control]);
        let [events, control] = [0, 1].map(|index| fences[index].1.sequence());
        volley.arrived(0, 0, events);
        assert!(!volley.is_through(), "an event of the control lane may still be on its way");
        assert_eq!(volley.fire(2).len(), 1, "only the lane that is missing is fenced again");
        volley.arrived(0, 0, control);
        assert!(volley.is_through());
        assert!(!volley.is_over(), "the one sent again is still to come");
    }

    #[test]
    fn equals_of_a_measured_case_share_a_fence_and_each_must_answer_it() {
        let mut case = fence_case(EventSubscription::new("s0").with_pattern("events.#"), &[None]);
        let named = |name: &str, pattern: &str| {
            let asked = EventSubscription::new(name).with_pattern(pattern);
            SubscriberSpec { name: name.to_owned(), ..SubscriberSpec::bare(asked) }
        };
        case.topology.subscribers = vec![
            named("s0", "events.#"),
            named("s1", "events.#"),
            named("other", "events.process.#"),
        ];
        case.kind = TrialKind::Behaviour;
        assert_eq!(Volley::new(&case, &[0], &[0, 1, 2]).fire(1).len(), 3, "histories are judged");
        case.kind = TrialKind::Saturation;
        let mut volley = Volley::new(&case, &[0], &[0, 1, 2]);
        let fences = volley.fire(1);
        let aimed: Vec<usize> = fences.iter().map(|(_, fence)| fence.subscriber).collect();
        assert_eq!(aimed, [0, 2]);
        let [shared, own] = [0, 1].map(|index| fences[index].1.sequence());
        volley.arrived(0, 0, shared);
        volley.arrived(0, 2, own);
        assert!(!volley.is_through(), "the second equal has not answered");
        volley.arrived(0, 1, shared);
        assert!(volley.is_through() && volley.is_over());
    }
}
