//! Linux: `/proc/self`, read through `procfs`.

use std::time::Duration;

use procfs::WithCurrentSystemInfo;
use procfs::process::Process;

use super::Reading;

const NS_PER_SECOND: u64 = 1_000_000_000;

/// Reads `/proc/self`.
pub(super) struct ProcReader {
    ns_per_tick: u64,
}

impl ProcReader {
    pub(super) fn open() -> Self {
        Self { ns_per_tick: NS_PER_SECOND / procfs::ticks_per_second() }
    }

    pub(super) fn read(&mut self) -> Reading {
        // Anew each time: a fork would otherwise read its parent.
        let Ok(process) = Process::myself() else { return Reading::default() };
        let open_descriptors = process.fd_count().ok().and_then(|count| u64::try_from(count).ok());
        let Ok(stat) = process.stat() else {
            return Reading { open_descriptors, ..Reading::default() };
        };
        let cpu_ns = stat.utime.saturating_add(stat.stime).saturating_mul(self.ns_per_tick);
        Reading {
            cpu_time: Some(Duration::from_nanos(cpu_ns)),
            memory_bytes: Some(stat.rss_bytes().get()),
            open_descriptors,
            threads: u64::try_from(stat.num_threads).ok(),
        }
    }
}
