//! CPU clocks and `smaps_rollup` of another process of the same user.

use std::time::Duration;

use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use procfs::process::Process;

use crate::record::Memory;

/// CPU time of a process so far, finished threads included.
pub(super) fn cpu_time(pid: u32) -> Option<Duration> {
    let clock = clock_getcpuclockid(Pid::from_raw(i32::try_from(pid).ok()?)).ok()?;
    clock_gettime(clock).ok().map(Duration::from)
}

/// Memory of a process now.
pub(super) fn memory(pid: u32) -> Option<Memory> {
    let rollup = Process::new(i32::try_from(pid).ok()?).ok()?.smaps_rollup().ok()?;
    let map = &rollup.memory_map_rollup.0.first()?.extension.map;
    let bytes = |key: &str| map.get(key).copied().unwrap_or_default();
    let anonymous_bytes = bytes("Anonymous");
    Some(Memory {
        anonymous_bytes,
        file_bytes: bytes("Rss").saturating_sub(anonymous_bytes),
        pss_bytes: bytes("Pss"),
        socket_bytes: 0,
    })
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
    fn a_process_that_is_gone_has_no_figures() {
        assert_eq!(memory(u32::MAX), None);
    }
}
