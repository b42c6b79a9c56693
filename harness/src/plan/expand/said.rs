//! What publishers' and subscribers' tables share: groups, names, and values both may name.

use std::collections::HashSet;
use std::ops::Range;

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::{EventKind, Priority};

use super::super::chaos::Chaos;
use super::super::control::Control;
use super::super::limits::MAX_ROLES;
use super::super::{Bus, Case, Deployment, Topology, TrialKind};
use crate::scenario::{At, Table};

/// A topology, and the names its groups were given.
#[derive(Default)]
pub(super) struct Said {
    pub(super) topology: Topology,
    pub(super) control: Control,
    pub(super) chaos: Chaos,
    pub(super) publisher_groups: Vec<(String, Range<usize>)>,
    pub(super) subscriber_groups: Vec<(String, Range<usize>)>,
}

/// The name of a table and those of its members: `p` alone, or `p0`, `p1`, … with a `count`. None of
/// them is that of an earlier group or of one of its `members`.
pub(super) fn read_names<'n>(
    table: &Table<'_>,
    what: &str,
    taken: &'n [(String, Range<usize>)],
    members: impl Iterator<Item = &'n str>,
) -> (String, Vec<String>) {
    let read = |at: &At<'_>| {
        let name = at.scalar()?;
        if name.is_empty()
            || !name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        {
            at.refuse(format!("name {name:?}"), "expected a-z, 0-9, `-` and `_`");
            return None;
        }
        Some(name)
    };
    let name = table.required("name", read).unwrap_or_default();
    let most = i64::try_from(MAX_ROLES).expect("the limit is small");
    let count: Option<usize> = table.optional("count", |at| at.integer(1..most + 1));
    let others = taken.last().map_or(0, |(_, range)| range.end);
    if others + count.unwrap_or(1) > MAX_ROLES {
        let title = format!("{} {what} in all", others + count.unwrap_or(1));
        table.reader().problem(table.span(), title, format!("a case has at most {MAX_ROLES}"));
        // Nobody is added: a file of such groups would fill the memory before it is refused.
        return (name, Vec::new());
    }
    let names = match count {
        Some(count) => (0..count).map(|index| format!("{name}{index}")).collect(),
        None => vec![name.clone()],
    };
    let known: HashSet<&str> =
        members.chain(taken.iter().map(|(group, _)| group.as_str())).collect();
    // The name itself may be that of a member of an earlier group.
    let twice = std::iter::once(&name).chain(&names).find(|name| known.contains(name.as_str()));
    if let (Some(twice), Some(span)) = (twice, table.key_span("name")) {
        let title = format!("name `{twice}` twice");
        table.reader().problem(
            &span,
            title,
            "names are unique on each side, members of groups too",
        );
    }
    (name, names)
}

/// Refuses a key that only makes sense where figures are what a trial is for.
pub(super) fn measured_only(table: &Table<'_>, key: &str, trial: TrialKind) {
    if let (Some(span), false) = (table.key_span(key), trial.is_performance()) {
        let title = format!("`{key}` in a scenario that measures nothing");
        let label = "it needs `kind = \"saturation\"` or `kind = \"paced\"`";
        table.reader().problem(&span, title, label);
    }
}

pub(super) fn kind(at: &At<'_>) -> Option<EventKind> {
    at.one_of(&EventKind::ALL.map(|kind| (kind.as_str(), kind)))
}

pub(super) fn role(at: &At<'_>) -> Option<Role> {
    let names = Role::ALL.map(|role| (role.to_string(), role));
    let known: Vec<(&str, Role)> = names.iter().map(|(name, role)| (&**name, *role)).collect();
    at.one_of(&known)
}

/// The buses on which a role means nothing, with the reason; those that the scenario names itself are
/// left to it.
pub(super) fn not_applicable(case: &Case) -> Vec<(Bus, String)> {
    let subscribers = &case.topology.subscribers;
    let asks = |bus: &Bus| match bus.deployment() {
        Deployment::Process => true,
        Deployment::Agent => subscribers.iter().all(|spec| spec.role == Role::Agent),
        Deployment::InProcess | Deployment::Embedded => case.topology.is_all_agents(),
    };
    let named = |bus: &Bus| case.not_applicable.iter().any(|(one, _)| one == bus);
    let others = Bus::ALL.into_iter().filter(|bus| !named(bus) && !asks(bus));
    others
        .map(|bus| (bus, "in the bus's own process nobody is asked for a role".to_owned()))
        .collect()
}

pub(super) fn priority(at: &At<'_>) -> Option<Priority> {
    at.one_of(&[
        ("low", Priority::Low),
        ("normal", Priority::Normal),
        ("high", Priority::High),
        ("critical", Priority::Critical),
    ])
}

pub(super) fn pid(at: &At<'_>) -> Option<u32> {
    at.integer(0..i64::from(u32::MAX) + 1)
}
