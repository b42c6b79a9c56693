//! The runtime of a collector: sources in, events out, in order, within bounds.
//!
//! ```text
//! source ─ channel ┐
//! source ─ channel ┼─ intake ── batches ── publisher ── bus
//! source ─ channel ┘   (refuses, batches)   (retries)
//! ```
//!
//! Every source has a task and a bounded channel of its own, so that one that panics, fails, hangs
//! or floods harms no other. The intake takes from them in turn, refuses what a source did not
//! declare, and gathers batches under a semaphore: its permits bound what is under way to the bus.
//! A graceful stop loses nothing: sources end, their channels are drained, the last batch is
//! published, then the bus is shut down if the collector opened it.
//!
//! With a spool the publisher is another one: what the bus does not take is kept on disk, and comes
//! from there once it does, in this run or the next.
//!
//! This room makes no judgement of health; it reports facts as a [`CollectorStatus`].

mod board;
mod check;
mod collector;
mod error;
mod intake;
mod looking;
mod publisher;
mod source_set;
mod spooling;
mod status;

pub use board::StatusWatch;
pub use collector::Collector;
pub use error::{RegisterError, RunError};
pub use status::{CollectorStatus, SourceState, SourceStatus};

#[cfg(test)]
mod tests;
