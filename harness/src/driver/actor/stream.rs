//! The events of one publisher as the plan makes them, stamped for sending.

use daemoneye_eventbus::{
    BusEvent, CollectionEvent, CorrelationId, CorrelationMetadata, EventSubscription, ProcessEvent,
    Topic,
};
use xxhash_rust::xxh3::xxh3_64;

use crate::plan::{Arrivals, Case, Count};

/// One event, ready to be published.
pub(super) struct Stamped {
    pub(super) topic: Topic,
    pub(super) event: CollectionEvent,
    pub(super) correlation: Option<CorrelationMetadata>,
}

/// How a fence reaches a subscriber.
pub(crate) enum Carrier {
    /// Through its own subscription.
    Direct,
    /// Through a companion of its own subscription.
    Companion(EventSubscription),
}

/// Makes events by their number.
pub(super) struct Stream {
    name: String,
    fences: Vec<Topic>,
}

impl Stream {
    pub(super) fn new(case: &Case, publisher: usize) -> Self {
        let fences = case
            .topology
            .subscribers
            .iter()
            .map(|spec| {
                let text = spec.subscription.topic_patterns.first().cloned().unwrap_or_default();
                let text = text.replace(".#", "").replace('+', "x").replace('#', "events");
                Topic::new(text).unwrap_or_else(|_| {
                    Topic::new("events.process.lifecycle").expect("a registered topic")
                })
            })
            .collect();
        Self { name: case.topology.publishers[publisher].name.clone(), fences }
    }

    pub(super) fn schedule(
        &self,
        per_second: f64,
        _arrivals: Arrivals,
        count: Count,
        _phase: u32,
    ) -> Vec<u64> {
        let gap = 1e9 / per_second;
        let events = match count {
            Count::Events(events) => events,
            Count::ForMs(ms) => (ms as f64 * 1e6 / gap) as u64,
            Count::UntilRefused => 0,
        };
        (0..events).map(|n| (n as f64 * gap) as u64).collect()
    }

    pub(super) fn event(&self, sequence: u64, start_ns: u64, unix_ns: u64) -> Stamped {
        let mut event = ProcessEvent { pid: 7, ..ProcessEvent::default() };
        event.header.source = self.name.as_str().into();
        event.header.source_sequence = sequence;
        event.header.observed_monotonic_ns = start_ns;
        event.header.observed_unix_ns = unix_ns;
        let event = CollectionEvent::Process(event);
        let topic = Topic::new("events.process.lifecycle").expect("a registered topic");
        Stamped { topic, event, correlation: None }
    }

    pub(super) fn fence(&self, subscriber: usize, sequence: u64, now: u64) -> Option<Stamped> {
        let mut stamped = self.event(sequence, now, now);
        stamped.topic = self.fences[subscriber].clone();
        Some(stamped)
    }
}

pub(super) fn carrier(_case: &Case, _subscriber: usize) -> Carrier {
    Carrier::Direct
}

pub(super) fn digest(
    topic: &Topic,
    event: &CollectionEvent,
    _correlation: Option<&CorrelationMetadata>,
) -> u64 {
    xxh3_64(format!("{topic}{event:?}").as_bytes())
}

pub(super) fn digest_received(event: &BusEvent, _case: &Case, _publisher: Option<usize>) -> u64 {
    xxh3_64(format!("{}{:?}", event.topic, event.event).as_bytes())
}

pub(super) fn digest_correlation(id: &CorrelationId) -> u64 {
    xxh3_64(id.to_byte_string().as_bytes())
}
