//! What a scenario asks for beside what happens: tighter gates, declared divergences.

use super::super::gates::Metric;
use super::super::named::{bus, ratio};
use super::super::{Bus, Day, Divergence, Observe, TrialKind, claims};
use crate::scenario::{At, Table, listed};

/// Asked for by a scenario, the same for all its cases.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Demands {
    /// Limits that replace those of the gate table; only ever tighter.
    pub gates: Vec<(Metric, f64)>,
}

/// `kind` is `None` where it was refused: then nothing can be said about what it measures.
pub(super) fn read(root: &Table<'_>, kind: Option<TrialKind>) -> Demands {
    Demands { gates: gates(root, kind) }
}

/// Tighter limits. One that nothing of this scenario could be held to is refused: it would promise
/// what nobody looks at.
fn gates(root: &Table<'_>, kind: Option<TrialKind>) -> Vec<(Metric, f64)> {
    let Some(table) = root.table("gate", "gate") else { return Vec::new() };
    let is_curve = root.key_span("curve").is_some();
    let read = |metric: Metric| {
        let own = table.table(metric.as_str(), "gate.METRIC")?;
        let limit = own.required("limit", ratio);
        own.finish();
        let span = table.key_span(metric.as_str()).unwrap_or_default();
        if let Some((title, label)) = kind.and_then(|kind| ungated(metric, kind, is_curve)) {
            table.reader().problem(&span, title, label);
        }
        Some((metric, limit?))
    };
    let gates = Metric::ALL.into_iter().filter_map(read).collect();
    table.finish();
    gates
}

/// Why a metric has no gate in a scenario of this kind, and what to write.
fn ungated(metric: Metric, kind: TrialKind, is_curve: bool) -> Option<(String, String)> {
    let name = metric.as_str();
    if !metric.is_judged_by(kind) {
        let judges = TrialKind::ALL.into_iter().filter(|kind| metric.is_judged_by(*kind));
        let label = format!("only kind {} measures it", listed(judges.map(TrialKind::as_str)));
        return Some((format!("`gate.{name}` in a scenario of kind `{}`", kind.as_str()), label));
    }
    let label = "the points of a curve are judged together, and not by gates".to_owned();
    is_curve.then(|| (format!("`gate.{name}` of a curve"), label))
}

/// Brokers of others to be measured beside ours.
pub(super) fn beside(root: &Table<'_>, kind: TrialKind) -> Vec<Bus> {
    let peer = |at: &At<'_>| at.one_of(&Bus::PEERS.map(|bus| (bus.as_str(), bus)));
    let peers = root.optional("beside", |at| at.list(peer)).unwrap_or_default();
    if let (false, Some(span)) = (kind.is_performance(), root.key_span("beside")) {
        let label = "only `saturation` and `paced` are measured beside brokers of others";
        root.reader().problem(&span, "`beside` in a scenario that measures nothing", label);
    }
    peers
}

/// Departures the scenario declares; one that no check of its kind could find is refused.
pub(super) fn divergences(root: &Table<'_>, kind: TrialKind) -> Vec<Divergence> {
    let mut declared: Vec<Divergence> = Vec::new();
    for table in root.tables("divergence", "divergence") {
        declared.extend(divergence(&table, kind, &declared));
        table.finish();
    }
    declared
}

fn divergence(table: &Table<'_>, kind: TrialKind, before: &[Divergence]) -> Option<Divergence> {
    // All of it is read before any of it is given up: every mistake is told.
    let bus = table.required("bus", bus);
    let id = table.required("id", At::text);
    let rule = table.required("rule", |at| {
        let rule = rule(at, kind)?;
        // Whatever breaks the rule there could be either; nobody could say which.
        let is_other = |other: &Divergence| Some(other.bus) == bus && other.rule == rule;
        if before.iter().any(is_other) {
            at.refuse(
                format!("{rule} on {} is declared twice", bus.map_or("this bus", Bus::as_str)),
                "one divergence for each number and bus; name both reasons in it",
            );
            return None;
        }
        Some(rule)
    });
    let reason = table.required("reason", At::text);
    let owner = table.required("owner", At::text);
    let until = table.required("until", Day::at);
    let observe = table.or("observe", r#""always""#, |at| {
        at.one_of(&Observe::ALL.map(|observe| (observe.as_str(), observe)))
    });
    let (bus, id, rule) = (bus?, id?, rule?);
    Some(Divergence { id, rule, bus, reason: reason?, owner: owner?, until: until?, observe })
}

fn rule(at: &At<'_>, kind: TrialKind) -> Option<String> {
    let rule = at.text()?;
    let found = claims::reported(kind);
    if found.iter().any(|claim| claim.as_str() == rule) {
        return Some(rule);
    }
    let wanted = match found {
        [] => "a performance trial judges no rule".to_owned(),
        found => format!("expected one of {}", claims::listed(found)),
    };
    at.refuse(format!("no check of this kind reports {rule:?}"), wanted);
    None
}
