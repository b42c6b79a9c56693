//! What only the whole case shows to be too much: processes, time against its budget, roles over
//! all points. `limits` has the numbers.

use std::ops::Range;

use super::super::limits::{
    DEFAULT_BUDGET_MS, MAX_BUDGET_MS, MAX_SCENARIO_ROLES, MAX_TRIAL_PROCESSES,
};
use super::super::{Bus, Case, TrialKind};
use crate::scenario::{Problem, Scenario, Table, Value, shown_ms};

/// `[budget]`, or the default.
pub(super) fn budget_ms(root: &Table<'_>) -> u64 {
    let Some(table) = root.table("budget", "budget") else {
        root.tell_default("budget.time", format!("{:?}", shown_ms(DEFAULT_BUDGET_MS)));
        return DEFAULT_BUDGET_MS;
    };
    let time = table.required("time", |at| at.duration_ms_up_to(MAX_BUDGET_MS, "a trial takes"));
    table.finish();
    time.unwrap_or(DEFAULT_BUDGET_MS)
}

/// Refuses a case with more processes than a host should bear, or longer than its budget.
pub(super) fn check(root: &Table<'_>, case: &Case) {
    let applies = |bus: &Bus| case.not_applicable.iter().all(|(one, _)| one != bus);
    let most = Bus::ALL.into_iter().filter(applies).max_by_key(|bus| case.processes_on(*bus));
    if let Some(bus) = most
        && case.processes_on(bus) > MAX_TRIAL_PROCESSES
    {
        let title = format!("{} processes on `{}`", case.processes_on(bus), bus.as_str());
        let label = format!(
            "a trial has at most {MAX_TRIAL_PROCESSES}; `[not-applicable]` leaves a bus out"
        );
        root.reader().problem(&of_most(root, case), title, label);
    }
    let planned = case.planned_ms();
    if planned > case.budget_ms {
        let (what, key) = match case.kind {
            TrialKind::Chaos => ("sources", "topology"),
            _ => ("phases", "phase"),
        };
        let said = root.key_span("budget").or_else(|| root.key_span(key));
        let title = format!("the {what} alone take {planned} ms");
        let is_paced = case.topology.subscribers.iter().any(|spec| spec.pace_per_s.is_some());
        let why = if is_paced { "; a `pace` counts" } else { "" };
        let label = format!("the budget of a trial is {} ms here{why}", case.budget_ms);
        root.reader().problem(&said.unwrap_or_default(), title, label);
    }
}

/// Where those stand that most processes are for.
fn of_most(root: &Table<'_>, case: &Case) -> Range<usize> {
    let roles = [
        ("caller", case.control.callers.len()),
        ("member", case.control.members.len()),
        ("publisher", case.topology.publishers.len()),
        ("subscriber", case.topology.subscribers.len()),
    ];
    let most = roles.into_iter().max_by_key(|(_, number)| *number).map(|(key, _)| key);
    let topology = root.table("topology", "topology");
    let place = topology.zip(most).and_then(|(topology, key)| topology.key_span(key));
    place.or_else(|| root.key_span("topology")).unwrap_or_default()
}

/// Refuses a scenario whose points together have more roles than are laid out at once.
pub(super) fn too_many_roles(scenario: &Scenario, roles: usize) -> Option<Problem> {
    let Value::Table(entries) = &scenario.root.value else { return None };
    let matrix = entries.iter().find(|entry| entry.key == "matrix");
    let span = matrix.map(|entry| entry.key_span.clone()).unwrap_or_default();
    let title = format!("{roles} publishers and subscribers over all points and profiles");
    let label = format!("a scenario has at most {MAX_SCENARIO_ROLES}");
    (roles > MAX_SCENARIO_ROLES).then(|| Problem::new(&span, title, label))
}
