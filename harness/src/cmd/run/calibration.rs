//! Which form of the crossbeam reference is faster on this host: events shared, or cloned.

use std::path::Path;

use crate::cmd::performance::in_flight;
use crate::driver::{DriveError, Interrupt, TrialRequest, run_trial};
use crate::gate::physics;
use crate::plan::{Bus, Case};
use crate::record::Validity;

/// Trials of each form; the better one counts, so that one disturbed trial decides nothing.
const TRIALS: usize = 2;

/// What the folders of these trials begin with.
pub(super) const FOLDER: &str = "calibration-";

/// The form to use, and the sentence that says why; a trial that breaks physics counts for none.
pub(super) async fn calibrate(
    executable: &Path,
    case: &Case,
    directory: &Path,
    interrupt: Interrupt,
) -> Result<(bool, String), DriveError> {
    let mut best = [0.0_f64; 2];
    for round in 0..TRIALS {
        for (form, share_by_clone) in [false, true].into_iter().enumerate() {
            let directory = directory.join(format!("{FOLDER}{form}-{round}"));
            let request = TrialRequest {
                executable,
                case,
                bus: Bus::Crossbeam,
                void: false,
                share_by_clone,
                directory: &directory,
            };
            let trial = run_trial(request, interrupt.clone()).await?.trial;
            if let Validity::Invalid(why) = physics::validity(&trial, in_flight(case)) {
                tracing::warn!(case = case.id, why, "invalid trial of the calibration");
                continue;
            }
            best[form] = best[form].max(trial.figures.throughput_per_s.unwrap_or_default());
        }
    }
    let [shared, cloned] = best;
    let by_clone = cloned > shared;
    let chosen = if by_clone { "by clone" } else { "by reference count" };
    let sentence = format!(
        "crossbeam shares events {chosen}: {shared:.0} deliveries/s by reference count, \
         {cloned:.0} by clone in {}",
        case.id
    );
    Ok((by_clone, sentence))
}
