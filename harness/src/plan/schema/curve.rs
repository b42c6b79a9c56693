//! The shape of `[curve]`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::DURATION;

/// What makes the points of a matrix a curve.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Curve {
    /// The only axis of the matrix.
    pub axis: String,
    /// What changes along it, for people.
    pub label: Option<String>,
    /// Whether theory says that the cost of a delivery stays as it is.
    pub flat: Option<bool>,
    /// The limit of the 99th percentile whose greatest rate is looked for.
    #[schemars(regex(pattern = DURATION))]
    pub p99_below: Option<String>,
}
