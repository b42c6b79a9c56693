//! One case that is judged and not measured, of whichever kind, on one bus.

use std::path::Path;

use super::behaviour::{self, Ran};
use super::selection::Wanted;
use super::{control, host};
use crate::driver::{DriveError, Interrupt, TrialRequest};
use crate::plan::{Bus, Case, TrialKind};
use crate::report::{Behaviour, BehaviourRow};

/// What is run and judged, and where.
#[derive(Debug, Clone, Copy)]
pub struct Judging<'a> {
    /// The harness's executable, which has the verb `actor`; the agent lies beside it.
    pub executable: &'a Path,
    /// The case.
    pub case: &'a Case,
    /// The bus.
    pub bus: Bus,
    /// Where files of the trial go; made if missing.
    pub directory: &'a Path,
    /// The selection the case comes from.
    pub wanted: &'a Wanted,
}

impl<'a> Judging<'a> {
    /// Runs and judges the case; one that the bus does not claim is not run.
    pub async fn run(self, interrupt: Interrupt) -> Result<Ran, DriveError> {
        if let Some((_, why)) = self.case.not_applicable.iter().find(|(one, _)| *one == self.bus) {
            return Ok(Ran::nothing(self.row(Behaviour::NotApplicable(why.clone()))));
        }
        match self.case.kind {
            TrialKind::Host => host::run(self, interrupt).await,
            TrialKind::Control => control::run(self, interrupt).await,
            TrialKind::Behaviour | TrialKind::Saturation | TrialKind::Paced => {
                behaviour::run(self, interrupt).await
            }
        }
    }

    /// The trial of a case that is driven by roles.
    pub(super) fn request(self) -> TrialRequest<'a> {
        let Self { executable, case, bus, directory, .. } = self;
        TrialRequest { executable, case, bus, void: false, share_by_clone: false, directory }
    }

    /// A row of the report that says nothing but the outcome.
    pub(super) fn row(self, outcome: Behaviour) -> BehaviourRow {
        behaviour::row(self.case, self.bus, self.wanted, outcome)
    }
}
