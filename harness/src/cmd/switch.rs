//! One switch of an agent's bus and the way back: what three real agents recorded, judged and
//! compared.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::behaviour::{Ran, judged, row, today};
use super::host::{makes, patterns, without_agent};
use super::judging::Judging;
use crate::check::{Report, check_switch};
use crate::driver::{
    DriveError, HostRequest, Interrupt, SwitchDriven, SwitchFault, agent_beside, run_switch,
};
use crate::plan::{Bus, Case};
use crate::report::{Behaviour, BehaviourRow};

/// Runs and judges a switch, once for both of its buses.
pub(super) async fn run(judging: Judging<'_>, interrupt: Interrupt) -> Result<Ran, DriveError> {
    let Judging { executable, case, directory, .. } = judging;
    if agent_beside(executable).is_none() {
        return Ok(without_agent(judging));
    }
    let driven = drive(executable, case, directory, interrupt).await?;
    let row = judge(judging, &driven);
    Ok(Ran { row, tear_down: driven.tear_down, history: None })
}

/// Runs it, behind the fault its settings name if they name one.
pub(in crate::cmd) async fn drive(
    executable: &Path,
    case: &Case,
    directory: &Path,
    interrupt: Interrupt,
) -> Result<SwitchDriven, DriveError> {
    let missing = || {
        let cause = io::Error::from(io::ErrorKind::NotFound);
        DriveError::Spawn { name: "daemoneye-agent".to_owned(), cause }
    };
    let agent = agent_beside(executable).ok_or_else(missing)?;
    let patterns = patterns(case);
    let makes = makes(case, patterns);
    let (bus, budget) = (Bus::Process, Duration::from_millis(case.budget_ms));
    let request = HostRequest { executable, bus, patterns, makes: &makes, budget, directory };
    let fault = case.topology.bus.fault.as_deref().and_then(SwitchFault::named);
    run_switch(&agent, &request, fault, interrupt).await
}

/// What the checks say of it.
pub(in crate::cmd) fn report(case: &Case, driven: &SwitchDriven) -> Report {
    check_switch(case, &driven.turns)
}

fn judge(judging: Judging<'_>, driven: &SwitchDriven) -> BehaviourRow {
    let Judging { case, bus, wanted, .. } = judging;
    let report = report(case, driven);
    let mut row = judged(row(case, bus, wanted, Behaviour::Pass), (case, today()), &report, &[]);
    row.received = driven.turns.iter().map(|turn| turn.sightings.record.len() as u64).sum();
    row.processes.clone_from(&driven.processes);
    row
}
