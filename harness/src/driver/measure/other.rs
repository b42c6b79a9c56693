//! Hosts without the interfaces the method needs: performance is `n/a` there.

use std::time::Duration;

use super::neighbours::Counters;
use crate::record::Memory;

/// Unknown here.
pub(super) fn cpu_time(_pid: u32) -> Option<Duration> {
    None
}

/// Unknown here.
pub(super) fn memory(_pid: u32) -> Option<Memory> {
    None
}

/// Unknown here.
pub(super) fn counters() -> Option<Counters> {
    None
}

/// Unknown here.
pub(super) fn queue() -> (Option<u32>, Option<f64>) {
    (None, None)
}
