//! Judges cases of the control plane: what members, callers and the desk noted, against CONTRACT W9,
//! R1–R4 and R6, a configuration's versions, and A1, A4, A5 and W8 where somebody is refused.
//!
//! - `seen`: the record by member and step;
//! - `replies` (W9), `worst_of` (R1), `heartbeats` (R2), `failover` (R3), `gathering` (R4),
//!   `workflows` (R6), `configuration`, `identity` (A4, W8), `overreach` (A1), `audits` (A5): one rule
//!   each, with an oracle of its own where one is needed.

mod audits;
mod configuration;
mod failover;
mod gathering;
mod heartbeats;
mod identity;
mod overreach;
mod replies;
mod seen;
#[cfg(test)]
mod tests;
mod workflows;
mod worst_of;

use super::found::Found;
use super::report::{Check, Report};
use crate::plan::control::Step;
use crate::plan::{Bus, Case};
use crate::record::ControlHistory;
use seen::Seen;

/// Judges what was noted while a case of the control plane ran on a bus.
pub fn check_control(case: &Case, bus: Bus, history: &ControlHistory) -> Report {
    let defects = defects(case, history);
    if !defects.is_empty() {
        return Report::Broken(defects);
    }
    let seen = Seen { case, history };
    let mut found = Found::new(case, bus, Check::rule);
    replies::check(&seen, &mut found);
    worst_of::check(&seen, &mut found);
    heartbeats::check(&seen, &mut found);
    failover::check(&seen, &mut found);
    gathering::check(&seen, &mut found);
    workflows::check(&seen, &mut found);
    configuration::check(&seen, &mut found);
    identity::check(&seen, &mut found);
    overreach::check(&seen, &mut found);
    audits::check(&seen, &mut found);
    Report::Judged(found.into_judgement())
}

/// What cannot have happened, or was the instrument's to do and was not done.
fn defects(case: &Case, history: &ControlHistory) -> Vec<String> {
    let planned = &case.control.steps;
    if history.steps.is_empty() || history.steps.len() > planned.len() {
        return vec![format!("{} of {} steps are on record", history.steps.len(), planned.len())];
    }
    let mut defects = Vec::new();
    let last = history.steps.len() - 1;
    for (index, times) in history.steps.iter().enumerate() {
        let name = format!("step {} ({})", index + 1, planned[index].name());
        match times.ended_ns {
            Some(ended_ns) if ended_ns < times.began_ns => {
                defects.push(format!("{name} ended before it began"));
            }
            None if index < last => defects.push(format!("{name} has no end, and others followed")),
            None if is_instruments(&planned[index]) => {
                defects.push(format!("{name} was not obeyed within its limit"));
            }
            _ => {}
        }
    }
    if last + 1 < planned.len() && history.steps[last].ended_ns.is_some() {
        defects.push("the steps stopped without a cause".to_owned());
    }
    defects
}

/// Whether a step asks nothing of the control plane: that it was not done proves nothing of it.
fn is_instruments(step: &Step) -> bool {
    matches!(
        step,
        Step::Assign { .. }
            | Step::Hold { .. }
            | Step::Release { .. }
            | Step::Say { .. }
            | Step::Kill { .. }
            | Step::Freeze { .. }
            | Step::Thaw { .. }
    )
}
