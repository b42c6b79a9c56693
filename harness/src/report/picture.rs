//! Pictures: each one self-contained SVG, readable in light and dark, with nothing to load.
//!
//! `draw` and `frame` are what they are made of; the other files are one picture each.

mod curve;
mod draw;
mod frame;
mod interval;
mod lanes;
mod percentiles;
mod series;
mod trend;

pub(super) use self::curve::curve;
pub(super) use self::interval::interval;
pub(super) use self::lanes::lanes;
pub(super) use self::percentiles::{Line, percentiles};
pub(super) use self::series::{Used, series};
pub(super) use self::trend::trend;
