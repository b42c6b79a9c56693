//! The process source: scans, compares, and reports what changed.
//!
//! A reader makes a scan of the system; a `Census` compares it with what is known, without
//! any clock or system; the scanner turns changes into events. What already runs at the first scan
//! is enumerated; after that every process is reported started once and exited once.
//!
//! - `executed` is told of a process that has another executable; on Linux also of one that runs
//!   its own anew, as far as this user may see that.
//! - Of arguments 32 KiB are told; where there are more, the metadata `arguments` is `cut`.
//! - `exit_code` is never told: it goes to the parent, and a scan finds that the process is gone.
//!
//! When the changes are sent, the scanner looks closer: `Anomalies` are rules for what is odd, and
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
