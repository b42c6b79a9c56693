//! How long a subscriber with a pace makes a phase take by its plan alone: publishers wait for it, and
//! so does the fence behind them.
//!
//! A lower bound, so that nothing is refused that could fit: whoever may be gone, refused or filtered
//! counts for nothing.

use daemoneye_eventbus::OverflowPolicy;
use daemoneye_eventbus::contract::Matcher;

use super::workload::topic_of;
use super::{
    Case, Count, Operation, Phase, Publish, PublisherSpec, Reading, SubscriberSpec, Victim,
};

impl Case {
    /// Milliseconds that the slowest pace makes the publishing of a phase take, fence included.
    pub(super) fn paced_ms(&self, phase: &Phase) -> u64 {
        if !phase.fence || self.wild {
            return 0;
        }
        let subscribers = self.topology.subscribers.iter().enumerate();
        let surely = subscribers.filter(|(index, spec)| self.surely_takes_part(*index, spec));
        surely.map(|(_, spec)| self.taken_ms(phase, spec)).max().unwrap_or_default()
    }

    /// Whether it is subscribed, and reads, from start to end.
    fn surely_takes_part(&self, index: usize, spec: &SubscriberSpec) -> bool {
        let asked = &spec.subscription;
        let is_namesake =
            |other: &&SubscriberSpec| other.subscription.subscriber_id == asked.subscriber_id;
        let may_end = |operation: &Operation| match *operation {
            Operation::Subscribe(one)
            | Operation::Unsubscribe(one)
            | Operation::DropReceiver(one)
            | Operation::StopReading(one)
            | Operation::ResumeReading(one) => one == index,
            Operation::Shutdown(_) => true,
            _ => false,
        };
        let mut actions = self.phases.iter().flat_map(|phase| &phase.actions);
        spec.from_start
            && spec.reading == Reading::Prompt
            && asked.policy == OverflowPolicy::Block
            && asked.event_filter.is_none()
            && asked.correlation_filter.is_none()
            && self.topology.bus.subscriber_limit.is_none()
            && self.topology.subscribers.iter().filter(is_namesake).count() == 1
            && !self.may_cut_off(Victim::Subscriber(index))
            && !actions.any(|action| may_end(&action.operation))
    }

    /// The time between the first and the last event it takes in a phase.
    fn taken_ms(&self, phase: &Phase, spec: &SubscriberSpec) -> u64 {
        let Some(per_second) = spec.pace_per_s else { return 0 };
        let Ok(matcher) = Matcher::compile(&spec.subscription) else { return 0 };
        let shares = phase.publish.iter();
        let surely = shares.filter(|share| !self.may_cut_off(Victim::Publisher(share.publisher)));
        let events: u64 = surely.map(|share| self.matching(share, &matcher)).sum();
        // A publish that waits for longer is refused: nobody waits for its event.
        let limit_ms = self.topology.bus.publish_waits_ms();
        let waited_ms = limit_ms as f64 / phase.publish.len().max(1) as f64;
        let each_ms = (1000.0 / per_second).min(waited_ms);
        whole_ms(events.saturating_sub(1) as f64 * each_ms)
    }

    /// Events of a share that match by their topic; those of a mix's whole cycles alone.
    fn matching(&self, share: &Publish, matcher: &Matcher) -> u64 {
        let (Count::Events(events), Some(publisher)) =
            (share.count, self.topology.publishers.get(share.publisher))
        else {
            return 0;
        };
        let limit_bytes = self.topology.bus.takes_payload_bytes();
        let (matching, cycle) = weights(publisher, matcher, limit_bytes);
        events.checked_div(cycle).unwrap_or_default().saturating_mul(matching)
    }
}

/// Weight of the parts of a mix that match and fit, and of all.
pub(super) fn weights(
    publisher: &PublisherSpec,
    matcher: &Matcher,
    limit_bytes: usize,
) -> (u64, u64) {
    let fitting = publisher.mix.iter().filter(|part| part.payload_bytes <= limit_bytes);
    let matching = fitting
        .filter(|part| topic_of(part).is_some_and(|topic| matcher.matches_topic(&topic)))
        .map(|part| u64::from(part.weight));
    (matching.sum(), publisher.mix.iter().map(|part| u64::from(part.weight)).sum())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "paces and counts are not negative, and the cast saturates"
)]
fn whole_ms(ms: f64) -> u64 {
    ms.floor() as u64
}
