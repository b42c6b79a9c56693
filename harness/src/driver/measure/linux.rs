//! CPU clocks, `smaps_rollup` and socket queues of other processes of the same user, and the host's
//! counters.

mod sockets;

use std::time::Duration;

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use procfs::process::Process;
use procfs::{CpuPressure, Current, CurrentSI, KernelStats, LoadAverage};

pub(super) use self::sockets::Sockets;
use super::neighbours::Counters;
use crate::record::Memory;

/// CPU time of a process so far, finished threads included.
pub(super) fn cpu_time(pid: u32) -> Option<Duration> {
    let clock = clock_getcpuclockid(Pid::from_raw(i32::try_from(pid).ok()?)).ok()?;
    clock_gettime(clock).ok().map(Duration::from)
}

/// Memory of a process now, but what is queued in its sockets.
pub(super) fn memory(pid: u32) -> Option<Memory> {
    let rollup = Process::new(i32::try_from(pid).ok()?).ok()?.smaps_rollup().ok()?;
    let map = &rollup.memory_map_rollup.0.first()?.extension.map;
    let bytes = |key: &str| map.get(key).copied().unwrap_or_default();
    let anonymous_bytes = bytes("Anonymous");
    Some(Memory {
        anonymous_bytes,
        file_bytes: bytes("Rss").saturating_sub(anonymous_bytes),
        pss_bytes: bytes("Pss"),
        socket_bytes: None,
    })
}

/// The host's counters now.
pub(super) fn counters() -> Option<Counters> {
    let total = KernelStats::current().ok()?.total;
    let ticks = |ticks: u64| {
        let per_s = procfs::ticks_per_second().max(1);
        Duration::from_nanos(ticks * (1_000_000_000 / per_s))
    };
    Some(Counters {
        stolen: ticks(total.steal.unwrap_or_default()),
        idle: ticks(total.idle + total.iowait.unwrap_or_default()),
        own: cpu_time(std::process::id()).unwrap_or_default(),
        waited: CpuPressure::current()
            .ok()
            .map(|pressure| Duration::from_micros(pressure.some.total)),
    })
}

/// CPUs that are online.
pub(super) fn cpus() -> usize {
    KernelStats::current().map_or(1, |stats| stats.cpu_time.len().max(1))
}

/// Tasks that run or are ready now, and the load average of the last minute.
pub(super) fn queue() -> (Option<u32>, Option<f64>) {
    let runnable = KernelStats::current().ok().and_then(|stats| stats.procs_running);
    let load = LoadAverage::current().ok().map(|load| f64::from(load.one));
    (runnable, load)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_cpu_and_memory() {
        let own = std::process::id();
        assert!(cpu_time(own).expect("a clock") > Duration::ZERO);
        let memory = memory(own).expect("a rollup");
        assert!(memory.anonymous_bytes > 0 && memory.file_bytes > 0 && memory.pss_bytes > 0);
    }

    #[test]
    fn the_host_has_been_idle_and_has_cpus() {
        let now = counters().expect("/proc/stat");
        assert!(now.idle > Duration::ZERO && cpus() > 0);
        assert!(queue().0.is_some_and(|runnable| runnable > 0), "at least this test runs");
    }

    #[test]
    fn a_process_that_is_gone_has_no_figures() {
        assert_eq!(memory(u32::MAX), None);
    }
}
