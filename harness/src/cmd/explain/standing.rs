//! What is decided about a case before it is run: buses, gates, limits, declared divergences, time, and
//! the commands for it.

use super::Explained;
use super::page::Page;
use crate::cmd::command_line::{CommandLine, is_own};
use crate::gate::{Look, TRIALS_PER_BLOCK};
use crate::plan::gates::{GateCell, Metric};
use crate::plan::limits::{MAX_TRIAL_DELIVERIES, MAX_TRIAL_EVENTS, MAX_TRIAL_PROCESSES};
use crate::plan::{Bus, Case, Count, Publish, Rate, TrialKind};
use crate::report::counted;
use crate::scenario::shown_ms;

/// All of it.
pub(super) fn write(page: &mut Page, explained: &Explained<'_>) {
    let case = explained.case;
    buses(page, case);
    if case.kind.is_performance() {
        gates(page, explained);
    }
    divergences(page, case);
    limits(page, case);
    commands(page, explained);
}

/// Those it applies to in one line, each other with its reason.
fn buses(page: &mut Page, case: &Case) {
    page.heading("Buses");
    let applies: Vec<&str> =
        Bus::ALL.into_iter().filter(|bus| case.left_out(*bus).is_none()).map(Bus::as_str).collect();
    let applies = if applies.is_empty() { "none".to_owned() } else { applies.join(", ") };
    page.item("", &format!("It applies to {applies}."));
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (bus, why) in Bus::ALL.into_iter().filter_map(|bus| Some((bus, case.left_out(bus)?))) {
        add(&mut reasons, why, bus);
    }
    for (why, buses) in reasons {
        page.item("- ", &format!("not to {}: {why}", buses.join(", ")));
    }
    if !case.beside.is_empty() {
        let others: Vec<&str> = case.beside.iter().map(|bus| bus.as_str()).collect();
        page.item("", &format!("It is measured beside {}, for information.", others.join(", ")));
    }
}

