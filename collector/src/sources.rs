//! The sources this project ships, each on this host's real data.
//!
//! - `scanning`: what looks at intervals, and `first_scan`: when it has begun;
//! - [`process`], [`network`], [`performance`]: scanners; [`filesystem`]: told by the system.

pub mod filesystem;
mod first_scan;
pub mod network;
pub mod performance;
pub mod process;
mod scanning;

pub use filesystem::FilesystemSource;
pub use first_scan::FirstScan;
pub use network::NetworkSource;
pub use performance::PerformanceSource;
pub use process::ProcessSource;
pub use scanning::{Scanned, Scanner, ScanningSource};
