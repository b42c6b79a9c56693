//! What a scenario asks for beside its cases: tighter gates, declared divergences.

use super::super::Bus;
use super::super::gates::Metric;
use super::super::named::{bus, ratio};
use crate::scenario::{At, Table};

/// Asked for by a scenario, the same for all its cases.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Demands {
    /// Limits that replace those of the gate table; only ever tighter.
    pub gates: Vec<(Metric, f64)>,
    /// Differences between buses that are meant to be.
    pub divergences: Vec<Divergence>,
}

/// A difference between buses that is known, reasoned and dated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// `V1` to `V10`, or a name of its own.
    pub id: String,
    /// The contract number it departs from.
    pub rule: String,
    /// The bus that departs.
    pub bus: Bus,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day it is accepted, `2027-12-31`.
    pub until: String,
    /// Whether it must show in every run.
    pub observe: Observe,
}

/// How often a divergence shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observe {
    /// In every run; a run without it fails.
    Always,
    /// Not in every run.
    May,
}

pub(super) fn read(root: &Table<'_>) -> Demands {
    Demands { gates: gates(root), divergences: divergences(root) }
}

fn gates(root: &Table<'_>) -> Vec<(Metric, f64)> {
    let Some(table) = root.table("gate", "gate") else { return Vec::new() };
    let read = |metric: Metric| {
        let table = table.table(metric.as_str(), "gate.METRIC")?;
        let limit = table.required("limit", ratio);
        table.finish();
        Some((metric, limit?))
    };
    let gates = Metric::ALL.into_iter().filter_map(read).collect();
    table.finish();
    gates
}

fn divergences(root: &Table<'_>) -> Vec<Divergence> {
    let read = |table: Table<'_>| {
        let divergence = Divergence {
            id: table.required("id", At::text)?,
            rule: table.required("rule", At::text)?,
            bus: table.required("bus", bus)?,
            reason: table.required("reason", At::text)?,
            owner: table.required("owner", At::text)?,
            until: table.required("until", date)?,
            observe: table.or("observe", r#""always""#, |at| {
                at.one_of(&[("always", Observe::Always), ("may", Observe::May)])
            }),
        };
        table.finish();
        Some(divergence)
    };
    root.tables("divergence", "divergence").into_iter().filter_map(read).collect()
}

fn date(at: &At<'_>) -> Option<String> {
    let text = at.text()?;
    let parts: Vec<Option<u32>> = text.split('-').map(|part| part.parse().ok()).collect();
    if let [Some(2000..=9999), Some(1..=12), Some(1..=31)] = parts[..] {
        return Some(text);
    }
    at.refuse(format!("`until` is {text:?}"), "expected a day such as \"2027-12-31\"");
    None
}
