//! Cases of the control plane: `[[topology.member]]`, `[[topology.caller]]` and `[[step]]`.

mod course;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use daemoneye_eventbus::acl::{CollectorKind, Role};
use daemoneye_eventbus::{Topic, TopicPattern};

use super::super::control::{
    Callers, Change, Control, DESK, Health, Member, Overreach, Proof, Step, Strategy, Update,
};
use super::super::limits::{MAX_CALLS, MAX_HEARTBEAT_MS, MAX_ROLES, MAX_TRIAL_STEPS, MAX_WAIT_MS};
use super::super::{Bus, Case, Deployment, Topology, TrialKind};
use super::said::read_names;
use super::untold;
use crate::scenario::{At, Table};
use course::Course;

/// Heartbeats of a case that does not say how often: three missed are noticed within a second.
const DEFAULT_HEARTBEAT: &str = r#""250ms""#;
/// Shortest heartbeat, milliseconds: a busy host keeps a process from its core for about as long.
const LEAST_HEARTBEAT_MS: u64 = 50;
/// Longest name of a member or a group of callers, bytes: with a number it is one level of a topic.
const MAX_NAME_BYTES: usize = 32;
/// Workflows a desk keeps that is not told how many: as many as the contract names (R6).
const DEFAULT_WORKFLOWS: &str = "1000";
/// Workflows a desk keeps, at most: ten times as many.
const MAX_WORKFLOWS: i64 = 10_000;
/// Tasks of a case, at most: each is some lines of its record.
const MAX_TASKS: i64 = 10_000;
/// Refusals of a case, at most: a broker remembers no more tokens than about twice as many.
const MAX_REFUSALS: i64 = 500;

/// Who takes part in the control plane.
pub(super) fn read_roles(topology: &Table<'_>) -> Control {
    let heartbeat_ms = topology.optional("heartbeat", heartbeat);
    let strategy = topology.optional("strategy", |at| {
        at.one_of(&[
            ("least-loaded", Strategy::LeastLoaded),
            ("round-robin", Strategy::RoundRobin),
            ("first-available", Strategy::FirstAvailable),
        ])
    });
    let workflows = |at: &At<'_>| at.integer(1..MAX_WORKFLOWS + 1);
    let workflow_limit = topology.optional("workflows", workflows);
    let mut control = Control { strategy: strategy.unwrap_or_default(), ..Control::default() };
    let mut groups = Vec::new();
    for table in topology.tables("member", "topology.member") {
        read_members(table, &mut control, &mut groups);
    }
    for table in topology.tables("caller", "topology.caller") {
        control.callers.push(read_callers(table));
    }
    if !control.members.is_empty() {
        control.heartbeat_ms =
            heartbeat_ms.unwrap_or_else(|| topology.or("heartbeat", DEFAULT_HEARTBEAT, heartbeat));
    }
    if !control.members.is_empty() {
        control.workflow_limit = workflow_limit
            .unwrap_or_else(|| topology.or("workflows", DEFAULT_WORKFLOWS, workflows));
    }
    unique(topology, &control);
    control
}

fn heartbeat(at: &At<'_>) -> Option<u64> {
    let ms = at.duration_ms_up_to(MAX_HEARTBEAT_MS, "a heartbeat takes")?;
    if ms < LEAST_HEARTBEAT_MS {
        at.refuse(format!("a heartbeat of {ms} ms"), format!("at least {LEAST_HEARTBEAT_MS} ms"));
        return None;
    }
    Some(ms)
}

fn read_members(
    table: Table<'_>,
    control: &mut Control,
    groups: &mut Vec<(String, std::ops::Range<usize>)>,
) {
    let known = control.members.iter().map(|member| member.name.as_str());
    let (name, names) = read_names(&table, "members", groups, known);
    let task_limit = table.or("task-limit", "4", |at| at.integer(1..1025));
    let first = control.members.len();
    let role = Role::Collector(CollectorKind::Process);
    control.members.extend(names.into_iter().map(|name| Member { name, role, task_limit }));
    groups.push((name, first..control.members.len()));
    table.finish();
}

