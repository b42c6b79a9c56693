//! The ledger: every success criterion of the documents this project answers to, and what is
//! evidence for each.
//!
//! `scenarios/ledger.toml` as read, its patterns resolved to the cases of one profile. How a
//! criterion stands only a run shows, and `report` tells; nothing here judges.

mod file;

pub use file::{load, parse};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gates::Metric;
use super::{Bus, Case};
use crate::scenario::Scenario;

/// The sections that say what must be reached: their names in the file, and for people.
pub const SOURCES: [(&str, &str); 8] = [
    ("migration/characteristics", "migration document, characteristics to preserve"),
    ("migration/functional", "migration document, functional requirements"),
    ("migration/performance", "migration document, performance requirements"),
    ("migration/operational", "migration document, operational requirements"),
    ("topics/acceptance", "topic document, acceptance criteria"),
    ("topics/performance", "topic document, performance requirements"),
    ("collectors/performance", "collector document, performance characteristics"),
    ("programs/budgets", "budgets of agent and collectors"),
];

/// One success criterion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Criterion {
    /// Its name, which no other has.
    pub id: String,
    /// What is asked, in our words.
    pub asks: String,
    /// Document and section.
    pub source: String,
    /// The buses it is asked of; empty for all.
    pub buses: Vec<Bus>,
    /// The system on which alone a run can show it, as [`std::env::consts::OS`] has it.
    pub system: Option<String>,
    /// What shows it, all of it together. Never empty.
    pub proofs: Vec<Proof>,
}

/// One thing that shows a criterion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum Proof {
    /// Cases of behaviour, each of which must hold.
    Cases {
        /// The patterns that name them.
        said: String,
        /// Their ids.
        cases: Vec<String>,
        /// Scenarios that the patterns name and the profile leaves out.
        absent: Vec<String>,
    },
    /// A number of the contract: nothing breaks it, and each case that claims it holds.
    Claim {
        /// The number.
        number: String,
        /// Whether what breaks it is told under this number. Where it is told under others, a case
        /// that claims it and fails counts against it, whatever it fails by.
        is_reported: bool,
        /// Cases of behaviour that claim it.
        cases: Vec<String>,
    },
    /// A ratio of the candidate to the reference.
    Gate {
        /// What is compared.
        metric: Metric,
        /// The ratio the document asks for.
        limit: f64,
        /// Cases in which it is gated.
        cases: Vec<String>,
    },
    /// A figure of the candidate on this host, compared with nothing.
    Budget {
        /// What is measured.
        metric: Metric,
        /// What it must reach (throughput) or stay below (all others), in the metric's unit.
        limit: f64,
        /// Cases in which it is measured.
        cases: Vec<String>,
    },
    /// A test; a run says nothing of it.
    Test {
        /// The command that runs it.
        command: String,
    },
    /// A benchmark; a run says nothing of it.
    Bench {
        /// The command that runs it.
        command: String,
    },
    /// Nothing, so far.
    Untested {
        /// Why.
        why: String,
    },
}

/// A scenario as the ledger may name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub scenario: String,
    /// The contract numbers it claims.
    pub claims: Vec<String>,
    /// Whether it is measured; unknown where the profile leaves it out, and then `false`.
    pub is_measured: bool,
    /// Ids of its cases in the profile; none where it is left out.
    pub cases: Vec<String>,
}

impl Known {
    /// A scenario with its cases in a profile.
    pub fn of(scenario: &Scenario, cases: &[Case]) -> Self {
        Self {
            scenario: scenario.name.clone(),
            claims: scenario.claims.clone(),
            is_measured: cases.iter().any(|case| case.kind.is_performance()),
            cases: cases.iter().map(|case| case.id.clone()).collect(),
        }
    }
}
