//! One case of chaos on one bus: a real collector, and what became of what its sources sent, judged.

use super::behaviour::{Ran, judged, row, today};
use super::judging::Judging;
use crate::check::check_chaos;
use crate::driver::{ChaosDriven, DriveError, Interrupt, run_chaos};
use crate::plan::chaos::SourceSpec;
use crate::report::{Behaviour, BehaviourRow};

/// Runs and judges a case of chaos on a bus that claims it.
pub(super) async fn run(judging: Judging<'_>, interrupt: Interrupt) -> Result<Ran, DriveError> {
    let Judging { executable, case, bus, .. } = judging;
    let driven = run_chaos(executable, (case, bus), interrupt).await?;
    let row = judge(judging, &driven);
    Ok(Ran { row, tear_down: driven.tear_down, history: None })
}

fn judge(judging: Judging<'_>, driven: &ChaosDriven) -> BehaviourRow {
    let Judging { case, bus, wanted, .. } = judging;
    let report = check_chaos(case, bus, &driven.history);
    let mut row = judged(row(case, bus, wanted, Behaviour::Pass), (case, today()), &report, &[]);
    row.published = case.chaos.sources.iter().map(SourceSpec::sends).sum();
    row.received = driven.history.received.len() as u64;
    row
}
