//! What a scenario declares: a bus departs from one number of the contract, known, reasoned, dated.
//!
//! Whether it does is for `check::divergence` to say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bus, Day};

/// A departure of one bus from one rule, in the cases of one scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Divergence {
    /// `V1` to `V10`, or a name of its own.
    pub id: String,
    /// The contract number it departs from, as checkers name it.
    pub rule: String,
    /// The bus that departs.
    pub bus: Bus,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day it is accepted, `2027-12-31`.
    pub until: Day,
    /// Whether it must show in every run.
    pub observe: Observe,
}

/// How often a divergence shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Observe {
    /// In every run; a run without it fails.
    Always,
    /// Not in every run.
    May,
}

impl Observe {
    /// Both, the usual one first.
    pub const ALL: [Self; 2] = [Self::Always, Self::May];

    /// As a scenario writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::May => "may",
        }
    }
}
