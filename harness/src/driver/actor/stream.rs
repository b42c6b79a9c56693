//! The events of one publisher as the plan makes them, stamped for sending.

use daemoneye_eventbus::topic::default_topic;
use daemoneye_eventbus::{CollectionEvent, CorrelationMetadata, Topic, wire};

use crate::driver::fencing::fence;
use crate::plan::{Case, Fence, PlannedEvent, Publish, Rate, Workload, WorkloadError, schedule};

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

    /// Planned moments of its share of a phase, offsets from its start, ns; `None` where the loop is
    /// closed. Each publisher has its own.
    pub(super) fn schedule(&self, share: &Publish, phase: u32) -> Option<Vec<u64>> {
        match share.rate {
            Rate::Max | Rate::Window(_) => None,
            Rate::PerSecond(per_second, arrivals) => {
                let seed = self.case.seed ^ (u64::from(phase) << 32) ^ self.publisher as u64;
                Some(schedule(per_second, arrivals, share.count, seed).collect())
            }
            Rate::AsRecorded(_) => {
                let replay = self.case.topology.publishers[self.publisher].replay.as_ref();
                Some(replay.map_or_else(Vec::new, |replay| replay.moments_ns.clone()))
            }
        }
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
