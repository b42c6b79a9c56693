//! What a bus has of what a case can ask for, and the buses that a case asks too much of.
//!
//! A bus that waits for nobody is not asked to lose nothing in a flood, and one without queues of their
//! own for its subscribers is not asked what becomes of a full one: that is not applicable there,
//! neither a failure nor a pass.

use daemoneye_eventbus::OverflowPolicy;

use super::{
    Bus, Case, Count, Operation, Phase, Publish, Rate, Reading, SubscriberSpec, TrialKind,
};

/// How long the host may hold up a subscriber that reads promptly, milliseconds: a few slices of time
/// on one that is busy.
const HELD_UP_MS: u64 = 100;

/// What a bus has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether a publisher waits for a `block` subscription that has no room.
    pub blocks: bool,
    /// Whether a subscription has a capacity and a policy of its own.
    pub own_queues: bool,
    /// Whether events of each topic are kept for late subscribers.
    pub retains: bool,
}

impl Bus {
    /// What it has; `None` of a broker of others, which claims nothing of the contract.
    pub fn capabilities(self) -> Option<Capabilities> {
        let all = Capabilities { blocks: true, own_queues: true, retains: true };
        let in_process = Capabilities { retains: false, ..all };
        match self {
            Self::Crossbeam | Self::CrossbeamSpinning | Self::CrossbeamFaithful => Some(in_process),
            Self::Broadcast => Some(Capabilities { own_queues: false, ..in_process }),
            Self::Sharing => Some(Capabilities { blocks: false, ..in_process }),
            Self::Embedded | Self::Agent | Self::Process => Some(all),
            Self::Nats | Self::Redis | Self::Mosquitto => None,
        }
    }
}

impl Capabilities {
    /// In words, for people.
    pub fn told(self) -> String {
        let queues = match (self.own_queues, self.blocks) {
            (true, true) => "a queue and any policy for each subscription",
            (true, false) => "a queue for each subscription and any policy but `block`",
            (false, true) => "one ring for all, which blocks",
            (false, false) => "one ring for all, whose laggards lose",
        };
        let kept = if self.retains { ", events kept for late subscribers" } else { "" };
        format!("{queues}{kept}")
    }
}

impl Case {
    /// The buses that lack what the case asks for, with the reason; those that the scenario names
    /// itself are left to it.
    pub(super) fn lacking(&self) -> Vec<(Bus, String)> {
        let named = |bus: &Bus| self.not_applicable.iter().any(|(one, _)| one == bus);
        let others = Bus::ALL.into_iter().filter(|bus| !named(bus));
        others.filter_map(|bus| Some((bus, self.why_lacking(bus)?))).collect()
    }

    /// Why a bus lacks what the case asks for, if it does.
    pub(crate) fn why_lacking(&self, bus: Bus) -> Option<String> {
        let has = bus.capabilities()?;
        // In cases of other kinds nobody subscribes by the scenario.
        if self.kind != TrialKind::Behaviour && !self.kind.is_performance() {
            return None;
        }
        if !has.retains && self.topology.bus.retained_events.is_some() {
            return Some("it keeps nothing".to_owned());
        }
        if !has.own_queues && self.asks_for_own_queues() {
            let why = "in its ring no subscription has a policy, a capacity or a pace of its own";
            return Some(why.to_owned());
        }
        if has.blocks { None } else { self.why_too_full() }
    }

    /// Whether what becomes of one subscriber's queue is part of the case.
    fn asks_for_own_queues(&self) -> bool {
        let is_own = |(index, spec): (usize, &SubscriberSpec)| {
            spec.subscription.policy != OverflowPolicy::Block || !self.reads_on(index, spec)
        };
        self.topology.subscribers.iter().enumerate().any(is_own) || self.publishes_until_refused()
    }

    /// Why some `block` subscription would lose where nobody waits for it, if it may.
    fn why_too_full(&self) -> Option<String> {
        if self.publishes_until_refused() {
            return Some("no publisher is refused there for want of room".to_owned());
        }
        let mut subscribers = self.topology.subscribers.iter().enumerate();
        subscribers.find_map(|(index, spec)| {
            let capacity = spec.subscription.capacity as u64;
            let events = self.may_wait(index, spec);
            let blocks = spec.subscription.policy == OverflowPolicy::Block;
            (blocks && events > capacity).then(|| {
                format!(
                    "no publisher waits there, and {events} events may come at once for a `block` \
                     subscription of {capacity}"
                )
            })
        })
    }

    /// Events that may come for a subscriber before it reads one, at most.
    fn may_wait(&self, index: usize, spec: &SubscriberSpec) -> u64 {
        let reads_on = self.reads_on(index, spec);
        let (mut most, mut waiting) = (0, 0_u64);
        for phase in &self.phases {
            waiting = waiting.saturating_add(self.comes_in(phase, reads_on));
            most = waiting.max(most);
            // Behind a fence nothing waits any more.
            if reads_on && phase.fence {
                waiting = 0;
            }
        }
        most
    }

