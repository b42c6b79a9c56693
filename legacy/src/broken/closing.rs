//! What inboxes learn of their bus's end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

/// Whether a bus is shut down, and who waits for that.
#[derive(Debug, Default)]
pub(super) struct Closing {
    is_shut_down: AtomicBool,
    /// Tasks that wait for an end that only a shutdown brings.
    waiting: Mutex<Vec<Waker>>,
}

impl Closing {
    /// Says that the bus is shut down; returns whether it was already.
    pub(super) fn shut_down(&self) -> bool {
        let was = self.is_shut_down.swap(true, Ordering::SeqCst);
        self.waiting.lock().drain(..).for_each(Waker::wake);
        was
    }

    pub(super) fn is_shut_down(&self) -> bool {
        self.is_shut_down.load(Ordering::SeqCst)
    }

    /// Leaves a task waiting; ready once the bus is shut down.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        let mut waiting = self.waiting.lock();
        if self.is_shut_down() {
            return Poll::Ready(());
        }
        waiting.push(cx.waker().clone());
        Poll::Pending
    }
}
