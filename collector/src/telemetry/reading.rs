//! The figures of a process at one moment.

use std::time::Duration;

/// What the system tells of this process; what it does not is `None`, never 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// CPU time of all its threads since it began.
    pub(crate) cpu_time: Option<Duration>,
    /// Resident memory.
    pub(crate) memory_bytes: Option<u64>,
    /// Files, sockets and whatever else it has open.
    pub(crate) open_descriptors: Option<u64>,
    /// Its threads.
    pub(crate) threads: Option<u64>,
}
