//! What one connection may have held back for all its subscriptions together: a client that takes
//! nothing holds a part of the broker's memory that has a limit, whatever it subscribes to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::topic::Lane;

/// What controls a system may be held back beyond the limit, bytes: it need not wait behind events.
const CONTROL_RESERVE_BYTES: usize = 1 << 20;

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

    pub(super) fn is_full(&self, lane: Lane) -> bool {
        let limit_bytes = match lane {
            Lane::Events => self.limit_bytes,
            Lane::Control => self.limit_bytes.saturating_add(CONTROL_RESERVE_BYTES),
        };
        self.used_bytes() >= limit_bytes
    }

    /// Room for more, the reserve left out.
    pub(super) fn left_bytes(&self) -> usize {
        self.limit_bytes.saturating_sub(self.used_bytes())
    }

    pub(super) fn take(&self, bytes: usize) {
        self.used_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn give_back(&self, bytes: usize) {
        let was_full = Lane::ALL.map(|lane| self.is_full(lane));
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
        if was_full != Lane::ALL.map(|lane| self.is_full(lane)) {
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

    fn used_bytes(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_full_of_events_has_room_for_control() {
        let budget = Budget::new(100);
        budget.take(100);
        assert!(budget.is_full(Lane::Events) && !budget.is_full(Lane::Control));
        budget.take(CONTROL_RESERVE_BYTES);
        assert!(budget.is_full(Lane::Control));
        assert_eq!(budget.left_bytes(), 0);
        budget.give_back(1);
        assert!(budget.is_full(Lane::Events) && !budget.is_full(Lane::Control));
    }
}
