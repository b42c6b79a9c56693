//! What follows a paced case that was judged: one traced trial for each of its buses.

use super::Conductor;
use crate::cmd::performance::{self, Plan};
use crate::driver::DriveError;
use crate::plan::Case;
use crate::report::LeftBehind;

impl Conductor<'_> {
    /// Traces the buses of a pair that were not traced in this case before.
    pub(super) async fn trace(&mut self, case: &Case, plan: &Plan<'_>) -> Result<(), DriveError> {
        for bus in performance::traceable(case, plan, &self.run.evidence) {
            let is_same =
                |traced: &crate::record::TracedTrial| traced.case == case.id && traced.bus == bus;
            if self.run.traced.iter().any(is_same) {
                continue;
            }
            let interrupt = self.interrupt.clone();
            let (traced, tear_down) =
                performance::traced(case, plan, bus, &self.run.evidence, interrupt).await?;
            if !tear_down.is_clean() {
                let (case, bus) = (case.id.clone(), Some(bus));
                self.run.left_behind.push(LeftBehind { case, bus, tear_down });
            }
            self.progress.trial_done(bus.as_str());
            self.run.traced.push(traced);
        }
        Ok(())
    }
}
