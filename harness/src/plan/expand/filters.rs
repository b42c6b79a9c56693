//! Claims about filters that no subscriber has: nothing could ever exercise them.

use std::ops::Range;

use daemoneye_eventbus::EventSubscription;

use super::super::{Case, Claim, TrialKind};
use crate::scenario::{Scenario, Table, Value};

/// Refuses what the topology leaves no way to show. Where something else is wrong, a filter may be missing
/// for that alone.
pub(super) fn check(root: &Table<'_>, scenario: &Scenario, case: &Case) {
    if case.kind != TrialKind::Behaviour || root.reader().problems_so_far() > 0 {
        return;
    }
    for claim in &case.claims {
        let Some(key) = asked_for(*claim) else { continue };
        if !case.topology.subscribers.iter().any(|spec| has(&spec.subscription, *claim)) {
            let title = format!("{} without a subscriber that has `{key}`", claim.as_str());
            let label = "nothing here can show it: say the key, or leave the number out";
            root.reader().problem(&place(scenario, *claim), title, label);
        }
    }
}

/// The key of a subscriber that a number is about.
fn asked_for(claim: Claim) -> Option<&'static str> {
    match claim {
        Claim::M2 => Some("wildcards = false"),
        Claim::M3 => Some("event-filter"),
        Claim::M4 => Some("topic-filter"),
        Claim::M5 => Some("correlation-filter"),
        _ => None,
    }
}

fn has(asked: &EventSubscription, claim: Claim) -> bool {
    match claim {
        Claim::M2 => !asked.enable_wildcards,
        Claim::M3 => asked.event_filter.is_some(),
        Claim::M4 => asked.topic_filter.is_some(),
        Claim::M5 => asked.correlation_filter.is_some(),
        _ => true,
    }
}

/// Where the number stands in its list.
fn place(scenario: &Scenario, claim: Claim) -> Range<usize> {
    let Some(list) = scenario.root.inside(&["claims"]) else { return 0..0 };
    let Value::Array(items) = &list.value else { return list.span.clone() };
    let is_own = |value: &Value| matches!(value, Value::Text(text) if text == claim.as_str());
    items.iter().find(|item| is_own(&item.value)).unwrap_or(list).span.clone()
}
