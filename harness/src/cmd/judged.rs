//! One case that is judged and not measured, of whichever kind, on one bus.

use std::path::Path;

use super::behaviour::{self, Ran};
use super::selection::Wanted;
use super::{control, host};
use crate::driver::{DriveError, Interrupt};
use crate::plan::{Bus, Case, TrialKind};
use crate::report::Behaviour;

/// Runs and judges a case on a bus; one that the bus does not claim is not run.
pub async fn run(
    executable: &Path,
    case: &Case,
    bus: Bus,
    directory: &Path,
    wanted: &Wanted,
    interrupt: Interrupt,
) -> Result<Ran, DriveError> {
    if let Some((_, why)) = case.not_applicable.iter().find(|(one, _)| *one == bus) {
        let outcome = Behaviour::NotApplicable(why.clone());
        return Ok(Ran::nothing(behaviour::row(case, bus, wanted, outcome)));
    }
    match case.kind {
        TrialKind::Host => host::run(executable, case, bus, directory, wanted, interrupt).await,
        TrialKind::Control => {
            control::run(executable, case, bus, directory, wanted, interrupt).await
        }
        TrialKind::Behaviour | TrialKind::Saturation | TrialKind::Paced => {
            behaviour::run(executable, case, bus, directory, wanted, interrupt).await
        }
    }
}
