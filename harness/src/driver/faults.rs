//! What the case does to an actor instead of asking it: kill, freeze, thaw (METHOD §5).
//!
//! Only to processes this harness has started, by their id. A fault is done when it returns: a
//! killed process holds nothing any more, a frozen one runs no more. What could not be done is no
//! operation of the history, and leaves a doubt.

use daemoneye_eventbus::clock::monotonic_ns;

use super::actions::{Action, part_of};
use super::director::Director;
use crate::plan::{Deed, Fault, Operation};

impl Director<'_> {
    /// Does a fault, and notes it with its moments.
    pub(super) async fn inflict(&mut self, fault: Fault, phase: u32, expect: Option<String>) {
        let actor = self.session.host_of(part_of(fault.victim));
        let call_ns = monotonic_ns();
        let done = match fault.deed {
            Deed::Kill => self.session.kill(actor).await,
            Deed::Freeze => self.session.freeze(actor).await,
            Deed::Thaw => self.session.thaw(actor),
        };
        let return_ns = monotonic_ns();
        if !done {
            let (deed, name) = (fault.deed.as_str(), fault.victim.name(self.case));
            self.journal.doubt(format!("{deed} of {name} could not be done"));
            return;
        }
        let operation = Operation::Fault(fault);
        self.attendance.done(&operation, true);
        let action = Action { operation, phase, expect };
        self.journal.operated(action, call_ns, return_ns, "ok".to_owned());
    }

    /// Before a fence everybody runs: whoever is still frozen was not thawed by its trigger.
    pub(super) fn thaw_everybody(&mut self) {
        for actor in self.session.thaw_all() {
            let name = &self.session.actors[actor].name;
            self.journal.doubt(format!("{name} was still frozen when its phase was over"));
        }
    }
}
