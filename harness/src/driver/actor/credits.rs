//! The credit of a closed loop: how many events a publisher may have sent in this phase.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Shared by a publisher's thread, which waits, and the thread that reads orders, which grants.
/// The lock is taken once per grant and once per exhausted credit, never per event.
#[derive(Debug, Clone, Default)]
pub(super) struct Credits {
    shared: Arc<(Mutex<u64>, Condvar)>,
}

impl Credits {
    /// Sets what may have been sent in all; called for every `C` line.
    pub(super) fn set(&self, allowed: u64) {
        *self.shared.0.lock() = allowed;
        self.shared.1.notify_all();
    }

    /// Waits until more than `sent` is allowed or the time is up; returns what is allowed.
    pub(super) fn beyond(&self, sent: u64, limit: Duration) -> u64 {
        let until = Instant::now() + limit;
        let mut allowed = self.shared.0.lock();
        while *allowed <= sent {
            if self.shared.1.wait_until(&mut allowed, until).timed_out() {
                break;
            }
        }
        *allowed
    }
}
