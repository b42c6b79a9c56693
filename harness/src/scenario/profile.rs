//! How much of a scenario is run.

use serde::{Deserialize, Serialize};

/// A choice of scenarios, matrix values and lengths, as `--profile` names it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Every behaviour case, and performance just long enough for an estimate.
    Smoke,
    /// What a change must pass.
    Pr,
    /// Everything.
    Nightly,
    /// Everything, the rates too at which a trial takes long.
    Release,
}

impl Profile {
    /// Every profile, shortest first.
    pub const ALL: [Self; 4] = [Self::Smoke, Self::Pr, Self::Nightly, Self::Release];

    /// The name a user types.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::Pr => "pr",
            Self::Nightly => "nightly",
            Self::Release => "release",
        }
    }
}
