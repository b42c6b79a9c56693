//! What time it is said to be.

use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};

/// A moment on both clocks: one to compare, one to show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    /// `CLOCK_MONOTONIC`, nanoseconds.
    pub monotonic_ns: u64,
    /// Wall clock, nanoseconds since the Unix epoch.
    pub unix_ns: u64,
}

impl Moment {
    /// Now.
    pub fn now() -> Self {
        Self { monotonic_ns: monotonic_ns(), unix_ns: unix_ns() }
    }
}
