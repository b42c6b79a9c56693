//! The verbs of the `equivalence` command, one per file. They put the rooms together.

mod actor;
pub mod behaviour;
pub mod performance;
// RUN

pub use actor::actor;
