//! What a trial has shown so far; written while it runs, read once it has ended.

use daemoneye_eventbus::EventBusStatistics;

use super::actions::Action;
use crate::driver::actor::protocol::Share;
use crate::record::{ControlHistory, Operated};

/// Everything worth keeping that is not in the actors' files.
#[derive(Default)]
pub(in crate::driver) struct Journal {
    /// The case's actions, in order of their ends.
    pub(in crate::driver) operations: Vec<Operated>,
    /// The bus's counters after each phase.
    pub(in crate::driver) samples: Vec<EventBusStatistics>,
    /// The bus's counters when the last fences had arrived; only then is it quiescent (C12).
    pub(in crate::driver) after_fence: Option<EventBusStatistics>,
    /// What publishers did: phase, publisher, share.
    pub(in crate::driver) shares: Vec<(u32, usize, Share)>,
    /// What was noted of the control plane.
    pub(in crate::driver) control: ControlHistory,
    /// Why the trial may not be what it should be.
    pub(in crate::driver) doubts: Vec<String>,
}

impl Journal {
    /// An action has ended so.
    pub(in crate::driver) fn operated(
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
    pub(in crate::driver) fn doubt(&mut self, sentence: String) {
        self.doubts.push(sentence);
    }
}
