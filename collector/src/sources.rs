//! The sources this project ships, each on this host's real data.
//!
//! - `outlet`: how events leave a source, and `first_scan`: when it has begun;
//! - `orders`: what it is told while it runs;
//! - `scanning`: what looks at intervals;
//! - [`process`], [`network`], [`performance`]: scanners; [`filesystem`]: told by the system.

pub mod filesystem;
mod first_scan;
pub mod network;
mod orders;
mod outlet;
#[cfg(test)]
mod page;
pub mod performance;
pub mod process;
mod scanning;

pub use filesystem::FilesystemSource;
pub use first_scan::FirstScan;
pub use network::NetworkSource;
pub(crate) use orders::OrdersSender;
pub use performance::PerformanceSource;
pub use process::ProcessSource;
pub use scanning::{Scanned, Scanner, ScanningSource};
