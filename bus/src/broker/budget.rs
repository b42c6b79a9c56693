//! What one connection may have held back for all its subscriptions together: a client that takes
//! nothing holds a part of the broker's memory that has a limit, whatever it subscribes to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Bytes of held back events. Only whoever has the hub changes them; it is an atomic because the hub
/// goes from thread to thread.
#[derive(Debug)]
pub(super) struct Budget {
    used_bytes: AtomicUsize,
    limit_bytes: usize,
    /// Told when it is no longer full.
    room: Arc<Notify>,
}

impl Budget {
    pub(super) fn new(limit_bytes: usize) -> Arc<Self> {
        Arc::new(Self { used_bytes: AtomicUsize::new(0), limit_bytes, room: Arc::default() })
    }

    pub(super) fn is_full(&self) -> bool {
        self.left_bytes() == 0
    }

    /// Room for more.
    pub(super) fn left_bytes(&self) -> usize {
        self.limit_bytes.saturating_sub(self.used_bytes.load(Ordering::Relaxed))
    }

    pub(super) fn take(&self, bytes: usize) {
        self.used_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn give_back(&self, bytes: usize) {
        let was_full = self.is_full();
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
        if was_full && !self.is_full() {
            self.room.notify_waiters();
        }
    }

    /// To wait for while it is full.
    pub(super) fn room(&self) -> &Arc<Notify> {
        &self.room
    }

    /// How many subscriptions share it.
    pub(super) fn sharers(self: &Arc<Self>) -> usize {
        // One reference is its connection's.
        Arc::strong_count(self) - 1
    }
}
