//! The process source: scans, compares, and reports what changed.
//!
//! A reader makes a scan of the system; a `Census` compares it with what is known, without
//! any clock or system; the source turns changes into events. What already runs at the first scan
//! is enumerated; after that every process is reported started once and exited once.
//! A process that starts and ends between two scans is not seen: that is what scanning costs.

mod census;
mod event;
mod observation;
mod procmond;
mod reader;
mod source;

pub use procmond::{WayToBus, run_procmond};
pub use source::{FirstScan, ProcessSource};
