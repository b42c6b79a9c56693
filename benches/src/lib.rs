//! What benchmarks need besides the thing they measure.
//!
//! `long` is a history of any length, with nothing wrong in it; `sample`, events of several sizes;
//! `hop`, their way from a handle to another.

pub mod hop;
pub mod long;
pub mod sample;