fn read_callers(table: Table<'_>) -> Callers {
    let (name, _) = read_names(&table, "callers", &[], std::iter::empty());
    let most = i64::try_from(MAX_ROLES).expect("the limit is small");
    let count = table.optional("count", |at| at.integer(1..most + 1)).unwrap_or(1);
    table.finish();
    Callers { name, count }
}

/// Everybody has a name of their own on the bus, short enough for the address of a reply.
fn unique(topology: &Table<'_>, control: &Control) {
    let members = control.members.iter().map(|member| member.name.clone());
    let callers = control.callers.iter().flat_map(Callers::names);
    let mut known = BTreeSet::from([DESK.to_owned()]);
    for name in members.chain(callers) {
        if name.len() > MAX_NAME_BYTES {
            let label = format!("at most {MAX_NAME_BYTES} bytes, numbers included");
            topology.reader().problem(topology.span(), format!("name `{name}`"), label);
        }
        if !known.insert(name.clone()) {
            let label = format!("members and callers have names of their own, and so has `{DESK}`");
            topology.reader().problem(topology.span(), format!("name `{name}` twice"), label);
        }
    }
}

/// What happens, in order; and refuses what only one kind of scenario has in another.
pub(super) fn read_steps(
    root: &Table<'_>,
    topology: &Topology,
    mut control: Control,
    kind: TrialKind,
) -> Control {
    let tables = root.tables("step", "step");
    belongs(root, topology, &control, kind, tables.len());
    let (mut budget, mut course) =
        (Budget::default(), Course::new(&control, topology.bus.connection_limit));
    for table in tables {
        let step = read_step(&table, &control);
        if let Some(step) = step {
            budget.add(&table, &step, &control);
            course.take(&table, &step, &control);
            control.steps.push(step);
        }
        table.finish();
    }
    control
}

/// A scenario is of the control plane wholly or not at all.
fn belongs(
    root: &Table<'_>,
    topology: &Topology,
    control: &Control,
    kind: TrialKind,
    steps: usize,
) {
    let refuse = |key: &str, title: &str, label: &str| {
        root.reader().problem(&root.key_span(key).unwrap_or_default(), title, label);
    };
    let has_roles = !(control.members.is_empty() && control.callers.is_empty());
    if kind != TrialKind::Control {
        if has_roles || steps > 0 {
            let label = "members, callers and steps are of `kind = \"control\"`";
            refuse("kind", "a control plane in another kind of scenario", label);
        }
        return;
    }
    if control.members.is_empty() || steps == 0 {
        let label = "it needs a `[[topology.member]]` and a `[[step]]`";
        refuse("kind", "a control plane in which nothing is done", label);
    }
    if !(topology.publishers.is_empty() && topology.subscribers.is_empty()) {
        let label = "it has members and callers instead";
        refuse("topology", "publishers or subscribers with `kind = \"control\"`", label);
    }
    if root.key_span("phase").is_some() {
        refuse("phase", "`phase` with `kind = \"control\"`", "write `[[step]]`");
    }
    if root.key_span("expect").is_some() {
        refuse("expect", "`expect` with `kind = \"control\"`", "steps say what must come out");
    }
}

/// What all steps together ask for.
#[derive(Default)]
struct Budget {
    steps: usize,
    calls: u64,
    tasks: u64,
    refusals: u64,
}

impl Budget {
    fn add(&mut self, table: &Table<'_>, step: &Step, control: &Control) {
        self.steps += 1;
        let callers: u64 = control.callers.iter().map(|group| group.count as u64).sum();
        match step {
            Step::Call { rounds, .. } => self.calls += rounds * callers,
            Step::Assign { tasks } => self.tasks += tasks,
            Step::Impersonate { times, .. } => self.refusals += times * callers,
            Step::Overstep { times, .. } => self.refusals += times,
            _ => {}
        }
        let most_tasks = u64::try_from(MAX_TASKS).expect("the limit is small");
        let most_refusals = u64::try_from(MAX_REFUSALS).expect("the limit is small");
        if self.steps > MAX_TRIAL_STEPS
            || self.calls > MAX_CALLS
            || self.tasks > most_tasks
            || self.refusals > most_refusals
        {
            let label = format!(
                "at most {MAX_TRIAL_STEPS} steps, {MAX_CALLS} calls, {MAX_TASKS} tasks and \
                 {MAX_REFUSALS} refusals"
            );
            table.reader().problem(table.span(), "more than a trial may have", label);
        }
    }
}

