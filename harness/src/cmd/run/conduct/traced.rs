//! What follows a paced case that was judged: one traced trial for each of its buses.

use super::Conductor;
use crate::cmd::performance::{self, Failure, Plan};
use crate::plan::Case;
use crate::report::LeftBehind;

impl Conductor<'_> {
    /// Traces every bus of a case that can be.
    pub(super) async fn trace(&mut self, case: &Case, plan: &Plan<'_>) -> Result<(), Failure> {
        for bus in performance::traceable(case, plan, &self.run.evidence) {
            let interrupt = self.interrupt.clone();
            let traced = performance::traced(case, plan, bus, &self.run.evidence, interrupt).await;
            let (traced, tear_down) = traced.map_err(|error| Failure { bus, error })?;
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
