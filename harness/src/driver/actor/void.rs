//! A subscriber of the void floor: it makes the events it would have received, stamps and
//! records them (METHOD §3). What it costs is what the instrument costs.

use std::sync::Arc;

use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use daemoneye_eventbus::{BusEvent, CorrelationMetadata, EventId};
use tokio::sync::mpsc::Receiver;

use super::assignment::Assignment;
use super::ledger::Ledger;
use super::link::Link;
use super::pacing::sleep_until;
use super::protocol::Notice;
use super::stream::{Stamped, Stream};
use super::subscriber::SubscriberOrder;
use crate::plan::{Rate, WorkloadError};

pub(super) struct VoidSubscriber {
    index: usize,
    assignment: Arc<Assignment>,
    link: Link,
    ledger: Ledger,
    /// One stream per publisher, with the number of its next event.
    streams: Vec<(Stream, u64)>,
    /// Events made in this phase.
    made: u64,
}

impl VoidSubscriber {
    pub(super) fn new(
        index: usize,
        assignment: Arc<Assignment>,
        link: Link,
    ) -> Result<Self, String> {
        let publishers = 0..assignment.case.topology.publishers.len();
        let stream = |publisher| Ok((Stream::new(&assignment.case, publisher)?, 1));
        let streams = publishers
            .map(stream)
            .collect::<Result<Vec<_>, WorkloadError>>()
            .map_err(|cause| cause.to_string())?;
        let ledger =
            Ledger::new(index, &assignment, link.clone()).map_err(|cause| cause.to_string())?;
        Ok(Self { index, assignment, link, ledger, streams, made: 0 })
    }

    /// Obeys until told to finish; returns what could not be written.
    pub(super) fn run(mut self, mut orders: Receiver<SubscriberOrder>) -> Vec<String> {
        while let Some(order) = orders.blocking_recv() {
            match order {
                SubscriberOrder::Phase { phase } => self.phase(phase),
                SubscriberOrder::Grant { events } => self.make(events),
                SubscriberOrder::Drain => {
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
        let mut moments = Vec::new();
        for publish in &plan.publish {
            if let Rate::PerSecond(per_second, arrivals) = publish.rate {
                let (stream, _) = &self.streams[publish.publisher];
                let offsets = stream.schedule(per_second, arrivals, publish.count, phase);
                moments.extend(offsets.into_iter().map(|offset| (offset, publish.publisher)));
            }
        }
        moments.sort_unstable();
        let base = monotonic_ns();
        for (offset, publisher) in moments {
            sleep_until(base + offset);
            self.one(publisher);
        }
    }

    fn make(&mut self, events: u64) {
        while self.made < events {
            let publishers = self.streams.len() as u64;
            let publisher = usize::try_from(self.made % publishers.max(1)).unwrap_or_default();
            self.made += 1;
            self.one(publisher);
        }
    }

    fn one(&mut self, publisher: usize) {
        let (stream, next) = &mut self.streams[publisher];
        let sequence = *next;
        *next += 1;
        let Stamped { topic, event, correlation } =
            stream.event(sequence, monotonic_ns(), unix_ns());
        let id = EventId { publisher: event.header().source.clone(), incarnation: 0, sequence };
        let correlation = correlation.unwrap_or_else(|| CorrelationMetadata::derived(&id));
        let published_monotonic_ns = monotonic_ns();
        let event = Arc::new(BusEvent { id, topic, published_monotonic_ns, correlation, event });
        self.ledger.received(&event, 0, sequence);
    }
}
