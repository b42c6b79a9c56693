//! What a trial has shown so far; written while it runs, read once it has ended.

use daemoneye_eventbus::EventBusStatistics;

use super::actions::Action;
use super::actor::protocol::Share;
use crate::record::Operated;

/// Everything worth keeping that is not in the actors' files.
#[derive(Default)]
pub(super) struct Journal {
    /// The case's actions, in order of their ends.
    pub(super) operations: Vec<Operated>,
    /// The bus's counters after each phase.
    pub(super) samples: Vec<EventBusStatistics>,
    /// The bus's counters when the last fences had arrived; only then is it quiescent (C12).
    pub(super) after_fence: Option<EventBusStatistics>,
    /// What publishers did: phase, publisher, share.
    pub(super) shares: Vec<(u32, usize, Share)>,
    /// Why the trial may not be what it should be.
    pub(super) doubts: Vec<String>,
}

impl Journal {
    /// An action has ended so.
    pub(super) fn operated(
        &mut self,
        action: Action,
        call_ns: u64,
        return_ns: u64,
        outcome: String,
    ) {
        let Action { operation, phase, expect } = action;
        if let Some(expect) = expect {
            let operated = Operated { operation, phase, call_ns, return_ns, outcome, expect };
            self.operations.push(operated);
        }
    }

    /// Something did not happen as planned.
    pub(super) fn doubt(&mut self, sentence: String) {
        self.doubts.push(sentence);
    }
}
