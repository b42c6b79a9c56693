//! What publishers and the routing thread share: tickets, room, and how to get its attention.
//!
//! A publisher takes a ticket before it offers an event and either gets it into the central queue
//! or gives it back, without an await in between. So the routing thread knows at shutdown how many
//! events are still to come, and none that was accepted is overlooked (C13), at the price of the
//! one atomic addition that also numbers the event.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence};

use crossbeam::utils::CachePadded;
use tokio::sync::Notify;

/// Set in the ticket counter once no ticket is given out any more.
const CLOSED: u64 = 1 << 63;

/// Shared by all publishers and the routing thread. Groups that different threads write are kept
/// on cache lines of their own.
#[derive(Debug, Default)]
pub(super) struct Gate {
    publishers: CachePadded<Publishers>,
    waiters: CachePadded<AtomicUsize>,
    router: CachePadded<RouterFlags>,
    room: Notify,
}

#[derive(Debug, Default)]
struct Publishers {
    /// Tickets given out, and [`CLOSED`].
    tickets: AtomicU64,
    /// Tickets given back: no room, or the bus is gone.
    returned: AtomicU64,
    /// Events accepted.
    published: AtomicU64,
    /// One more than the tickets given out before the end; 0 while open.
    tickets_at_end: AtomicU64,
}

#[derive(Debug, Default)]
struct RouterFlags {
    /// The routing thread sleeps, or is about to: it must be nudged.
    idle: AtomicBool,
    /// A caller left a request.
    requested: AtomicBool,
}

/// One publisher waiting for room; counts while it lives.
pub(super) struct Waiter<'a>(&'a Gate);

impl Gate {
    /// A ticket, from 1; `None` once closed.
    pub(super) fn ticket(&self) -> Option<u64> {
        let before = self.publishers.tickets.fetch_add(1, Ordering::AcqRel);
        (before & CLOSED == 0).then_some(before + 1)
    }

    /// The ticket's event is in the central queue.
    pub(super) fn accepted(&self) {
        self.publishers.published.fetch_add(1, Ordering::Relaxed);
    }

    /// The ticket's event is not in the central queue and will not be.
    pub(super) fn give_back(&self) {
        self.publishers.returned.fetch_add(1, Ordering::Release);
    }

    /// Gives out no more tickets. Returns whether this call closed the gate.
    pub(super) fn close(&self) -> bool {
        let before = self.publishers.tickets.fetch_or(CLOSED, Ordering::AcqRel);
        let closed_now = before & CLOSED == 0;
        if closed_now {
            self.publishers.tickets_at_end.store(before + 1, Ordering::Release);
        }
        self.room.notify_waiters();
        closed_now
    }

    /// Tickets given out in all, once the gate is closed.
    pub(super) fn tickets_at_end(&self) -> Option<u64> {
        self.publishers.tickets_at_end.load(Ordering::Acquire).checked_sub(1)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.publishers.tickets.load(Ordering::Acquire) & CLOSED != 0
    }

    /// The highest ticket so far: an event with a higher one was published after this call began.
    pub(super) fn highest_ticket(&self) -> u64 {
        self.publishers.tickets.load(Ordering::Acquire) & !CLOSED
    }

    pub(super) fn returned(&self) -> u64 {
        self.publishers.returned.load(Ordering::Acquire)
    }

    pub(super) fn published(&self) -> u64 {
        self.publishers.published.load(Ordering::Relaxed)
    }

    /// Announces a publisher that found no room. It must look once more before it sleeps.
    pub(super) fn wait(&self) -> Waiter<'_> {
        self.waiters.fetch_add(1, Ordering::SeqCst);
        Waiter(self)
    }

    /// Tells waiting publishers that `events` places became free. The routing thread calls it
    /// once per batch and before every wait of its own, so that the fence is rarely paid.
    pub(super) fn announce_room(&self, events: usize) {
        fence(Ordering::SeqCst);
        let waiters = self.waiters.load(Ordering::Relaxed);
        for _ in 0..waiters.min(events) {
            self.room.notify_one();
        }
    }

    /// The routing thread is about to sleep. Returns whether it may: nobody asks for anything.
    pub(super) fn fall_idle(&self) -> bool {
        self.router.idle.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        !self.has_request()
    }

    pub(super) fn wake_up(&self) {
        self.router.idle.store(false, Ordering::Relaxed);
    }

    /// A caller left a request. Returns whether the routing thread sleeps and needs a nudge.
    pub(super) fn request(&self) -> bool {
        self.router.requested.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        self.router.idle.load(Ordering::Relaxed)
    }

    pub(super) fn has_request(&self) -> bool {
        self.router.requested.load(Ordering::Acquire)
    }

    /// Whether requests came since the last call.
    pub(super) fn take_request(&self) -> bool {
        self.has_request() && self.router.requested.swap(false, Ordering::AcqRel)
    }
}

impl Waiter<'_> {
    /// The next announcement of room, or of the end.
    pub(super) fn room(&self) -> tokio::sync::futures::Notified<'_> {
        self.0.room.notified()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.waiters.fetch_sub(1, Ordering::SeqCst);
    }
}
