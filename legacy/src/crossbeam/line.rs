//! The line between the routing thread and one receiver: a crossbeam channel and a bell.
//!
//! The channel carries the events; the bell wakes the receiving task, if it sleeps. Whether the
//! task sleeps is one flag, so a busy receiver costs the routing thread a fence and a load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::task::{Context, Poll, Waker};

use crossbeam::channel::{self, Receiver, Sender};
use daemoneye_eventbus::TryRecvError;
use daemoneye_eventbus::contract::{Delivery, Inbox};
use parking_lot::Mutex;

/// What both ends of a line share besides the channel.
#[derive(Debug, Default)]
pub(super) struct Bell {
    /// The receiving task registered its waker and found nothing since.
    asleep: AtomicBool,
    waker: Mutex<Option<Waker>>,
    /// The receiver was dropped.
    gone: AtomicBool,
    /// Events lost by policy; written by the routing thread alone.
    lagged: AtomicU64,
}

/// The receiving end, inside an `EventReceiver`.
pub(super) struct LineInbox {
    queue: Receiver<Delivery>,
    bell: Arc<Bell>,
}

/// A line that holds `capacity` events: the way in, the bell, the receiver.
pub(super) fn line(capacity: usize) -> (Sender<Delivery>, Arc<Bell>, LineInbox) {
    let (sender, queue) = channel::bounded(capacity);
    let bell = Arc::new(Bell::default());
    (sender, Arc::clone(&bell), LineInbox { queue, bell })
}

impl Bell {
    /// After an event was sent or the line ended: wakes the receiver if it sleeps.
    pub(super) fn ring(&self) {
        // Pairs with the fence in `register`: either this sees the flag, or the receiver's second
        // look sees the event.
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) && self.asleep.swap(false, Ordering::AcqRel) {
            let waker = self.waker.lock().take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Before the receiver sleeps; it must look once more afterwards.
    fn register(&self, waker: &Waker) {
        *self.waker.lock() = Some(waker.clone());
        self.asleep.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    pub(super) fn set_lagged(&self, events: u64) {
        self.lagged.store(events, Ordering::Release);
    }
}

impl LineInbox {
    /// A second receiver of the same queue, for a routing thread that displaces the oldest event.
    pub(super) fn queue(&self) -> Receiver<Delivery> {
        self.queue.clone()
    }
}

impl Inbox for LineInbox {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        match self.try_next() {
            Ok(delivery) => return Poll::Ready(Some(delivery)),
            Err(TryRecvError::Ended) => return Poll::Ready(None),
            Err(TryRecvError::Empty) => self.bell.register(cx.waker()),
        }
        let second_look = self.try_next();
        if second_look.is_ok() {
            self.bell.asleep.store(false, Ordering::Relaxed);
        }
        match second_look {
            Ok(delivery) => Poll::Ready(Some(delivery)),
            Err(TryRecvError::Ended) => Poll::Ready(None),
            Err(TryRecvError::Empty) => Poll::Pending,
        }
    }

    fn try_next(&mut self) -> Result<Delivery, TryRecvError> {
        self.queue.try_recv().map_err(|error| match error {
            channel::TryRecvError::Empty => TryRecvError::Empty,
            channel::TryRecvError::Disconnected => TryRecvError::Ended,
        })
    }

    fn lagged(&self) -> u64 {
        self.bell.lagged.load(Ordering::Acquire)
    }
}

impl Drop for LineInbox {
    fn drop(&mut self) {
        self.bell.gone.store(true, Ordering::Release);
    }
}
