//! One case of the control plane on one bus: real processes, and what they noted, judged.

use super::behaviour::{Ran, judged, row, today};
use super::judging::Judging;
use crate::check::{Report, check_control};
use crate::driver::{DriveError, Driven, Interrupt, run_trial};
use crate::plan::{Bus, Case};
use crate::report::{Behaviour, BehaviourRow};

/// Runs and judges a case of the control plane on a bus that claims it.
pub(super) async fn run(judging: Judging<'_>, interrupt: Interrupt) -> Result<Ran, DriveError> {
    let driven = run_trial(judging.request(), interrupt).await?;
    let row = judge(judging, &driven);
    Ok(Ran { row, tear_down: driven.trial.tear_down, history: None })
}

/// What the checks say of what was noted.
pub(in crate::cmd) fn report(case: &Case, bus: Bus, driven: &Driven) -> Report {
    match &driven.control {
        Some(history) => check_control(case, bus, history),
        None => Report::Broken(vec!["nothing was noted".to_owned()]),
    }
}

fn judge(judging: Judging<'_>, driven: &Driven) -> BehaviourRow {
    let Judging { case, bus, wanted, .. } = judging;
    let report = report(case, bus, driven);
    let row = row(case, bus, wanted, Behaviour::Pass);
    let mut row = judged(row, (case, today()), &report, &driven.doubts);
    row.processes.clone_from(&driven.trial.processes);
    row
}
