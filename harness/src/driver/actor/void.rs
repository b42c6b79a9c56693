//! A subscriber of the void floor: it stamps and records as many events as it would have received
//! (METHOD §3). What it costs is what the instrument costs, and nothing else.
//!
//! It records one event over and over: making them is the publishers' work, which the void does
//! once as every bus does; made again by each subscriber it would be charged several times. Nor
//! does it wake for each event, since waking a reader is a part of the hand-off.

use std::sync::Arc;

use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::{BusEvent, CorrelationMetadata, EventId};
use tokio::sync::mpsc::Receiver;

use super::assignment::Assignment;
use super::ledger::Ledger;
use super::link::Link;
use super::pacing::sleep_until;
use super::protocol::Notice;
use super::stream::{Stamped, Stream};
use super::subscriber::SubscriberOrder;
use super::tally::Tally;
use crate::plan::{Reading, WorkloadError};

/// Open loops: what came due within so many nanoseconds is recorded in one go.
const TURN_NS: u64 = 20_000_000;

pub(super) struct VoidSubscriber {
    index: usize,
    assignment: Arc<Assignment>,
    link: Link,
    ledger: Ledger,
    /// Of each publisher, the planned moments and the event that stands for all of its own.
    sources: Vec<(Stream, BusEvent)>,
    /// Events made in this phase.
    made: u64,
}

impl VoidSubscriber {
    pub(super) fn new(
        index: usize,
        assignment: Arc<Assignment>,
        link: Link,
        tally: Tally,
    ) -> Result<Self, String> {
        let publishers = 0..assignment.case.topology.publishers.len();
        let source = |publisher| {
            let stream = Stream::new(&assignment.case, publisher)?;
            let event = first(&stream);
            Ok((stream, event))
        };
        let sources = publishers
            .map(source)
            .collect::<Result<Vec<_>, WorkloadError>>()
            .map_err(|cause| cause.to_string())?;
        let ledger = Ledger::new(index, &assignment, link.clone(), tally)
            .map_err(|cause| cause.to_string())?;
        Ok(Self { index, assignment, link, ledger, sources, made: 0 })
    }

    /// Obeys until told to finish; returns what could not be written.
    pub(super) fn run(mut self, mut orders: Receiver<SubscriberOrder>) -> Vec<String> {
        while let Some(order) = orders.blocking_recv() {
            match order {
                SubscriberOrder::Phase { phase } => self.phase(phase),
                SubscriberOrder::Grant { events } => self.make(events),
                SubscriberOrder::Drain { .. } => {
                    self.link.tell(&Notice::Draining { subscriber: self.index });
                    self.link.tell(&Notice::Drained { subscriber: self.index });
                }
                SubscriberOrder::Finish => break,
                SubscriberOrder::Subscribe { id }
                | SubscriberOrder::Unsubscribe { id }
                | SubscriberOrder::UnsubscribeUnknown { id }
                | SubscriberOrder::DropReceiver { id }
                | SubscriberOrder::Read { id, .. } => {
                    let now = monotonic_ns();
                    let outcome = "ok".to_owned();
                    self.link.tell(&Notice::Operated { id, call_ns: now, return_ns: now, outcome });
                }
            }
        }
        self.ledger.finish()
    }

    fn phase(&mut self, phase: u32) {
        let total = self.ledger.begin(phase);
        self.made = 0;
        self.link.tell(&Notice::Phased { subscriber: self.index, total });
        let assignment = Arc::clone(&self.assignment);
        let Some(plan) = assignment.case.phases.get(phase as usize) else { return };
        if assignment.case.topology.subscribers[self.index].reading == Reading::Stopped {
            return;
        }
        let mut moments = Vec::new();
        for publish in &plan.publish {
            let (stream, _) = &self.sources[publish.publisher];
            let offsets = stream.schedule(publish, phase).into_iter().flatten();
            moments.extend(offsets.map(|offset| (offset, publish.publisher)));
        }
        moments.sort_unstable();
        let base = monotonic_ns();
        for (offset, publisher) in moments {
            sleep_until(base + offset.next_multiple_of(TURN_NS));
            self.one(publisher);
        }
    }

    fn make(&mut self, events: u64) {
        while self.made < events {
            let publishers = self.sources.len() as u64;
            let publisher = usize::try_from(self.made % publishers.max(1)).unwrap_or_default();
            self.made += 1;
            self.one(publisher);
        }
    }

    fn one(&mut self, publisher: usize) {
        let (_, event) = &mut self.sources[publisher];
        event.id.sequence += 1;
        let sequence = event.id.sequence;
        let header = event.event.header_mut();
        header.source_sequence = sequence;
        header.observed_monotonic_ns = monotonic_ns();
        self.ledger.received(event, 0, sequence);
    }
}

/// The first event of a publisher as a bus would deliver it, with the number before it.
fn first(stream: &Stream) -> BusEvent {
    let now_ns = monotonic_ns();
    let Stamped { topic, event, correlation } = stream.event(1, now_ns, now_ns);
    let id = EventId { publisher: event.header().source.clone(), incarnation: 0, sequence: 0 };
    let correlation = correlation.unwrap_or_else(|| CorrelationMetadata::derived(&id));
    BusEvent { id, topic, published_monotonic_ns: now_ns, correlation, event }
}
