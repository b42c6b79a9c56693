//! The process source: scans, compares, and reports what changed.
//!
//! A reader makes a scan of the system; a `Census` compares it with what is known, without
//! any clock or system; the scanner turns changes into events. What already runs at the first scan
//! is enumerated; after that every process is reported started once and exited once.
//!
//! When these are sent, the scanner looks closer: `Anomalies` are rules for what is odd, and
//! `Integrity` hashes what runs and compares it with what is at its path, through `Executables`.

mod anomaly;
mod census;
mod digest;
mod digest_cache;
mod event;
mod executable;
mod file_identity;
mod integrity;
mod observation;
mod reader;
mod scanner;

pub use scanner::ProcessScanner;

use super::scanning::ScanningSource;

/// Watches the processes of this host.
pub type ProcessSource = ScanningSource<ProcessScanner>;
