//! The agent: hosts the bus, runs the collectors, and receives what they publish.
//!
//! With `bus_type = "daemoneye"` it hosts the broker and starts each collector as a process of its
//! own; with `"local"` each collector is a thread on the in-process bus. Nothing else differs.
//!
//! A collector that ends unasked is an error: this version does not start it again. No collector
//! outlives the agent: a process ends when the pipe to its standard input closes, however that
//! came about.

mod child;
mod error;
mod host;
mod member;
mod recorder;
mod thread;

pub use error::{AgentError, ErrorKind, MemberError};
pub use host::{AgentOptions, run};
