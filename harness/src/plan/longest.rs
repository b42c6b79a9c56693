//! How long a phase may take, at most, because some of its subscribers take their time: publishers wait
//! for room in their queues, closed loops for credit, triggers for arrivals.
//!
//! The upper bound beside `pace`'s lower one, so that nothing is given up that goes on by its plan:
//! whoever has a pace counts for all that its patterns may bring it, whatever its policy.

use std::time::Duration;

use daemoneye_eventbus::contract::Matcher;

use super::pace::weights;
use super::{Case, Count, Phase, Publish, Rate, SubscriberSpec};

impl Case {
    /// The most that subscribers with a pace can add to what a phase takes by its own plan.
    ///
    /// One after the other: while one holds its publishers up, the queue of the next may run empty.
    pub(crate) fn held_up(&self, phase: usize) -> Duration {
        let owed = &self.phases[self.first_unread(phase)..=phase];
        self.topology.subscribers.iter().map(|spec| self.takes(owed, spec)).sum()
    }

    /// The first phase of which something may wait to be read when this one begins: a fence lets
    /// nothing behind it wait, and in a wild case there may be none.
    fn first_unread(&self, phase: usize) -> usize {
        let is_read = |earlier: &Phase| earlier.fence && !self.wild;
        self.phases[..phase].iter().rposition(is_read).map_or(0, |last| last + 1)
    }

    fn takes(&self, owed: &[Phase], spec: &SubscriberSpec) -> Duration {
        let Some(per_second) = spec.pace_per_s else { return Duration::ZERO };
        let Ok(matcher) = Matcher::compile(&spec.subscription) else { return Duration::ZERO };
        let shares = owed.iter().flat_map(|phase| &phase.publish);
        let events = shares.map(|share| self.may_bring(share, spec, &matcher));
        let events = events.fold(0, u64::saturating_add);
        Duration::from_secs_f64(events as f64 / per_second)
    }

    /// Events of a share that a subscriber may have to take before others go on.
    fn may_bring(&self, share: &Publish, spec: &SubscriberSpec, matcher: &Matcher) -> u64 {
        let Some(publisher) = self.topology.publishers.get(share.publisher) else { return 0 };
        let (matching, cycle) = weights(publisher, matcher, usize::MAX);
        match (share.count, share.rate) {
            _ if matching == 0 => 0,
            // They end by themselves, and leave behind what the queue holds.
            (Count::ForMs(_), Rate::Max | Rate::Window(_)) | (Count::UntilRefused, _) => {
                spec.subscription.capacity as u64
            }
            _ => share.planned_events().div_ceil(cycle).saturating_mul(matching),
        }
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::{EventSubscription, OverflowPolicy};

    use super::*;
    use crate::plan::{Arrivals, fence_case};

    const PROCESSES: &str = "events.process.#";

    /// A subscriber that takes two events a second, and phases of so many events each.
    fn case(topics: &[Option<&str>], events: &[u64]) -> Case {
        let mut case = fence_case(EventSubscription::new("s").with_pattern(PROCESSES), topics);
        case.topology.subscribers[0].pace_per_s = Some(2.0);
        let phase = |events: &u64| {
            let (count, rate) = (Count::Events(*events), Rate::Max);
            Phase { publish: vec![Publish { publisher: 0, count, rate }], ..Phase::bare("any") }
        };
        case.phases = events.iter().map(phase).collect();
        case
    }

    fn held_up_ms(case: &Case, phase: usize) -> u128 {
        case.held_up(phase).as_millis()
    }

    #[test]
    fn a_pace_takes_its_time_for_every_event_and_none_takes_none() {
        let mut case = case(&[None], &[600]);
        assert_eq!(held_up_ms(&case, 0), 300_000);
        case.topology.subscribers[0].subscription.policy = OverflowPolicy::DropNewest;
        assert_eq!(held_up_ms(&case, 0), 300_000, "a closed loop or a trigger may wait for it");
        case.topology.subscribers[0].pace_per_s = None;
        assert_eq!(held_up_ms(&case, 0), 0);
    }

    #[test]
    fn what_goes_elsewhere_takes_no_time_and_what_may_come_counts_whole() {
        assert_eq!(held_up_ms(&case(&[Some("events.network.dns")], &[600]), 0), 0);
        let mixed = case(&[None, Some("events.network.dns")], &[5]);
        assert_eq!(held_up_ms(&mixed, 0), 1500, "three of five, if the cycle begins with it");
    }

    #[test]
    fn several_hold_up_one_after_the_other() {
        let mut case = case(&[None], &[10]);
        let mut other = case.topology.subscribers[0].clone();
        other.pace_per_s = Some(5.0);
        case.topology.subscribers.push(other);
        assert_eq!(held_up_ms(&case, 0), 7000);
    }

    #[test]
    fn what_no_fence_has_read_holds_up_the_next_phase_too() {
        let mut case = case(&[None], &[10, 20, 40]);
        assert_eq!([0, 1, 2].map(|phase| held_up_ms(&case, phase)), [5000, 10_000, 20_000]);
        case.phases[1].fence = false;
        assert_eq!(held_up_ms(&case, 2), 30_000);
        case.wild = true;
        assert_eq!(held_up_ms(&case, 2), 35_000, "after a fault nothing is fenced");
    }

    #[test]
    fn a_share_that_time_ends_leaves_what_the_queue_holds() {
        let mut case = case(&[None], &[10]);
        case.topology.subscribers[0].subscription.capacity = 16;
        case.phases[0].publish[0].count = Count::ForMs(60_000);
        assert_eq!(held_up_ms(&case, 0), 8000);
        case.phases[0].publish[0].rate = Rate::PerSecond(10.0, Arrivals::Constant);
        assert_eq!(held_up_ms(&case, 0), 300_000, "an open loop publishes them all, however late");
    }
}
