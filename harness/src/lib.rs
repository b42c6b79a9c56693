//! Replays scenarios on two event buses, checks behaviour message by message, measures, judges.
//!
//! In the order to read, each room using only those above it:
//!
//! - [`scenario`]: files as said, every value with its place;
//! - [`plan`]: cases, every value resolved;
//! - [`record`]: histories and figures, plain data;
//! - [`cmd`]: the verbs of the command line.

pub mod cmd;
pub mod plan;
pub mod record;
pub mod scenario;