/// Steps by name, to be filled in.
const STEPS: [&str; 17] = [
    "call",
    "assign",
    "await-results",
    "await-begun",
    "hold",
    "release",
    "kill",
    "freeze",
    "thaw",
    "say",
    "await-health",
    "ask-health",
    "configure",
    "gather",
    "tell-workflows",
    "impersonate",
    "overstep",
];

fn read_step(table: &Table<'_>, control: &Control) -> Option<Step> {
    let said = table.required("do", |at| at.one_of(&STEPS.map(|name| (name, name))))?;
    let keys = keys_of(said);
    refuse_others(table, said, keys);
    // Known, though a mistake before them may keep them from being read.
    for key in keys {
        drop(table.get(key));
    }
    let member = || table.required("member", |at| member(at, control));
    Some(match said {
        "call" => Step::Call {
            member: member()?,
            rounds: table.or("rounds", "1", |at| at.integer(1..1001)),
            together: table.or("together", "1", |at| at.integer(1..1001)),
        },
        "assign" => Step::Assign { tasks: table.required("tasks", tasks)? },
        "await-results" => Step::AwaitResults,
        "await-begun" => {
            Step::AwaitBegun { member: member()?, tasks: table.required("tasks", tasks)? }
        }
        "hold" => Step::Hold { member: member()? },
        "release" => Step::Release { member: member()? },
        "kill" => Step::Kill { member: member()? },
        "freeze" => Step::Freeze { member: member()? },
        "thaw" => Step::Thaw { member: member()? },
        "say" => Step::Say { member: member()?, health: table.required("is", health)? },
        "await-health" => {
            Step::AwaitHealth { member: member()?, health: table.required("is", health)? }
        }
        "ask-health" => Step::AskHealth { overall: table.required("is", health)? },
        "configure" => Step::Configure { member: member()?, update: read_update(table)? },
        "gather" => Step::Gather {
            within_ms: table
                .required("within", |at| at.duration_ms_up_to(MAX_WAIT_MS, "a gathering waits"))?,
        },
        "impersonate" => Step::Impersonate {
            member: member()?,
            with: table.required("with", proof)?,
            times: table.or("times", "1", times),
        },
        "overstep" => Step::Overstep {
            member: member()?,
            wanted: read_overreach(table)?,
            times: table.or("times", "1", times),
        },
        _ => Step::TellWorkflows,
    })
}

/// The keys a step may have beside `do`.
fn keys_of(step: &str) -> &'static [&'static str] {
    match step {
        "call" => &["member", "rounds", "together"],
        "assign" => &["tasks"],
        "await-begun" => &["member", "tasks"],
        "hold" | "release" | "kill" | "freeze" | "thaw" => &["member"],
        "say" | "await-health" => &["member", "is"],
        "ask-health" => &["is"],
        "configure" => &["member", "update", "base", "set", "to"],
        "gather" => &["within"],
        "impersonate" => &["member", "with", "times"],
        "overstep" => &["member", "publish", "subscribe", "times"],
        _ => &[],
    }
}

/// A key that means nothing to this step is a mistake, though another step has it.
fn refuse_others(table: &Table<'_>, step: &str, keys: &[&str]) {
    const ALL: [&str; 14] = [
        "member",
        "rounds",
        "together",
        "tasks",
        "is",
        "update",
        "base",
        "set",
        "to",
        "within",
        "with",
        "times",
        "publish",
        "subscribe",
    ];
    for key in ALL.iter().filter(|key| !keys.contains(key)) {
        if let Some(at) = table.get(key) {
            at.refuse(format!("`{key}` in a step that does `{step}`"), "it means nothing here");
        }
    }
}

