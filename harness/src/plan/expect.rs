//! What must come out of a case, beyond what the contract demands anyway. Exact, no timing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Bus;

/// Expected counts; names are those of publishers and subscribers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// On every bus.
    pub always: Expected,
    /// On one bus instead of `always`, value by value.
    pub per_bus: BTreeMap<Bus, Expected>,
}

/// Counts of one run, fences left out. A missing name expects nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Publisher → accepted publishes, at least and at most.
    pub accepted: BTreeMap<String, (u64, u64)>,
    /// Subscriber → received events, at least and at most.
    pub received: BTreeMap<String, (u64, u64)>,
    /// Subscriber → lost events as `lagged()` tells, at least and at most.
    pub lagged: BTreeMap<String, (u64, u64)>,
    /// Publisher → code of the error its last publish ended with.
    pub refused: BTreeMap<String, String>,
}

impl Expectation {
    /// What is expected on a bus.
    pub fn on(&self, bus: Bus) -> Expected {
        let mut expected = self.always.clone();
        if let Some(own) = self.per_bus.get(&bus) {
            expected.accepted.extend(own.accepted.clone());
            expected.received.extend(own.received.clone());
            expected.lagged.extend(own.lagged.clone());
            expected.refused.extend(own.refused.clone());
        }
        expected
    }
}
