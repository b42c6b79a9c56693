//! One case of the control plane on one bus: real processes, and what they noted, judged.

use std::path::Path;

use super::behaviour::{Ran, judged, row, today};
use super::selection::Wanted;
use crate::check::{Report, check_control};
use crate::driver::{DriveError, Driven, Interrupt, TrialRequest, run_trial};
use crate::plan::{Bus, Case};
use crate::report::{Behaviour, BehaviourRow};

/// Runs and judges a case of the control plane on a bus that claims it.
pub(super) async fn run(
    executable: &Path,
    case: &Case,
    bus: Bus,
    directory: &Path,
    wanted: &Wanted,
    interrupt: Interrupt,
) -> Result<Ran, DriveError> {
    let request =
        TrialRequest { executable, case, bus, void: false, share_by_clone: false, directory };
    let driven = run_trial(request, interrupt).await?;
    let row = judge(case, bus, wanted, &driven);
    Ok(Ran { row, tear_down: driven.trial.tear_down, history: None })
}

/// What the checks say of what was noted.
pub(in crate::cmd) fn report(case: &Case, bus: Bus, driven: &Driven) -> Report {
    match &driven.control {
        Some(history) => check_control(case, bus, history),
        None => Report::Broken(vec!["nothing was noted".to_owned()]),
    }
}

fn judge(case: &Case, bus: Bus, wanted: &Wanted, driven: &Driven) -> BehaviourRow {
    let report = report(case, bus, driven);
    let row = row(case, bus, wanted, Behaviour::Pass);
    let mut row = judged(row, (case, today()), &report, &driven.doubts);
    row.processes.clone_from(&driven.trial.processes);
    row
}
