//! Configuration: validated, applied whole or not at all, versioned, restored.
//!
//! Held against a model that knows the members' keys and replays what they were told.

use std::collections::{BTreeMap, BTreeSet};

use super::seen::Seen;
use crate::check::found::Found;
use crate::check::report::Check;
use crate::plan::control::{Change, Step, Update};
use crate::record::{ConfigTold, Fact, Noter};

/// Keys a member has that are in force at once.
const HOT: [&str; 2] = ["batch-size", "depth"];
/// Keys it has that wait for a restart.
const RESTART: [&str; 1] = ["threads"];

type Values = BTreeMap<String, String>;

pub(super) fn check(seen: &Seen<'_>, found: &mut Found<'_>) {
    let mut models: BTreeMap<usize, Model> = BTreeMap::new();
    for (index, step, times) in seen.steps() {
        let Step::Configure { member, update } = step else { continue };
        let model = models.entry(*member).or_insert_with(Model::new);
        let wanted = model.update(update);
        let what = format!("step {}: {} of {}", index + 1, word(update), seen.name(*member));
        let told = seen.during(times, Noter::Desk).find_map(|noted| match &noted.fact {
            Fact::Configured { outcome } => Some(outcome),
            _ => None,
        });
        let holds = match (told, &wanted) {
            (Some(Ok(told)), Some(wanted)) => told == wanted,
            (Some(Err(_)), None) => true,
            _ => false,
        };
        found.holds(Check::Configuration, holds, || match (told, &wanted) {
            (None, _) => format!("{what} had no answer"),
            (Some(told), None) => format!("{what} should have been refused, and came to {told:?}"),
            (Some(told), Some(wanted)) => format!("{what} came to {told:?}, not to {wanted:?}"),
        });
        let in_force = seen.during(times, Noter::Desk).find_map(|noted| match &noted.fact {
            Fact::InForce { values } => Some(values.iter().cloned().collect::<Values>()),
            _ => None,
        });
        let holds = in_force.as_ref() == Some(&model.values);
        found.holds(Check::Configuration, holds, || {
            format!("{what} left {in_force:?} behind, not {:?}", model.values)
        });
    }
}

fn word(update: &Update) -> &'static str {
    match update {
        Update::Validate(_) => "validation",
        Update::Apply(_) => "change",
        Update::Rollback { .. } => "rollback",
    }
}

/// A configuration, and every version it had.
struct Model {
    values: Values,
    versions: Vec<Values>,
}

impl Model {
    /// Version 1 has no values.
    fn new() -> Self {
        Self { values: Values::new(), versions: vec![Values::new()] }
    }

    fn version(&self) -> u64 {
        self.versions.len() as u64
    }

    /// What an update comes to; `None` when it must be refused.
    fn update(&mut self, update: &Update) -> Option<ConfigTold> {
        let (values, is_kept) = match update {
            Update::Validate(change) => (self.changed(change)?, false),
            Update::Apply(change) => (self.changed(change)?, true),
            Update::Rollback { to } => {
                let index = usize::try_from(to.checked_sub(1)?).ok()?;
                (self.versions.get(index)?.clone(), true)
            }
        };
        let keys: BTreeSet<&String> = self.values.keys().chain(values.keys()).collect();
        let differs = |key: &&String| self.values.get(*key) != values.get(*key);
        let keys: Vec<String> = keys.into_iter().filter(differs).cloned().collect();
        let (hot, restart) = keys.into_iter().partition(|key| HOT.contains(&key.as_str()));
        if is_kept && values != self.values {
            self.versions.push(values.clone());
            self.values = values;
        }
        Some(ConfigTold { version: self.version(), hot, restart })
    }

    /// The values with these changes; `None` when one of them cannot be.
    fn changed(&self, change: &Change) -> Option<Values> {
        if change.base.is_some_and(|base| base != self.version()) {
            return None;
        }
        let mut values = self.values.clone();
        for (key, value) in &change.set {
            let is_known = HOT.contains(&key.as_str()) || RESTART.contains(&key.as_str());
            let is_number = value.parse::<u32>().is_ok_and(|number| (1..=1000).contains(&number));
            if !(is_known && is_number) {
                return None;
            }
            values.insert(key.clone(), value.clone());
        }
        Some(values)
    }
}
