//! The lightest way to wait for a future on a thread of one's own: park and unpark.
//!
//! In-process buses are the reference; running their futures here, with no reactor between,
//! means that the reference is not handicapped by the harness.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

/// Runs futures on the thread that made it.
pub(super) struct Executor {
    signal: Arc<Signal>,
    /// Made once: a waker per publish would be an allocation per event.
    waker: Waker,
}

struct Signal {
    thread: Thread,
    /// Set by `wake`: a park may return by itself, and must then not poll again.
    woken: AtomicBool,
}

impl Executor {
    /// For the calling thread.
    pub(super) fn for_this_thread() -> Self {
        let signal =
            Arc::new(Signal { thread: std::thread::current(), woken: AtomicBool::new(false) });
        Self { waker: Waker::from(Arc::clone(&signal)), signal }
    }

    /// Waits for a future; only on the thread the executor was made on.
    pub(super) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut context = Context::from_waker(&self.waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            while !self.signal.woken.swap(false, Ordering::Acquire) {
                std::thread::park();
            }
        }
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}
