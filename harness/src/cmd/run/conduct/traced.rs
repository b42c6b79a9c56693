//! What follows a paced case that was judged: one traced trial for each of its buses.

use super::Conductor;
use crate::cmd::performance::{self, Failure, Plan};
use crate::driver::DriveError;
use crate::plan::Case;
use crate::record::TracedTrial;

impl Conductor<'_> {
    /// Traces every bus of a case that was measured. One that cannot be is told as it is, and nothing
    /// hangs on it: only the user's word ends the case.
    pub(super) async fn trace(&mut self, case: &Case, plan: &Plan<'_>) -> Result<(), Failure> {
        for bus in performance::traceable(case, plan, &self.run.evidence) {
            let interrupt = self.interrupt.clone();
            let traced = performance::traced(case, plan, bus, &self.run.evidence, interrupt).await;
            let traced = match traced {
                Ok((traced, tear_down)) => {
                    self.note_left(case, bus, tear_down);
                    traced
                }
                Err(error @ DriveError::Interrupted) => return Err(Failure { bus, error }),
                Err(error) => TracedTrial::failed(&case.id, bus, error.to_string()),
            };
            self.progress.trial_done(bus.as_str());
            self.run.traced.push(traced);
        }
        Ok(())
    }
}
