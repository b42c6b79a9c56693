//! The numbers between the trials and the interval, kept so that a reader can repeat each step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Natural logarithms of candidate ÷ baseline, block by block, in the order they were run.
///
/// Redone blocks are not among them; what is empty was not measured or could not be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BlockRatios {
    /// As measured.
    pub raw: Vec<f64>,
    /// With the void floor taken off; empty too when a corrected figure is not positive.
    pub corrected: Vec<f64>,
    /// Of A/A blocks.
    pub nulls: Vec<f64>,
    /// Median of the baseline's void trials, in the metric's unit.
    pub baseline_floor: Option<f64>,
    /// Median of the candidate's void trials, in the metric's unit.
    pub candidate_floor: Option<f64>,
}
