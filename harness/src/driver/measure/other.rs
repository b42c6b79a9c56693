//! Hosts without the interfaces the method needs: performance is `n/a` there.

use std::time::Duration;

use super::neighbours::Counters;
use crate::record::Memory;

/// Unknown here.
pub(in crate::driver) fn cpu_time(_pid: u32) -> Option<Duration> {
    None
}

/// Unknown here.
pub(in crate::driver) fn descriptors(_pid: u32) -> Option<u64> {
    None
}

/// Unknown here.
pub(in crate::driver) fn memory(_pid: u32) -> Option<Memory> {
    None
}

/// Unknown here.
pub(in crate::driver) fn peak_resident(_pid: u32) -> Option<u64> {
    None
}

/// Unknown here.
#[derive(Debug, Default)]
pub(super) struct Sockets {}

#[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "one signature on every system")]
impl Sockets {
    pub(super) fn look(&mut self, _pids: &[u32]) -> Result<(), String> {
        Ok(())
    }

    pub(super) fn queued(&self) -> Result<Vec<u64>, String> {
        Err("only Linux tells them".to_owned())
    }
}

/// Unknown here.
pub(super) fn counters() -> Option<Counters> {
    None
}

/// Unknown here, and nothing is divided by it.
pub(super) fn cpus() -> usize {
    1
}

/// Unknown here.
pub(super) fn queue() -> (Option<u32>, Option<f64>) {
    (None, None)
}
