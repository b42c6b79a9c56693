//! What two histories of a case are compared in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What two histories are compared in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Subject {
    /// What a subscriber received of a publisher, in order.
    Arrivals {
        /// Its name.
        subscriber: String,
        /// Its name.
        publisher: String,
    },
    /// How an operation ended.
    Operation {
        /// What was done to whom.
        operation: String,
        /// The phase it belongs to; `u32::MAX` before the first.
        phase: u32,
        /// Which of its kind in that phase, from 0.
        number: usize,
    },
    /// Which operations there were.
    Operations,
    /// How many events of a publisher were accepted.
    Accepted {
        /// Its name.
        publisher: String,
    },
}

impl Subject {
    /// Whether breaking this number of the contract shows in it.
    pub(super) fn shows(&self, rule: &str) -> bool {
        match self {
            Self::Arrivals { .. } => matches!(rule, "C1" | "C2" | "C3" | "C4"),
            Self::Operation { .. } | Self::Operations => matches!(rule, "C9" | "C13"),
            Self::Accepted { .. } => matches!(rule, "C11" | "C14"),
        }
    }
}
