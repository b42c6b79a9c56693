//! One host case on one bus: real processes, seen starting and exiting exactly once each.

use std::path::Path;
use std::time::Duration;

use super::behaviour::row;
use super::selection::Wanted;
use crate::driver::{DriveError, HostRequest, Interrupt, Sightings, agent_beside, run_host};
use crate::plan::{Bus, Case, Count};
use crate::report::{Behaviour, BehaviourRow, CheckedRow, Witness};

/// Runs and judges a host case on a bus; a case the bus does not claim is not run.
pub async fn run(
    executable: &Path,
    case: &Case,
    bus: Bus,
    directory: &Path,
    wanted: &Wanted,
    interrupt: Interrupt,
) -> Result<BehaviourRow, DriveError> {
    if let Some((_, why)) = case.not_applicable.iter().find(|(one, _)| *one == bus) {
        return Ok(row(case, bus, wanted, Behaviour::NotApplicable(why.clone())));
    }
    let Some(agent) = agent_beside(executable) else {
        let why = "daemoneye-agent is not built beside the harness".to_owned();
        return Ok(row(case, bus, wanted, Behaviour::NotExercised(why)));
    };
    let children =
        case.phases.iter().flat_map(|phase| &phase.publish).map(|publish| match publish.count {
            Count::Events(events) => events,
            Count::ForMs(_) | Count::UntilRefused => 0,
        });
    let budget = Duration::from_millis(case.budget_ms);
    let request = HostRequest { executable, bus, children: children.sum(), budget, directory };
    let sightings = run_host(&agent, &request, interrupt).await?;
    Ok(judge(case, bus, wanted, &sightings))
}

fn judge(case: &Case, bus: Bus, wanted: &Wanted, sightings: &Sightings) -> BehaviourRow {
    let mut violations = Vec::new();
    for (pid, (starts, exits)) in &sightings.children {
        for (what, times) in [("starting", *starts), ("exiting", *exits)] {
            let rule = match times {
                1 => continue,
                0 => "C1",
                _ => "C3",
            };
            violations.push(Witness {
                rule: rule.to_owned(),
                sentence: format!("child {pid} was seen {what} {times} times, not once"),
                messages: Vec::new(),
            });
        }
    }
    if !sightings.ended_well {
        violations.push(Witness {
            rule: "C13".to_owned(),
            sentence: format!("the agent ({}) did not end in order", sightings.agent),
            messages: Vec::new(),
        });
    }
    let outcome = match (violations.is_empty(), sightings.children.is_empty()) {
        (false, _) => Behaviour::Fail,
        (true, true) => Behaviour::NotExercised("no children were started".to_owned()),
        (true, false) => Behaviour::Pass,
    };
    let items = sightings.children.len() as u64 * 2;
    let checked =
        CheckedRow { check: "children".to_owned(), items, violations: violations.len() as u64 };
    let received = sightings.children.values().map(|(starts, exits)| starts + exits).sum();
    BehaviourRow { violations, checked: vec![checked], received, ..row(case, bus, wanted, outcome) }
}
