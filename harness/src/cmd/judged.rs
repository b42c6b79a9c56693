//! One case that is judged and not measured, of whichever kind, on one bus.

use super::behaviour::{self, Ran};
use super::judging::Judging;
use super::{chaos, control, host, switch};
use crate::driver::{DriveError, Interrupt};
use crate::plan::TrialKind;
use crate::report::Behaviour;

/// Runs and judges a case on a bus; one that the bus does not claim is not run.
pub async fn run(judging: Judging<'_>, interrupt: Interrupt) -> Result<Ran, DriveError> {
    let Judging { case, bus, wanted, .. } = judging;
    if let Some(why) = case.left_out(bus) {
        let outcome = Behaviour::NotApplicable(why.to_owned());
        return Ok(Ran::nothing(behaviour::row(case, bus, wanted, outcome)));
    }
    match case.kind {
        TrialKind::Host => host::run(judging, interrupt).await,
        TrialKind::Switch => switch::run(judging, interrupt).await,
        TrialKind::Control => control::run(judging, interrupt).await,
        TrialKind::Chaos => chaos::run(judging, interrupt).await,
        TrialKind::Behaviour | TrialKind::Saturation | TrialKind::Paced => {
            behaviour::run(judging, interrupt).await
        }
    }
}
