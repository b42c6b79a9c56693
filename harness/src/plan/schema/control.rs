//! The shape of what only the control plane has.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{DURATION, OrName, Scalar};

/// A member of the control plane, or a group of equals.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Member {
    /// Its name; with a count, the start of the names.
    pub name: String,
    /// How many equals: `m0`, `m1`, …
    pub count: Option<OrName<u32>>,
    /// Tasks it takes at once.
    pub task_limit: Option<OrName<u32>>,
}

/// Callers that share a process.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Caller {
    /// The start of their names.
    pub name: String,
    /// How many: `c-0`, `c-1`, …
    pub count: Option<OrName<u32>>,
}

/// One step.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// What is done.
    #[serde(rename = "do")]
    pub deed: String,
    /// To or by whom.
    pub member: Option<String>,
    /// Requests of each caller.
    pub rounds: Option<OrName<u32>>,
    /// Requests the member waits for before it answers the first.
    pub together: Option<OrName<u32>>,
    /// Tasks given out, or begun.
    pub tasks: Option<OrName<u32>>,
    /// `healthy`, `degraded` or `unhealthy`.
    pub is: Option<String>,
    /// `validate`, `apply` or `rollback`.
    pub update: Option<String>,
    /// The version changes are made for.
    pub base: Option<OrName<u64>>,
    /// Key and value of each change.
    pub set: Option<BTreeMap<String, Scalar>>,
    /// The version to go back to.
    pub to: Option<OrName<u64>>,
    /// How long is gathered.
    #[schemars(regex(pattern = DURATION))]
    pub within: Option<String>,
    /// What an impostor shows.
    pub with: Option<String>,
    /// How often it is tried.
    pub times: Option<OrName<u32>>,
    /// A topic the member may not publish on.
    pub publish: Option<String>,
    /// A pattern it may not subscribe to.
    pub subscribe: Option<String>,
}
