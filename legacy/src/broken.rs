//! A sound bus behind one fault: what the conformance suite and the harness must catch.
//!
//! Only behind the feature `broken`, for suites that prove themselves. The wrapper judges nothing
//! and knows no suite: which case or check must catch a fault is said where it is judged.
//!
//! - `fault`: what can be wrong, each with its name;
//! - `bus`: the wrapper; `holding`: what it keeps of publishes that it does not pass on at once;
//! - `event`, `wanted`, `counters`: what it does to events, subscriptions and counters;
//! - `passage`: what it does to events on their way out; `inbox`: where subscribers get them;
//!   `closing`, `seen`: what these learn of the bus's end and of other subscribers;
//! - `leavings`: what it leaves behind;
//! - `slowness`: what it spends without need, CPU time, its publishers' time or memory.

mod bus;
mod closing;
mod counters;
mod event;
mod fault;
mod holding;
mod inbox;
mod leavings;
mod passage;
mod seen;
mod slowness;
mod wanted;

pub use bus::BrokenBus;
pub use fault::Fault;
