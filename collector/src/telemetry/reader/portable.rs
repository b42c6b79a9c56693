//! Systems without `/proc`: `sysinfo`. It does not count threads.

use std::time::Duration;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, get_current_pid};

use super::Reading;

/// Reads through `sysinfo`.
pub(super) struct PortableReader {
    /// `None` where it does not know the system.
    known: Option<(System, Pid)>,
}

impl PortableReader {
    pub(super) fn open() -> Self {
        Self { known: System::new().ok().zip(get_current_pid().ok()) }
    }

    pub(super) fn read(&mut self) -> Reading {
        let Some((system, pid)) = &mut self.known else { return Reading::default() };
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[*pid]), true, what);
        let Some(process) = system.process(*pid) else { return Reading::default() };
        Reading {
            cpu_time: Some(Duration::from_millis(process.accumulated_cpu_time())),
            memory_bytes: Some(process.memory()),
            open_descriptors: process.open_files().and_then(|count| u64::try_from(count).ok()),
            threads: None,
        }
    }
}
