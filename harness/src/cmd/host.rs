//! One host case on one bus: real processes, and what a real agent recorded of them, judged.

use std::path::Path;
use std::time::Duration;

use super::behaviour::{Ran, judged, row, today};
use super::selection::Wanted;
use crate::check::check_sightings;
use crate::driver::{DriveError, HostDriven, HostRequest, Interrupt, agent_beside, run_host};
use crate::plan::{Bus, Case, Count};
use crate::report::{Behaviour, BehaviourRow};

/// Runs and judges a host case on a bus that claims it.
pub(super) async fn run(
    executable: &Path,
    case: &Case,
    bus: Bus,
    directory: &Path,
    wanted: &Wanted,
    interrupt: Interrupt,
) -> Result<Ran, DriveError> {
    let Some(agent) = agent_beside(executable) else {
        let why = "daemoneye-agent is not built beside the harness".to_owned();
        return Ok(Ran::nothing(row(case, bus, wanted, Behaviour::NotExercised(why))));
    };
    let recorder = case.topology.subscribers.first();
    let patterns = recorder.map(|spec| spec.subscription.topic_patterns.clone());
    let patterns = patterns.unwrap_or_default();
    let children = children(case);
    let budget = Duration::from_millis(case.budget_ms);
    let request = HostRequest { executable, bus, patterns: &patterns, children, budget, directory };
    let driven = run_host(&agent, &request, interrupt).await?;
    let row = judge(case, bus, wanted, &driven);
    Ok(Ran { row, tear_down: driven.tear_down, history: None })
}

/// How many children a case starts.
fn children(case: &Case) -> u64 {
    let publishes = case.phases.iter().flat_map(|phase| &phase.publish);
    let counts = publishes.map(|publish| match publish.count {
        Count::Events(events) => events,
        Count::ForMs(_) | Count::UntilRefused => 0,
    });
    counts.sum()
}

fn judge(case: &Case, bus: Bus, wanted: &Wanted, driven: &HostDriven) -> BehaviourRow {
    let report = check_sightings(case, bus, &driven.sightings);
    let mut row = judged(row(case, bus, wanted, Behaviour::Pass), (case, today()), &report, &[]);
    row.received = driven.sightings.record.len() as u64;
    row.processes.clone_from(&driven.processes);
    row
}
