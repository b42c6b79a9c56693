//! In-process event buses behind the contract of `daemoneye-eventbus`.
//!
//! - `draft`: an event that has no number yet;
//! - `routes`: which subscriptions a topic goes to, remembered;
//! - [`crossbeam`]: the reference every gate compares with (CONTRACT §8);
//! - [`broadcast`]: one ring for all, whose laggards lose and count (CONTRACT §7);
//! - [`sharing`]: a filter and a queue for each subscriber, and sessions filled in (CONTRACT §7);
//! - `broken` (feature of that name): a sound bus behind one fault, for suites that prove themselves.
//!
//! Nothing here knows a socket or another process.

mod draft;
mod routes;

pub mod broadcast;
#[cfg(feature = "broken")]
pub mod broken;
pub mod crossbeam;
pub mod sharing;
