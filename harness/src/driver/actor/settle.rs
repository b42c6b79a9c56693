//! Waiting for threads that have returned to be gone from the kernel's tables.

use std::time::{Duration, Instant};

/// A joined thread leaves the process table a moment after its join; longer than this and it is
/// a leak, not a moment.
const LIMIT: Duration = Duration::from_secs(2);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(2);

/// Looks until the condition holds or the limit is reached.
pub(super) fn settle(condition: impl Fn() -> bool) {
    let until = Instant::now() + LIMIT;
    while !condition() && Instant::now() < until {
        std::thread::park_timeout(LOOK);
    }
}