/// Adds a bus to those of which the same is said.
fn add<T: PartialEq>(groups: &mut Vec<(T, Vec<&'static str>)>, said: T, bus: Bus) {
    match groups.iter_mut().find(|(known, _)| *known == said) {
        Some((_, buses)) => buses.push(bus.as_str()),
        None => groups.push((said, vec![bus.as_str()])),
    }
}

/// Each gate once, with the buses it is set for.
fn gates(page: &mut Page, explained: &Explained<'_>) {
    let Explained { case, table, .. } = explained;
    page.heading("Gates, as ratios to the baseline");
    if let Some(curve) = &case.curve {
        let told = format!(
            "None by itself: it is a point of a curve over {}, and the points are judged together.",
            curve.axis.label
        );
        page.item("", &told);
        return;
    }
    let judged = Metric::ALL.into_iter().filter(|metric| metric.is_judged_by(case.kind));
    let cells = judged.flat_map(|metric| {
        let applies = Bus::ALL.into_iter().filter(|bus| case.left_out(*bus).is_none());
        applies.filter_map(move |bus| table.cell(metric, &case.id, bus))
    });
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for cell in cells {
        add(&mut lines, gate(cell), cell.bus);
    }
    if lines.is_empty() {
        page.item("", "None covers it: what it measures is for information.");
    }
    for (told, buses) in lines {
        page.item("- ", &format!("{told}, on {}", buses.join(", ")));
    }
}

fn gate(cell: &GateCell) -> String {
    let direction = if cell.metric.more_is_better() { "at least" } else { "at most" };
    let enforced = if cell.enforced { " (a FAIL stops a change)" } else { "" };
    format!("{}: {direction} {:.2}{enforced}", cell.metric.as_str(), cell.limit)
}

fn divergences(page: &mut Page, case: &Case) {
    if case.divergences.is_empty() {
        return;
    }
    page.heading("Declared divergences");
    for one in &case.divergences {
        let told = format!(
            "{}: {} breaks {} until {}: {}; {} answers for it",
            one.id,
            one.bus.as_str(),
            one.rule,
            one.until,
            one.reason,
            one.owner
        );
        page.item("- ", &told);
    }
}

/// How much it asks for, beside the most that any case may ask for, and how long it takes.
fn limits(page: &mut Page, case: &Case) {
    page.heading("How much, and how long");
    if let Some(events) = planned_events(case) {
        let deliveries = events.saturating_mul(case.topology.subscribers.len() as u64);
        let told = format!(
            "{events} events are planned, of at most {MAX_TRIAL_EVENTS}; to every subscriber they are \
             {deliveries} deliveries, of at most {MAX_TRIAL_DELIVERIES}"
        );
        page.item("- ", &told);
    } else if !case.phases.is_empty() {
        page.item("- ", "the bus decides how many events there are, in the time that is given");
    }
    // Of several that need as many the first is named, which is ours.
    let applies = Bus::ALL.into_iter().rev().filter(|bus| case.left_out(*bus).is_none());
    if let Some(bus) = applies.max_by_key(|bus| case.processes_on(*bus)) {
        let processes = counted(case.processes_on(bus), "process", "processes");
        let told = format!("{processes} on {}, of at most {MAX_TRIAL_PROCESSES}", bus.as_str());
        page.item("- ", &told);
    }
    let planned = match case.planned_ms() {
        0 => "one trial takes as long as what it waits for".to_owned(),
        ms => format!("one trial publishes and waits for at least {} by its plan", shown_ms(ms)),
    };
    let budget = shown_ms(case.budget_ms);
    let told =
        format!("{planned}; start and tear-down come on top, and after {budget} it is stopped");
    page.item("- ", &told);
    if case.kind.is_performance() && case.curve.is_none() {
        let looks = Look::ALL.map(|look| look.blocks().to_string()).join(", ");
        let told = format!(
            "a block is {TRIALS_PER_BLOCK} trials on two buses in turn; a gate is looked at after \
             {looks} blocks, and the first look that decides ends it"
        );
        page.item("- ", &told);
    }
}

/// Events of the whole trial; `None` where only the bus or the clock ends a share.
fn planned_events(case: &Case) -> Option<u64> {
    let is_open = |share: &Publish| match share.count {
        Count::Events(_) => false,
        Count::ForMs(_) => !matches!(share.rate, Rate::PerSecond(..)),
        Count::UntilRefused => true,
    };
    let shares = || case.phases.iter().flat_map(|phase| &phase.publish);
    let is_planned = shares().next().is_some() && !shares().any(is_open);
    is_planned.then(|| shares().map(Publish::planned_events).sum())
}

fn commands(page: &mut Page, explained: &Explained<'_>) {
    let Explained { case, scenario, wanted, .. } = explained;
    let folder = wanted.folder.as_deref();
    page.heading("Commands");
    let check = CommandLine::equivalence(&["check"]).path(scenario.source.path.as_ref());
    page.verbatim(&format!("check it  {}", check.in_folder(folder)));
    let run = CommandLine::equivalence(&["--profile", wanted.profile.as_str()]);
    let run = run.option("--scenario", &case.id).in_folder(folder);
    page.verbatim(&format!("run it    {run}"));
    if !is_own(folder) {
        page.item("", "It is a test once its file lies in the project's own folder.");
    } else if case.kind.is_performance() {
        page.item("", "It is no test: a debug build beside other tests measures nothing.");
    } else {
        page.verbatim(&format!("test it   {}", CommandLine::tests_of(&case.id)));
    }
    let show = CommandLine::equivalence(&["show", &case.id, "--effective"]).in_folder(folder);
    page.verbatim(&format!("see all   {show}"));
    if case.kind == TrialKind::Behaviour {
        let shrink = CommandLine::equivalence(&["shrink", &case.id]).in_folder(folder);
        page.verbatim(&format!("shrink it {shrink}"));
    }
}
