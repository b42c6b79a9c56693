//! Replays scenarios on two event buses, checks behaviour message by message, measures, judges.
//!
//! In the order to read, each room using only those above it:
//!
//! - [`plan`]: cases, every value resolved;
//! - [`record`]: histories and figures, plain data;
//! - [`check`]: recorded histories judged against the contract;
//! - [`gate`]: whether a difference is real, three-way verdicts;
//! - [`report`]: files, a table and an exit code from one record of the run.

pub mod check;
pub mod gate;
pub mod plan;
pub mod record;
pub mod report;
