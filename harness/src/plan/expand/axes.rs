//! Axes that change nothing: each of their values would be the same case once more.

use crate::scenario::{Node, Problem, Scenario, Value};

/// Keys in which a name is said, or told to people, and changes nothing.
const CHANGES_NOTHING: [&str; 4] = ["matrix", "values", "profile", "summary"];

/// A problem for each axis of several values that no value of the file is written with.
pub(super) fn unused(scenario: &Scenario) -> Vec<Problem> {
    let Value::Table(entries) = &scenario.root.value else { return Vec::new() };
    let is_written = |name: &str| {
        let written = format!("${{{name}}}");
        let mut telling =
            entries.iter().filter(|entry| !CHANGES_NOTHING.contains(&entry.key.as_str()));
        telling.any(|entry| is_in(&written, &entry.node))
    };
    let idle = scenario.axes.iter().filter(|axis| axis.values.len() > 1 && !is_written(&axis.name));
    let problem = |name: &str| {
        let span = scenario.span_of(&["matrix", name]).unwrap_or_default();
        let title = format!("no value is written with `${{{name}}}`");
        let label = "each of these would be the same case again; write it, or leave the axis out";
        Problem::new(&span, title, label)
    };
    idle.map(|axis| problem(&axis.name)).collect()
}

fn is_in(written: &str, node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => text.contains(written),
        Value::Array(items) => items.iter().any(|item| is_in(written, item)),
        Value::Table(entries) => entries.iter().any(|entry| is_in(written, &entry.node)),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Broken => false,
    }
}
