//! How far everybody is by their own account, as credits and triggers need it.

use crate::driver::actor::protocol::Notice;
use crate::plan::{Case, Trigger};

/// Counts as last told.
pub(in crate::driver) struct Progress {
    /// By subscriber: events received in all.
    received: Vec<u64>,
    /// By publisher: events published in this phase.
    sent: Vec<u64>,
}

impl Progress {
    /// Nobody has done anything.
    pub(in crate::driver) fn new(case: &Case) -> Self {
        Self {
            received: vec![0; case.topology.subscribers.len()],
            sent: vec![0; case.topology.publishers.len()],
        }
    }

    /// Takes in what an actor said, if it is about this.
    pub(in crate::driver) fn note(&mut self, notice: &Notice) {
        match *notice {
            Notice::Progress { subscriber, total } | Notice::Phased { subscriber, total } => {
                self.received[subscriber] = total;
            }
            Notice::Sent { publisher, count } => self.sent[publisher] = count,
            _ => {}
        }
    }

    /// A phase begins.
    pub(in crate::driver) fn begin_phase(&mut self) {
        self.sent.fill(0);
    }

    /// Events received in all, by subscriber.
    pub(in crate::driver) fn received(&self) -> &[u64] {
        &self.received
    }

    /// Events published in this phase, all publishers together.
    pub(in crate::driver) fn sent(&self) -> u64 {
        self.sent.iter().sum()
    }

    /// Whether what a trigger waits for has come.
    pub(in crate::driver) fn is_reached(&self, trigger: Trigger) -> bool {
        match trigger {
            Trigger::AfterPublished(publisher, count) => self.sent[publisher] >= count,
            Trigger::AfterReceived(subscriber, count) => self.received[subscriber] >= count,
            Trigger::Start | Trigger::End => false,
        }
    }
}
