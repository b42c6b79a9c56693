//! The verbs of the `equivalence` command, one per file. They put the rooms together.

mod actor;
pub mod behaviour;
pub mod host;
pub mod performance;
pub mod run;
pub mod selection;

pub use actor::{actor, child};
