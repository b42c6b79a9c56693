//! What a reader sees: one scan of the processes of this host.

use daemoneye_eventbus::ByteString;

/// Most that is kept of the arguments of a process, bytes. Those of usual programs have less than
/// 20 000; with a million an event is refused by the bus, and nobody would hear of the process.
pub(super) const MAX_ARGUMENTS_BYTES: usize = 32 << 10;

/// A process for as long as it lives: its id alone is used again after its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Identity {
    /// When it started, in the reader's unit: clock ticks since boot on Linux, whole seconds since
    /// the epoch elsewhere. First, so that parents sort before their children.
    pub(super) start: u64,
    /// Its process id.
    pub(super) pid: u32,
}

/// One process at the time of a scan.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Observation {
    pub(super) identity: Identity,
    /// Parent's process id.
    pub(super) ppid: Option<u32>,
    /// Short name.
    pub(super) name: ByteString,
    /// Path of the executable, when readable.
    pub(super) executable_path: Option<ByteString>,
    /// Arguments one by one, up to [`MAX_ARGUMENTS_BYTES`].
    pub(super) arguments: Vec<ByteString>,
    /// Whether there are more.
    pub(super) arguments_cut: bool,
    /// Another one after each `exec`; `None` where the system does not tell.
    pub(super) image: Option<u64>,
    /// Start time, wall clock, nanoseconds since the epoch.
    pub(super) start_time_unix_ns: Option<u64>,
    /// CPU time used so far, nanoseconds.
    pub(super) cpu_time_ns: u64,
    /// Resident memory, bytes.
    pub(super) memory_bytes: u64,
    /// Owner's id.
    pub(super) user_id: Option<ByteString>,
    /// Owner's name, when it resolves.
    pub(super) user_name: Option<ByteString>,
    /// Whether all details could be read.
    pub(super) accessible: bool,
}

/// Everything one scan saw.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scan {
    /// When it began: wall clock, nanoseconds since the epoch.
    pub(super) observed_unix_ns: u64,
    /// The same moment, monotonic, nanoseconds.
    pub(super) observed_monotonic_ns: u64,
    /// The processes, each id once.
    pub(super) processes: Vec<Observation>,
    /// Ids that are there but could not be read: nothing is known of them, least of all an exit.
    pub(super) unreadable: Vec<u32>,
}

#[cfg(test)]
impl Observation {
    /// A process of this id and executable.
    pub(super) fn made_up(pid: u32, executable_path: &str) -> Self {
        Self {
            identity: Identity { start: u64::from(pid), pid },
            ppid: Some(1),
            name: "made-up".into(),
            executable_path: Some(executable_path.into()),
            arguments: vec![executable_path.into()],
            arguments_cut: false,
            image: None,
            start_time_unix_ns: None,
            cpu_time_ns: 0,
            memory_bytes: 0,
            user_id: None,
            user_name: None,
            accessible: true,
        }
    }
}
