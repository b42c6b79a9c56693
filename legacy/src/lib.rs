//! In-process event buses behind the contract of `daemoneye-eventbus`.
//!
//! - [`crossbeam`]: the reference every gate compares with (CONTRACT §8).
//!
//! Nothing here knows a socket or another process.

pub mod crossbeam;
