//! The performance source: measures this host, and tells each figure as an event of its own.
//!
//! A reader takes a sample of the host; `derive` turns two samples in a row into values, without
//! any clock or system; a `Watch` compares the values with the limits of the configuration.
//!
//! `EVENTS.md` has a row for each figure, with its unit and what it is about.
//!
//! What a value is about:
//!
//! - Values with a component are about one resource, those without about the system as a whole.
//! - A rate is over the time since the sample before. There is none in the first sample, none of
//!   what was not there before, and none where a counter ran backwards: what is not known is left
//!   out, never told as 0.
//! - A core is busy while it neither idles nor waits for a disk; time that other guests of the same
//!   machine took counts as busy. Cores are counted over those that are online.
//! - Percent of a process are percent of one core: four busy threads are 400. The processes told
//!   are those that used the most CPU time since the sample before, the lower id first among
//!   equals; one that used none is not told.
//! - Available is what a program of an ordinary user can still have; what a file system on Linux
//!   keeps for the superuser is neither used nor available. Percent are used of used and available
//!   together.
//! - On Linux a file system is told if it is on a block device or ZFS, or is the root; at its
//!   shortest mount point, once. Not told are those that lie in memory or on another one (`tmpfs`,
//!   `proc`, `overlay` below the root, loop devices), those that cannot be written, which do not
//!   fill up, and those in the network or by FUSE: to ask one whose server is gone blocks.
//!   Elsewhere `sysinfo` decides.
//! - A disk is hardware as Linux knows it: partitions, loop devices, RAM disks and what is mapped
//!   onto other devices would tell the same bytes again. Interfaces are all told.
//! - Of very many cores, file systems, disks or interfaces only the first are told, and a warning
//!   says how many are not.
//!
//! An anomaly is the value that crossed a limit, again under its own name and unit. Its metadata
//! are `rule`, the key of the limit in `[perfmond]`, `state`, which is `crossed` or `over`, and
//! `limit` and `value`, in percent. An anomaly of a file system that is gone is forgotten.

mod anomaly;
mod derivation;
mod limits;
mod metric;
mod reader;
mod sample;
mod scanner;
mod shortfall;

pub use scanner::PerformanceScanner;

use super::scanning::ScanningSource;

/// Measures this host.
pub type PerformanceSource = ScanningSource<PerformanceScanner>;
