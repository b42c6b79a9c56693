//! In-process event buses behind the contract of `daemoneye-eventbus`.
//!
//! - [`crossbeam`]: the reference every gate compares with (CONTRACT §8).
//! - `broken` (feature of that name): a sound bus behind one fault, for suites that prove themselves.
//!
//! Nothing here knows a socket or another process.

#[cfg(feature = "broken")]
pub mod broken;
pub mod crossbeam;
