//! How far one subscription has come: which of its events are received, which lost, which still in
//! the ring (C11, C12).
//!
//! Both ends settle its events in their order, each exactly once: the receiver by taking one, the
//! publisher by pushing one out of the ring. Whoever comes second finds it settled. So what counts
//! as lost never arrives, and what arrives never counts as lost.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Waker;

use daemoneye_eventbus::contract::Delivery;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Shared by the ring and one receiver.
#[derive(Debug)]
pub(super) struct Standing {
    /// The position up to which every event was received or lost.
    settled: AtomicU64,
    /// How many of them were lost; written under the ring's lock alone.
    lost: AtomicU64,
    /// The subscription has ended; what it had not received then is in `rest`.
    ended: AtomicBool,
    /// Out of the ring's reach. A lock, since both ends take part while the subscription ends.
    rest: Mutex<VecDeque<Delivery>>,
    /// The receiving task, while it waits.
    sleeper: Mutex<Option<Waker>>,
    /// Told of every event received, if publishers may wait for that.
    room: Option<Arc<Notify>>,
}

impl Standing {
    /// Of a subscription that has received so many events to begin with.
    pub(super) fn after(received: u64, room: Option<Arc<Notify>>) -> Self {
        Self {
            settled: AtomicU64::new(received),
            lost: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            rest: Mutex::default(),
            sleeper: Mutex::default(),
            room,
        }
    }

    /// The receiver takes the event at a position; `false` if it counts as lost.
    pub(super) fn receive(&self, position: u64) -> bool {
        let is_first = self.settle(position);
        if let (true, Some(room)) = (is_first, &self.room) {
            room.notify_waiters();
        }
        is_first
    }

    /// The event at a position is pushed out; lost, unless it was received.
    pub(super) fn push_out(&self, position: u64) {
        if self.settle(position) {
            self.lost.fetch_add(1, Ordering::Release);
        }
    }

    /// Whether the event at a position was received or lost.
    pub(super) fn is_settled(&self, position: u64) -> bool {
        self.settled.load(Ordering::Acquire) >= position
    }

    /// Whether publishers wait for it.
    pub(super) fn holds(&self) -> bool {
        self.room.is_some()
    }

    /// Events lost so far.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Acquire)
    }

    /// Events received so far. Exact under the ring's lock, where none is lost meanwhile.
    pub(super) fn received(&self) -> u64 {
        self.settled.load(Ordering::Acquire) - self.lost()
    }

    /// The subscription ends after so many events. `left` is given the position up to which they
    /// are settled and returns those behind it. Whoever calls it wakes the receiver afterwards.
    pub(super) fn end(&self, matched: u64, left: impl FnOnce(u64) -> VecDeque<Delivery>) {
        let mut rest = self.rest.lock();
        // From here on the receiver takes nothing more out of the ring.
        *rest = left(self.settled.swap(matched, Ordering::AcqRel));
        self.ended.store(true, Ordering::Release);
    }

    /// Whether the subscription has ended: what is left is its [rest](Self::take_rest).
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// The next event of an ended subscription.
    pub(super) fn take_rest(&self) -> Option<Delivery> {
        self.rest.lock().pop_front()
    }

    /// Before the receiver sleeps; it must look once more afterwards.
    pub(super) fn sleep(&self, waker: &Waker) {
        *self.sleeper.lock() = Some(waker.clone());
    }

    /// After an event was sent or the subscription ended. Never called under the ring's lock: a
    /// task that is woken may be dropped there and then, with its receiver.
    pub(super) fn wake(&self) {
        if let Some(sleeper) = self.take_sleeper() {
            sleeper.wake();
        }
    }

    /// Nobody waits any more. Whoever takes the task drops it, or wakes it, outside of all locks.
    pub(super) fn take_sleeper(&self) -> Option<Waker> {
        self.sleeper.lock().take()
    }

    /// Settles the event at a position; `false` if it was settled before. All before it are.
    fn settle(&self, position: u64) -> bool {
        let before = position - 1;
        let settling =
            self.settled.compare_exchange(before, position, Ordering::AcqRel, Ordering::Acquire);
        settling.is_ok()
    }
}
