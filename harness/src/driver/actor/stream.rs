//! The events of one publisher as the plan makes them, stamped for sending.

use daemoneye_eventbus::topic::default_topic;
use daemoneye_eventbus::{CollectionEvent, CorrelationMetadata, Topic, wire};

use crate::driver::fencing::fence;
use crate::plan::{Arrivals, Case, Count, Fence, PlannedEvent, Workload, WorkloadError, schedule};

/// One event, ready to be published.
pub(super) struct Stamped {
    pub(super) topic: Topic,
    pub(super) event: CollectionEvent,
    pub(super) correlation: Option<CorrelationMetadata>,
}

/// Makes events by their number.
pub(super) struct Stream {
    case: Case,
    publisher: usize,
    workload: Workload,
}

impl Stream {
    pub(super) fn new(case: &Case, publisher: usize) -> Result<Self, WorkloadError> {
        let workload = Workload::new(case, publisher, &wire::payload_bytes)?;
        Ok(Self { case: case.clone(), publisher, workload })
    }

    /// Planned moments of a phase, offsets from its start, ns. Each publisher has its own.
    pub(super) fn schedule(
        &self,
        per_second: f64,
        arrivals: Arrivals,
        count: Count,
        phase: u32,
    ) -> Vec<u64> {
        let seed = self.case.seed ^ (u64::from(phase) << 32) ^ self.publisher as u64;
        schedule(per_second, arrivals, count, seed).collect()
    }

    /// The event with this number.
    pub(super) fn event(&self, sequence: u64, start_ns: u64, unix_ns: u64) -> Stamped {
        stamp(self.workload.event(sequence), start_ns, unix_ns)
    }

    /// The event of a fence.
    pub(super) fn fence(&self, which: Fence, now_ns: u64) -> Stamped {
        stamp(fence(&self.case, self.publisher, which), now_ns, now_ns)
    }
}

fn stamp(planned: PlannedEvent, start_ns: u64, unix_ns: u64) -> Stamped {
    let PlannedEvent { topic, mut event, correlation } = planned;
    let header = event.header_mut();
    header.observed_monotonic_ns = start_ns;
    header.observed_unix_ns = unix_ns;
    Stamped { topic: topic.unwrap_or_else(|| default_topic(&event)), event, correlation }
}
