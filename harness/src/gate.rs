//! Is the difference real: blocks, exact intervals, three-way verdicts.
//!
//! METHOD §4, with the rules of §2 and §3 that decide which figures may be used. Pure functions of
//! recorded figures: nothing here runs a trial, reads a clock or knows a file.
//!
//! In the order to read:
//!
//! - `block`: four trials and their log ratio;
//! - `signed_rank`, `estimate`: the exact bounds, and the looks at which they may conclude;
//! - `verdict`: limits, and what an estimate says about one;
//! - `quantile`, `median`, `physics`, `busy`, `floor`, `screen`: which figures count, and how they are
//!   corrected;
//! - `metric`, `evidence`, `judgement`: all of it applied to the trials of one case on two buses;
//! - `growth`, `knee`, `curve`: what the points of a curve say together;
//! - `trend`, `soak`: whether something grows with time, and what a soak proved;
//! - `footprint`: what agent and collectors use, beside their budgets;
//! - `outlook`: what earlier blocks foretell, before anything is run.

mod block;
pub mod busy;
mod curve;
mod estimate;
mod evidence;
mod floor;
mod footprint;
mod growth;
mod judgement;
mod knee;
mod median;
mod metric;
mod outlook;
pub mod physics;
mod quantile;
mod screen;
mod signed_rank;
mod soak;
mod trend;
mod verdict;

pub use block::{Side, TRIALS_PER_BLOCK, by_side, log_ratio, order, round_order};
pub use curve::{CurveLine, CurvePoint, Spread};
pub use estimate::{ALPHA_PER_LOOK, Concluding, Estimate, Interval, Look};
pub use evidence::{Block, Evidence, REDOS_PER_LOOK, Redos, Runner, VoidTrial, valid_trials};
pub use footprint::{
    BudgetRow, CPU_BUDGET_PERCENT, MEMORY_BUDGET_BYTES, READY_BUDGET_S, Standing, judge_footprint,
};
pub use growth::{Bounds, Exponent, FLAT_MOST, Growth, LAST_FLAT_MOST};
pub use judgement::{Basis, BlockRatios, Judgement, judge};
pub use knee::{Knee, Missed, Paced, Rung, WhyMissed};
pub use outlook::{FEWEST_BLOCKS, MOSTLY, Outlook};
pub use quantile::Quantile;
pub use soak::{DESCRIPTOR_LIMIT, MEMORY_LIMIT_BYTES_PER_EVENT, SoakRow, judge_soak};
pub use trend::Trend;
pub use verdict::{Direction, Limit, Reason, Verdict};

use floor::Floor;
pub(crate) use median::median;
use screen::biased;
