//! Replays scenarios on two event buses, checks behaviour message by message, measures, judges.
//!
//! In the order to read, each room using only those above it:
//!
//! - [`plan`]: cases, every value resolved;
//! - [`record`]: histories and figures, plain data.

pub mod plan;
pub mod record;
