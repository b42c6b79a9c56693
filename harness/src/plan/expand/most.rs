//! The most that a plan lets anybody accept or receive: an expectation above it would fail on every bus.

use super::super::{Count, Operation, Phase, Topology};

/// What can come of a plan, at most.
pub(super) struct Most<'p> {
    topology: &'p Topology,
    /// By publisher: events it publishes; `None` where only the bus or the clock ends it.
    published: Vec<Option<u64>>,
}

impl<'p> Most<'p> {
    /// Of everything that is published in these phases.
    pub(super) fn of(topology: &'p Topology, phases: &[Phase]) -> Self {
        let mut published = vec![Some(0); topology.publishers.len()];
        for phase in phases {
            for share in &phase.publish {
                let events = match share.count {
                    Count::Events(events) => Some(events),
                    Count::ForMs(_) | Count::UntilRefused => None,
                };
                add(&mut published, share.publisher, events);
            }
            for action in &phase.actions {
                if let Operation::PublishOne(publisher) = action.operation {
                    add(&mut published, publisher, Some(1));
                }
            }
        }
        Self { topology, published }
    }

    /// Events that a publisher can have accepted; `None` where there is no telling.
    pub(super) fn accepted(&self, publisher: &str) -> Option<u64> {
        let index = self.topology.publishers.iter().position(|spec| spec.name == publisher)?;
        self.published[index]
    }

    /// Events that a subscriber can receive, each once; `None` where there is no telling.
    pub(super) fn received(&self, subscriber: &str) -> Option<u64> {
        let spec = self.topology.subscribers.iter().find(|spec| spec.name == subscriber)?;
        // What is kept for latecomers comes again with a further subscription.
        if spec.subscription.replay_last > 0 {
            return None;
        }
        self.published.iter().copied().sum()
    }
}

fn add(published: &mut [Option<u64>], publisher: usize, events: Option<u64>) {
    let before = published[publisher];
    published[publisher] = before.and_then(|before| Some(before.saturating_add(events?)));
}
