//! CPU clocks, `smaps_rollup` and socket queues of other processes of the same user, and the host's
//! counters.

mod sockets;

use std::collections::HashMap;
use std::iter;
use std::time::Duration;

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use procfs::process::{Process, Stat, all_processes};
use procfs::{CpuPressure, Current, CurrentSI, KernelStats, LoadAverage};

pub(super) use self::sockets::Sockets;
use super::neighbours::Counters;
use crate::record::Memory;

/// What `/proc/PID/status` counts memory in.
const BYTES_PER_KIB: u64 = 1024;

/// CPU time of a process so far, finished threads included.
pub(in crate::driver) fn cpu_time(pid: u32) -> Option<Duration> {
    let clock = clock_getcpuclockid(Pid::from_raw(i32::try_from(pid).ok()?)).ok()?;
    clock_gettime(clock).ok().map(Duration::from)
}

/// Open descriptors of a process now.
pub(in crate::driver) fn descriptors(pid: u32) -> Option<u64> {
    let count = Process::new(i32::try_from(pid).ok()?).ok()?.fd_count().ok()?;
    u64::try_from(count).ok()
}

/// Memory of a process now, but what is queued in its sockets.
pub(in crate::driver) fn memory(pid: u32) -> Option<Memory> {
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

/// The most memory a process had resident at once since its `exec`, bytes.
pub(in crate::driver) fn peak_resident(pid: u32) -> Option<u64> {
    let status = Process::new(i32::try_from(pid).ok()?).ok()?.status().ok()?;
    Some(status.vmhwm? * BYTES_PER_KIB)
}

/// The host's counters now.
pub(super) fn counters() -> Option<Counters> {
    let total = KernelStats::current().ok()?.total;
    Some(Counters {
        stolen: duration(total.steal.unwrap_or_default()),
        others: others()?,
        waited: CpuPressure::current()
            .ok()
            .map(|pressure| Duration::from_micros(pressure.some.total)),
    })
}

/// CPU time of all processes that are neither this one nor below it, and of their dead children.
fn others() -> Option<Duration> {
    let own = i32::try_from(std::process::id()).ok()?;
    let all = all_processes().ok()?;
    let stats = all.filter_map(|process| Some(Ran::from(process.ok()?.stat().ok()?)));
    Some(duration(ticks_beside(own, &stats.collect::<Vec<Ran>>())))
}

/// What one process has run so far.
struct Ran {
    pid: i32,
    parent: i32,
    /// User and system time together are exact, how the kernel parts them is not.
    ticks: u64,
}

impl From<Stat> for Ran {
    fn from(stat: Stat) -> Self {
        let of_children = u64::try_from(stat.cutime + stat.cstime).unwrap_or_default();
        let ticks = stat.utime + stat.stime + of_children;
        Self { pid: stat.pid, parent: stat.ppid, ticks }
    }
}

/// The sum over all but `own` and its descendants.
fn ticks_beside(own: i32, all: &[Ran]) -> u64 {
    let parents: HashMap<i32, i32> = all.iter().map(|ran| (ran.pid, ran.parent)).collect();
    let is_ours = |pid| {
        let line = iter::successors(Some(pid), |pid| parents.get(pid).copied());
        // Read one by one they need not fit together: a number may have been given anew.
        line.take(all.len()).any(|pid| pid == own)
    };
    all.iter().filter(|ran| !is_ours(ran.pid)).map(|ran| ran.ticks).sum()
}

fn duration(ticks: u64) -> Duration {
    let per_s = procfs::ticks_per_second().max(1);
    Duration::from_nanos(ticks * (1_000_000_000 / per_s))
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
        let peak = peak_resident(own).expect("a status");
        assert!(peak >= memory.anonymous_bytes, "{peak} bytes, of which {memory:?} is a part");
    }

    #[test]
    fn the_host_has_cpus_and_others_have_used_them() {
        let now = counters().expect("/proc");
        assert!(now.others > Duration::ZERO);
        // What this process may use is at most what is online.
        assert!(cpus() >= std::thread::available_parallelism().expect("a number").get());
        assert!(queue().0.is_some_and(|runnable| runnable > 0), "at least this test runs");
    }

    #[test]
    fn what_this_process_and_its_descendants_ran_is_nobody_elses() {
        let ran = |pid, parent, ticks| Ran { pid, parent, ticks };
        let family = [ran(1, 0, 1), ran(5, 1, 10), ran(6, 5, 100), ran(7, 6, 1000), ran(8, 1, 20)];
        assert_eq!(ticks_beside(5, &family), 21);
        let circle = [ran(3, 4, 1), ran(4, 3, 2)];
        assert_eq!(ticks_beside(5, &circle), 3, "ends, and counts them");
    }

    #[test]
    fn a_process_that_is_gone_has_no_figures() {
        assert_eq!(memory(u32::MAX), None);
        assert_eq!(peak_resident(u32::MAX), None);
    }
}
