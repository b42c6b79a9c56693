//! A case and its parts with nothing in them that nobody asked for: where one is built by hand, and no
//! file says it.
//!
//! Whoever wants something otherwise says that alone: `Phase { idle_ms: 10, ..Phase::bare("only") }`.

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::contract::Confirmation;
use daemoneye_eventbus::{EventKind, EventSubscription};

use super::chaos::Chaos;
use super::control::Control;
use super::{
    BusSettings, Case, Correlate, Expectation, MixPart, Phase, PublisherSpec, Reading,
    SubscriberSpec, Topology, TrialKind,
};

/// Size of an event, bytes: that of a typical process event.
const PAYLOAD_BYTES: usize = 200;
/// Time of a trial, milliseconds: far more than a few thousand events take.
const BUDGET_MS: u64 = 60_000;

impl Case {
    /// A behaviour case between these, in which nothing happens and nothing is claimed.
    pub fn bare(
        id: &str,
        publishers: Vec<PublisherSpec>,
        subscribers: Vec<SubscriberSpec>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            scenario: id.to_owned(),
            summary: String::new(),
            wild: false,
            claims: Vec::new(),
            kind: TrialKind::Behaviour,
            curve: None,
            topology: Topology {
                bus: BusSettings::default(),
                publishers,
                subscribers,
                subscribers_per_process: None,
            },
            phases: Vec::new(),
            control: Control::default(),
            chaos: Chaos::default(),
            expect: Expectation::default(),
            not_applicable: Vec::new(),
            beside: Vec::new(),
            divergences: Vec::new(),
            budget_ms: BUDGET_MS,
            seed: 1,
        }
    }
}

impl PublisherSpec {
    /// A publisher of this name that has nothing to publish yet.
    pub fn bare(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            role: Role::Agent,
            mix: Vec::new(),
            confirm: Confirmation::Fire,
            correlate: Correlate::Fresh,
            table: 0,
            replay: None,
        }
    }
}

impl MixPart {
    /// Process events on their default topic, of typical size.
    pub fn bare() -> Self {
        Self {
            kind: EventKind::Process,
            topic: None,
            topics: None,
            weight: 1,
            payload_bytes: PAYLOAD_BYTES,
            priority: None,
            pid: None,
            metadata: Vec::new(),
        }
    }
}

impl SubscriberSpec {
    /// A subscriber named by its id that is there from the start and reads as fast as it can.
    pub fn bare(subscription: EventSubscription) -> Self {
        Self {
            name: subscription.subscriber_id.clone(),
            role: Role::Agent,
            subscription,
            reading: Reading::Prompt,
            pace_per_s: None,
            from_start: true,
            idle_subscriptions: 0,
        }
    }
}

impl Phase {
    /// A phase of this name that ends with fences and in which nothing happens.
    pub fn bare(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            publish: Vec::new(),
            actions: Vec::new(),
            idle_ms: 0,
            fence: true,
            measured: false,
        }
    }
}
