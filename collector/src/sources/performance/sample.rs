//! What a reader sees: the figures of this host at one moment, as plain numbers.
//!
//! Some only grow (CPU time, bytes moved) and mean something only between two samples; others
//! (memory, space, load) mean what they are.

use std::collections::BTreeMap;

use daemoneye_eventbus::ByteString;

use super::shortfall::Shortfall;

/// One look at the figures of this host. What could not be read is missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sample {
    /// When it began: wall clock, nanoseconds since the epoch.
    pub(super) observed_unix_ns: u64,
    /// The same moment, monotonic, nanoseconds.
    pub(super) observed_monotonic_ns: u64,
    pub(super) cpu: Option<Cpu>,
    pub(super) memory: Option<Space>,
    /// `None` without swap.
    pub(super) swap: Option<Space>,
    /// Tasks that ran or waited to, on average over 1, 5 and 15 minutes; on Unix.
    pub(super) load: Option<[f64; 3]>,
    /// By mount point.
    pub(super) file_systems: BTreeMap<ByteString, Space>,
    /// Bytes read from and written to each disk.
    pub(super) disks: Traffic,
    /// Bytes received and sent by each interface.
    pub(super) interfaces: Traffic,
    /// The processes, each once.
    pub(super) processes: Vec<ProcessUsage>,
    /// What is missing, and why.
    pub(super) shortfalls: Vec<Shortfall>,
}

/// CPU time of all cores together, and of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cpu {
    pub(super) all: CpuTime,
    /// In the order of the system, those that are online.
    pub(super) cores: Vec<CpuTime>,
}

/// CPU time so far, in a unit of the reader's: only the ratio counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct CpuTime {
    /// Time in which something ran.
    pub(super) busy: u64,
    /// All the time there was.
    pub(super) total: u64,
}

/// Memory, or room of a file system, bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Space {
    pub(super) used_bytes: u64,
    /// What a program of an ordinary user can still have.
    pub(super) available_bytes: u64,
}

/// Bytes moved so far, by the name of what moved them.
pub(super) type Traffic = BTreeMap<ByteString, Moved>;

/// Bytes moved so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    /// Read or received.
    pub(super) in_bytes: u64,
    /// Written or sent.
    pub(super) out_bytes: u64,
}

/// What one process has used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ProcessUsage {
    pub(super) pid: u32,
    /// When it started, in a unit of the reader's: an id is used again after its end.
    pub(super) start: u64,
    /// Short name.
    pub(super) name: ByteString,
    /// CPU time so far, nanoseconds.
    pub(super) cpu_time_ns: u64,
    /// Resident memory, bytes.
    pub(super) memory_bytes: u64,
}

impl Space {
    /// Of a system that tells no more of the space than these two.
    pub(super) fn of(total_bytes: u64, available_bytes: u64) -> Self {
        Self { used_bytes: total_bytes.saturating_sub(available_bytes), available_bytes }
    }

    /// Used of used and available together, percent; `None` when that is nothing.
    pub(super) fn used_percent(self) -> Option<f64> {
        let whole_bytes = self.used_bytes.saturating_add(self.available_bytes);
        (whole_bytes > 0).then(|| self.used_bytes as f64 * 100.0 / whole_bytes as f64)
    }
}
