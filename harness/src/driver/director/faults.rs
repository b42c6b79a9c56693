//! What the case does to a process, a connection or a folder instead of asking anybody (METHOD §5).
//!
//! Only to processes this harness has started, by their id, and to connections that lead through its
//! hands. A fault is done when it returns: a killed process holds nothing any more, a frozen one runs
//! no more, of a cut connection both ends have seen the end. What could not be done is no operation
//! of the history, and leaves a doubt.

use daemoneye_eventbus::clock::monotonic_ns;

use super::Director;
use super::actions::{Action, part_of};
use crate::plan::{Deed, Fault, Operation};

impl Director<'_> {
    /// Does a fault, and notes it with its moments.
    pub(in crate::driver) async fn inflict(
        &mut self,
        fault: Fault,
        phase: u32,
        expect: Option<String>,
    ) {
        let actor = self.session.host_of(part_of(fault.victim));
        let call_ns = monotonic_ns();
        let done = match fault.deed {
            Deed::Kill => self.session.kill(actor).await,
            Deed::Freeze => self.session.freeze(actor).await,
            Deed::Thaw => self.session.thaw(actor),
            Deed::Vanish => self.session.ways.vanish(),
            _ => self.session.ways.inflict(fault, phase).await,
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

    /// Before a fence everybody runs and every connection is whole: what still lasts was not undone
    /// by its trigger. A wild case need not undo anything itself.
    pub(in crate::driver) async fn undo_what_lasts(&mut self) {
        let mut lasting: Vec<&str> = Vec::new();
        for actor in self.session.thaw_all() {
            lasting.push(&self.session.actors[actor].name);
        }
        for victim in self.session.ways.heal_all().await {
            lasting.push(victim.name(self.case));
        }
        if !self.case.wild {
            for name in lasting {
                self.journal.doubt(format!("a fault of {name} still lasted after its phase"));
            }
        }
    }
}
