//! Brokers of others: what can be asked of them, and what a case says it is measured beside.
//!
//! They claim nothing of our contract, so that nothing about their behaviour can be judged. What can be
//! compared is what the same workload costs, where they have what it asks for.

use super::{Bus, Case, Phase, Reading, SubscriberSpec};

impl Case {
    /// The brokers of others on which such a case means nothing, with the reason; those that the
    /// scenario names itself are left to it.
    pub(super) fn peers_left_out(&self) -> Vec<(Bus, String)> {
        let Some(why) = self.asks_too_much_of_peers() else { return Vec::new() };
        let named = |bus: &Bus| self.not_applicable.iter().any(|(one, _)| one == bus);
        let others = Bus::PEERS.into_iter().filter(|bus| !named(bus));
        others.map(|bus| (bus, why.to_owned())).collect()
    }

    /// The buses it is compared with in a run against `baseline`: the brokers it names itself, unless
    /// the run is about some of them already.
    pub fn baselines(&self, baseline: Bus, candidate: Bus) -> Vec<Bus> {
        let is_asked = baseline.is_peer() || candidate.is_peer();
        if is_asked || self.beside.is_empty() { vec![baseline] } else { self.beside.clone() }
    }

    /// Why a bus has no part in it, if it has none.
    pub fn left_out(&self, bus: Bus) -> Option<&str> {
        let found = self.not_applicable.iter().find(|(one, _)| *one == bus);
        found.map(|(_, why)| why.as_str())
    }

    fn asks_too_much_of_peers(&self) -> Option<&'static str> {
        if !self.kind.is_performance() {
            return Some("a broker of others claims nothing of the contract");
        }
        let acts = |phase: &Phase| !phase.actions.is_empty();
        let is_plain = |spec: &SubscriberSpec| {
            let asked = &spec.subscription;
            let has_filter = asked.event_filter.is_some()
                || asked.topic_filter.is_some()
                || asked.correlation_filter.is_some();
            let is_prompt = spec.reading == Reading::Prompt && spec.pace_per_s.is_none();
            !has_filter && asked.topic_patterns.len() == 1 && is_prompt && spec.from_start
        };
        if self.phases.iter().any(acts) || !self.topology.subscribers.iter().all(is_plain) {
            return Some("it asks for more than one pattern, read promptly from start to end");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::EventSubscription;

    use super::*;
    use crate::plan::{TrialKind, fence_case};

    fn case(kind: TrialKind) -> Case {
        let subscription = EventSubscription::new("s").with_pattern("events.#");
        Case { kind, ..fence_case(subscription, &[None]) }
    }

    #[test]
    fn nothing_but_performance_is_asked_of_brokers_of_others() {
        let judged = TrialKind::ALL.into_iter().filter(|kind| !kind.is_performance());
        for kind in judged {
            let left_out = case(kind).peers_left_out();
            assert_eq!(left_out.iter().map(|(bus, _)| *bus).collect::<Vec<_>>(), Bus::PEERS);
        }
        assert_eq!(case(TrialKind::Saturation).peers_left_out(), []);
        assert_eq!(case(TrialKind::Paced).peers_left_out(), []);
    }

    #[test]
    fn what_they_do_not_have_leaves_them_out_and_what_a_scenario_says_of_them_stays() {
        let mut stalled = case(TrialKind::Paced);
        stalled.topology.subscribers[0].reading = Reading::Stopped;
        stalled.not_applicable.push((Bus::Redis, "of its own".to_owned()));
        let left_out = stalled.peers_left_out();
        assert_eq!(
            left_out.iter().map(|(bus, _)| *bus).collect::<Vec<_>>(),
            [Bus::Nats, Bus::Mosquitto]
        );
        assert_eq!(stalled.left_out(Bus::Redis), Some("of its own"));
        assert_eq!(stalled.left_out(Bus::Process), None);
    }

    #[test]
    fn a_case_names_its_own_baselines_unless_the_run_names_a_peer() {
        let mut own = case(TrialKind::Paced);
        assert_eq!(own.baselines(Bus::Crossbeam, Bus::Process), [Bus::Crossbeam]);
        own.beside = Bus::PEERS.to_vec();
        assert_eq!(own.baselines(Bus::Crossbeam, Bus::Process), Bus::PEERS);
        assert_eq!(own.baselines(Bus::Nats, Bus::Process), [Bus::Nats]);
        assert_eq!(own.baselines(Bus::Process, Bus::Redis), [Bus::Process]);
    }
}
