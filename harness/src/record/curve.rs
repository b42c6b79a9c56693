//! One trial of a curve: what the report keeps of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TrialFigures, Validity};
use crate::plan::Bus;

/// One point of a curve on one bus, measured once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurveTrial {
    /// Rounds measure every point on every bus once; counted from 0.
    pub round: u32,
    /// The bus.
    pub bus: Bus,
    /// Place of the point on the axis, in its unit.
    pub at: f64,
    /// Case id of the point.
    pub case: String,
    /// Whether its figures may be used.
    pub validity: Validity,
    /// Its figures.
    pub figures: TrialFigures,
}
