//! The agent: hosts the bus, runs the collectors, and receives what they publish.
//!
//! With `bus_type = "daemoneye"` it hosts the broker and starts each collector as a process of its
//! own, which joins it over the bus; with `"local"`, or another bus inside a process, each collector
//! is a thread on that, where nobody has to join. Nothing else differs.
//!
//! A collector that ends unasked is started again after a pause that doubles; one that ends too
//! often is given up as failed, and the agent goes on without it (R5). No collector outlives an
//! orderly end of the agent: a process is asked over the bus, then by a signal, and killed when its
//! time is up. Those of an agent that died go on for a while, and make room for the ones the next
//! agent starts.
//!
//! What triggers and collectors ask for is looked into by several collectors in turn, and told as
//! one record, on either bus.
//!
//! - `options`: what it is started with; `host`: its life; `staff`, `supervised`: its collectors,
//!   and each of them;
//! - `starter`: how one begins, as a `child` or a `thread`, either of which is a `member`;
//!   `lifeline`: what tells a process that the agent ends it, or died; `summons`: what ends those
//!   of an agent that died where there is no broker;
//! - `restarts`: when one is started again; `roll`: what state each is in;
//! - `control`, `handler`: what the agent asks and answers over the bus; `recorder`: what it
//!   receives;
//! - `analyses`: triggers, and what comes of them; `account`: what is told of that.

mod account;
mod analyses;
mod child;
mod control;
mod error;
mod handler;
mod host;
mod lifeline;
mod member;
mod options;
mod recorder;
mod restarts;
mod roll;
mod staff;
mod starter;
mod summons;
mod supervised;
mod thread;

pub use error::{AgentError, ErrorKind, MemberError};
pub use host::run;
pub(crate) use lifeline::END_LINE;
pub use options::AgentOptions;
