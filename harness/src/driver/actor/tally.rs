//! How far a role is: a number its own thread writes and the thread that reads orders tells.
//!
//! The harness asks for it a few times a second over its own channel; per event a role only stores
//! a number nobody else writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Shared by one role, which counts, and the thread that reads orders, which tells.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally(Arc<AtomicU64>);

impl Tally {
    /// The role is so far now.
    #[inline]
    pub(super) fn set(&self, count: u64) {
        // Nothing else is ordered by it: the harness bounds the moment by its own clock.
        self.0.store(count, Ordering::Relaxed);
    }

    /// How far the role was last known to be.
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
