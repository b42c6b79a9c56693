//! Declared divergences held against what was found: which violations are the declared ones, which
//! remain, and which declarations no longer hold.
//!
//! A divergence covers the violations of one rule on one bus, and nothing else; after its last day
//! it covers nothing. The day is handed in. Nothing here judges a history.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::{Judgement, Violation};
use crate::plan::{Bus, Day, Divergence, Observe};

/// Findings of one history, sorted by what was declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sorted {
    /// Violations that nothing declared covers: failures.
    pub violations: Vec<Violation>,
    /// What became of each divergence that is declared for the bus, in order of the file.
    pub declared: Vec<Declared>,
}

/// One divergence declared for a bus, and what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The declaration.
    pub divergence: Divergence,
    /// What it comes to.
    pub standing: Standing,
    /// Violations of its rule on its bus, those without a kept witness included.
    pub violations: u64,
    /// The first of them.
    pub witness: Option<Violation>,
}

/// What a declared divergence comes to in one history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It showed, as declared.
    Observed,
    /// It did not show, and need not.
    Absent,
    /// It must show and did not: a failure, as the entry no longer says the truth.
    NotObserved,
    /// Its last day is over: a failure, seen or not.
    Expired,
}

impl Standing {
    /// Whether the declaration does not hold.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::NotObserved | Self::Expired)
    }

    /// For people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Absent => "not observed, and need not be",
            Self::NotObserved => "not observed",
            Self::Expired => "expired",
        }
    }
}

impl Declared {
    /// Why the declaration does not hold, in one sentence; `None` where it does.
    pub fn complaint(&self) -> Option<String> {
        let Divergence { id, owner, until, bus, rule, .. } = &self.divergence;
        let bus = bus.as_str();
        match self.standing {
            Standing::Observed | Standing::Absent => None,
            Standing::NotObserved => Some(format!(
                "{id} is not observed: {bus} no longer departs from {rule}; take the entry out, \
                 or ask {owner}"
            )),
            Standing::Expired => Some(format!(
                "{id} expired on {until}: {owner} answers for it, and what {bus} does against \
                 {rule} is a failure again"
            )),
        }
    }
}

/// Sorts what was found on `bus` on the day `today`.
pub fn sort(declared: &[Divergence], bus: Bus, today: Day, found: &Judgement) -> Sorted {
    let own = declared.iter().filter(|divergence| divergence.bus == bus);
    let declared: Vec<Declared> = own.map(|one| stand(one, today, found)).collect();
    let is_covered = |violation: &&Violation| {
        let covers = |one: &Declared| {
            one.standing == Standing::Observed && one.divergence.rule == violation.rule
        };
        declared.iter().any(covers)
    };
    let remain = found.violations.iter().filter(|violation| !is_covered(violation));
    Sorted { violations: remain.cloned().collect(), declared }
}

fn stand(divergence: &Divergence, today: Day, found: &Judgement) -> Declared {
    let witness = found.violations.iter().find(|found| found.rule == divergence.rule);
    let standing = match (witness, divergence.observe) {
        _ if today > divergence.until => Standing::Expired,
        (Some(_), _) => Standing::Observed,
        (None, Observe::May) => Standing::Absent,
        (None, Observe::Always) => Standing::NotObserved,
    };
    Declared {
        standing,
        violations: count(&divergence.rule, found),
        witness: witness.cloned(),
        divergence: divergence.clone(),
    }
}

/// Violations of a rule: of each check whose kept witnesses carry it, all it counted.
fn count(rule: &str, found: &Judgement) -> u64 {
    let carries = |check| found.violations.iter().any(|one| one.check == check && one.rule == rule);
    found.checked.iter().filter(|row| carries(row.check)).map(|row| row.violations).sum()
}

#[cfg(test)]
mod tests;