    fn comes_in(&self, phase: &Phase, reads_on: bool) -> u64 {
        let fences = if self.kind.is_performance() { 0 } else { self.topology.publishers.len() };
        let besides = (phase.actions.len() + fences) as u64;
        let shares = phase.publish.iter().map(|share| at_once(share, reads_on));
        shares.fold(besides, u64::saturating_add)
    }

    /// Whether a subscriber takes its events as fast as it can, all the time.
    fn reads_on(&self, index: usize, spec: &SubscriberSpec) -> bool {
        let mut actions = self.phases.iter().flat_map(|phase| &phase.actions);
        spec.reading == Reading::Prompt
            && spec.pace_per_s.is_none()
            && !actions.any(|action| action.operation == Operation::StopReading(index))
    }

    fn publishes_until_refused(&self) -> bool {
        let mut shares = self.phases.iter().flat_map(|phase| &phase.publish);
        shares.any(|share| share.count == Count::UntilRefused)
    }
}

/// Events of a share that come while a subscriber is held up; all of them if it does not read on.
fn at_once(share: &Publish, reads_on: bool) -> u64 {
    let events = share.planned_events();
    match share.rate {
        Rate::Window(window) if reads_on => window,
        Rate::PerSecond(..) if reads_on => {
            events.saturating_mul(HELD_UP_MS).div_ceil(share.planned_ms().max(HELD_UP_MS))
        }
        _ => events,
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::EventSubscription;

    use super::*;
    use crate::plan::{Action, Arrivals, Trigger, fence_case};

    fn case(subscription: EventSubscription, count: Count, rate: Rate) -> Case {
        let mut case = fence_case(subscription.with_pattern("events.#"), &[None]);
        let publish = vec![Publish { publisher: 0, count, rate }];
        case.phases = vec![Phase { publish, ..Phase::bare("any") }];
        case
    }

    fn flood(events: u64) -> Case {
        case(EventSubscription::new("s"), Count::Events(events), Rate::Max)
    }

    fn lacking(case: &Case) -> Vec<Bus> {
        case.lacking().into_iter().map(|(bus, _)| bus).collect()
    }

    #[test]
    fn what_fits_a_subscription_applies_to_every_bus() {
        assert_eq!(lacking(&flood(500)), []);
    }

    #[test]
    fn a_flood_is_no_question_to_a_bus_that_waits_for_nobody() {
        assert_eq!(lacking(&flood(2000)), [Bus::Sharing]);
        let mut lossy = flood(2000);
        lossy.topology.subscribers[0].subscription.policy = OverflowPolicy::DropNewest;
        assert_eq!(lacking(&lossy), [Bus::Broadcast], "it loses as it asked to");
        let mut twice = flood(600);
        twice.phases.push(twice.phases[0].clone());
        assert_eq!(lacking(&twice), [], "behind the fence nothing waits");
        twice.phases[0].fence = false;
        assert_eq!(lacking(&twice), [Bus::Sharing]);
    }

    #[test]
    fn at_a_rate_that_a_reader_follows_only_what_comes_at_once_counts() {
        let at = |per_second| {
            let rate = Rate::PerSecond(per_second, Arrivals::Constant);
            case(EventSubscription::new("s"), Count::Events(100_000), rate)
        };
        assert_eq!(lacking(&at(1000.0)), []);
        assert_eq!(lacking(&at(100_000.0)), [Bus::Sharing]);
        let mut stops = at(1000.0);
        let operation = Operation::StopReading(0);
        stops.phases[0].actions.push(Action {
            trigger: Trigger::Start,
            operation,
            expect: "ok".to_owned(),
        });
        assert_eq!(lacking(&stops), [Bus::Broadcast, Bus::Sharing]);
    }

    #[test]
    fn a_closed_loop_fits_where_its_window_does() {
        let looped = |capacity| {
            let subscription = EventSubscription::new("s").with_capacity(capacity);
            let looped = case(subscription, Count::ForMs(2000), Rate::Window(4096));
            Case { kind: TrialKind::Saturation, ..looped }
        };
        assert_eq!(lacking(&looped(4096)), []);
        assert_eq!(lacking(&looped(1024)), [Bus::Sharing]);
    }

    #[test]
    fn a_queue_of_its_own_is_no_question_to_a_ring() {
        let mut stopped = flood(100);
        stopped.topology.subscribers[0].reading = Reading::Stopped;
        assert_eq!(lacking(&stopped), [Bus::Broadcast]);
        let mut refused = flood(100);
        refused.phases[0].publish[0].count = Count::UntilRefused;
        assert_eq!(lacking(&refused), [Bus::Broadcast, Bus::Sharing]);
    }

    #[test]
    fn only_brokers_keep_events_for_late_subscribers() {
        let mut late = flood(100);
        late.topology.bus.retained_events = Some(10);
        let brokers = |bus: &Bus| bus.capabilities().is_none_or(|has| has.retains);
        let others: Vec<Bus> = Bus::ALL.into_iter().filter(|bus| !brokers(bus)).collect();
        assert_eq!(lacking(&late), others);
        late.not_applicable.push((Bus::Sharing, "of its own".to_owned()));
        assert!(!lacking(&late).contains(&Bus::Sharing), "it stays as the scenario says");
    }
}