fn read_update(table: &Table<'_>) -> Option<Update> {
    let said = table.required("update", |at| {
        at.one_of(&[("validate", "validate"), ("apply", "apply"), ("rollback", "rollback")])
    })?;
    if said == "rollback" {
        return Some(Update::Rollback { to: table.required("to", At::count)? });
    }
    let base = table.optional("base", At::count);
    let change = Change { base, set: table.required("set", At::pairs)? };
    Some(if said == "validate" { Update::Validate(change) } else { Update::Apply(change) })
}

/// What a member asks for: one thing, that could be asked for by somebody else.
fn read_overreach(table: &Table<'_>) -> Option<Overreach> {
    let topic = table.optional("publish", |at| {
        let text = at.text()?;
        if untold::is_reply(&text) {
            at.refuse(untold::REPLIES.0, untold::REPLIES.1);
            return None;
        }
        parsed::<Topic, _>(at, text, "topic")
    });
    let pattern = table.optional("subscribe", |at| {
        let text = at.text()?;
        parsed::<TopicPattern, _>(at, text, "pattern")
    });
    let is_one = table.key_span("publish").is_some() != table.key_span("subscribe").is_some();
    if !is_one {
        let label = "write `publish` with a topic, or `subscribe` with a pattern";
        table.reader().problem(table.span(), "what it asks for must be said once", label);
    }
    topic.map(Overreach::Publish).or(pattern.map(Overreach::Subscribe)).filter(|_| is_one)
}

/// A text that is one of these to a bus too.
fn parsed<T, E>(at: &At<'_>, text: String, what: &str) -> Option<String>
where
    T: FromStr<Err = E>,
    E: Display,
{
    match text.parse::<T>() {
        Ok(_) => Some(text),
        Err(cause) => {
            at.refuse(format!("{what} {text:?}"), cause.to_string());
            None
        }
    }
}

fn proof(at: &At<'_>) -> Option<Proof> {
    at.one_of(&Proof::ALL.map(|proof| (proof.as_str(), proof)))
}

fn times(at: &At<'_>) -> Option<u64> {
    at.integer(1..MAX_REFUSALS + 1)
}

fn member(at: &At<'_>, control: &Control) -> Option<usize> {
    let names: Vec<(&str, usize)> = control
        .members
        .iter()
        .enumerate()
        .map(|(index, member)| (member.name.as_str(), index))
        .collect();
    if names.is_empty() {
        // That there are none was told where they are missing.
        return None;
    }
    at.one_of(&names)
}

fn tasks(at: &At<'_>) -> Option<u64> {
    at.integer(1..MAX_TASKS + 1)
}

fn health(at: &At<'_>) -> Option<Health> {
    at.one_of(&Health::ALL.map(|health| (health.as_str(), health)))
}

/// The buses on which such a case means nothing, with the reason; those that the scenario names
/// itself are left to it.
pub(super) fn not_applicable(case: &Case) -> Vec<(Bus, String)> {
    if case.kind != TrialKind::Control {
        return Vec::new();
    }
    let befalls =
        |step: &Step| matches!(step, Step::Kill { .. } | Step::Freeze { .. } | Step::Thaw { .. });
    let has_faults = case.control.steps.iter().any(befalls);
    let why = |bus: Bus| match bus.deployment() {
        Deployment::InProcess => Some("its handles have no names, by which members are known"),
        Deployment::Embedded if has_faults => Some("a member has no process of its own there"),
        Deployment::Embedded if case.control.has_refusals() => {
            Some("nobody is asked there who it is")
        }
        _ if has_faults && !cfg!(unix) => Some("this system has no signals"),
        _ => None,
    };
    let named = |bus: &Bus| case.not_applicable.iter().any(|(one, _)| one == bus);
    let others = Bus::ALL.into_iter().filter(|bus| !named(bus));
    others.filter_map(|bus| Some((bus, why(bus)?.to_owned()))).collect()
}
