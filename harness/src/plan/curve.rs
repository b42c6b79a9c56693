//! A case as one point of a curve: what changes along it, and what is asked of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::Scale;

/// Where a case stands on the curve of its scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// What changes along it and what is asked: the same for every point.
    pub axis: Axis,
    /// The case's own place, above 0, in the unit of the axis.
    pub at: f64,
}

/// The axis of a curve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Axis {
    /// Its name in the matrix.
    pub name: String,
    /// What changes along it, for people: `topics published on`.
    pub label: String,
    /// What its values are counted in.
    pub scale: Scale,
    /// What is asked.
    pub asks: Asks,
}

/// What a curve is measured for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Asks {
    /// How what one delivery costs grows along the axis: for information.
    Growth,
    /// The same, where theory says that it does not grow at all.
    Flat,
    /// The greatest rate at which the 99th percentile stays below so many nanoseconds.
    Knee(u64),
}
