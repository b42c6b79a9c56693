//! A bounded queue between a bus and one receiver in the same process.
//!
//! The sending side never waits: what to do at a full queue is the bus's decision (C11).
//! A lock guards the queue, never held across an await. A connected client takes it once per read
//! round; a bus in the receiver's own process takes it for each event.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{Delivery, EventReceiver, Inbox, TryRecvError};

/// The sending side; cheap to clone. The receiving side is an [`EventReceiver`].
#[derive(Debug, Clone)]
pub struct DeliveryQueue {
    shared: Arc<Shared>,
}

/// What came of a delivery that was queued.
#[derive(Debug)]
#[must_use = "a receiver that sleeps must be woken"]
pub struct Pushed {
    /// The oldest one went for it, and is counted as lagged.
    pub displaced: bool,
    /// The receiving task, if it waits: whoever pushed wakes it, at once or after all it has to push.
    pub sleeper: Option<Waker>,
}

impl Pushed {
    /// Wakes the receiver, if it waits.
    pub fn wake(self) {
        if let Some(sleeper) = self.sleeper {
            sleeper.wake();
        }
    }
}

/// Why a delivery was not queued; it comes back.
#[derive(Debug)]
pub enum PushError {
    /// The queue holds `capacity` events.
    Full(Delivery),
    /// The receiver is gone (C10).
    Closed(Delivery),
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Told whenever a full queue gets room, when the receiver goes and when it ends.
    room: Arc<Notify>,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Delivery>,
    /// The receiving task, while it waits.
    receiver: Option<Waker>,
    lagged: u64,
    /// Events taken by the receiver so far.
    taken: u64,
    ended: bool,
    receiver_gone: bool,
}

impl DeliveryQueue {
    /// A queue of at most `capacity` events, and its receiver.
    pub fn bounded(capacity: usize) -> (Self, EventReceiver) {
        let (queue, inbox) = Self::with_inbox(capacity);
        (queue, EventReceiver::new(inbox))
    }

    /// The same, for a bus that adds something of its own to receiving.
    pub fn with_inbox(capacity: usize) -> (Self, QueueInbox) {
        let shared = Arc::new(Shared { state: Mutex::default(), room: Arc::default(), capacity });
        let inbox = QueueInbox { shared: Arc::clone(&shared) };
        (Self { shared }, inbox)
    }

    /// Appends a delivery if there is room.
    pub fn try_push(&self, delivery: Delivery) -> Result<Pushed, PushError> {
        self.try_push_beyond(delivery, 0)
    }

    /// The same where so many events more than `capacity` may be queued.
    pub fn try_push_beyond(&self, delivery: Delivery, reserve: usize) -> Result<Pushed, PushError> {
        let mut state = self.shared.state.lock();
        if state.receiver_gone {
            return Err(PushError::Closed(delivery));
        }
        if state.queue.len() >= self.shared.capacity + reserve {
            return Err(PushError::Full(delivery));
        }
        state.queue.push_back(delivery);
        Ok(Pushed { displaced: false, sleeper: state.receiver.take() })
    }

    /// Appends deliveries for which the sender knows that there is room, at one lock for all, and
    /// wakes the receiver. Without a receiver they are dropped.
    pub fn push_granted(&self, deliveries: &mut Vec<Delivery>) {
        let mut state = self.shared.state.lock();
        if state.receiver_gone {
            deliveries.clear();
            return;
        }
        state.queue.extend(deliveries.drain(..));
        wake(state);
    }

    /// Appends a delivery; at a full queue the oldest one goes, and is counted as lagged.
    pub fn push_displacing_oldest(&self, delivery: Delivery) -> Result<Pushed, PushError> {
        let mut state = self.shared.state.lock();
        if state.receiver_gone {
            return Err(PushError::Closed(delivery));
        }
        let displaced = state.queue.len() >= self.shared.capacity;
        if displaced {
            state.queue.pop_front();
            state.lagged += 1;
        }
        state.queue.push_back(delivery);
        Ok(Pushed { displaced, sleeper: state.receiver.take() })
    }

    /// Counts events lost before they reached the queue.
    pub fn add_lagged(&self, events: u64) {
        self.shared.state.lock().lagged += events;
    }

    /// Sets the count of events lost before they reached the queue; it never decreases.
    pub fn raise_lagged(&self, events: u64) {
        let mut state = self.shared.state.lock();
        state.lagged = state.lagged.max(events);
    }

    /// Events lost so far.
    pub fn lagged(&self) -> u64 {
        self.shared.state.lock().lagged
    }

    /// Nothing more will come: the receiver drains, then ends.
    pub fn end(&self) {
        let mut state = self.shared.state.lock();
        state.ended = true;
        wake(state);
        // Nobody needs to wait for its room any more.
        self.shared.room.notify_waiters();
    }

    /// Whether the receiver was dropped.
    pub fn is_closed(&self) -> bool {
        self.shared.state.lock().receiver_gone
    }

    /// Whether the next [`try_push`](Self::try_push) would find the queue full.
    pub fn is_full(&self) -> bool {
        self.is_full_beyond(0)
    }

    /// The same for [`try_push_beyond`](Self::try_push_beyond).
    pub fn is_full_beyond(&self, reserve: usize) -> bool {
        let state = self.shared.state.lock();
        !state.receiver_gone && state.queue.len() >= self.shared.capacity + reserve
    }

    /// Events waiting for the receiver.
    pub fn len(&self) -> usize {
        self.shared.state.lock().queue.len()
    }

    /// Whether no event waits for the receiver.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Events the receiver has taken so far.
    pub fn taken(&self) -> u64 {
        self.shared.state.lock().taken
    }

    /// Told whenever a full queue gets room, when the receiver goes and when it ends. To wait without missing
    /// it: create the `Notified`, enable it, look again, then await.
    pub fn room_signal(&self) -> &Arc<Notify> {
        &self.shared.room
    }

    /// Waits until the queue has room or its receiver is gone. Cancel safe.
    pub async fn room(&self) {
        loop {
            let notified = self.shared.room.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if !self.is_full() {
                return;
            }
            notified.await;
        }
    }
}

fn wake(mut state: parking_lot::MutexGuard<'_, State>) {
    let waker = state.receiver.take();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The receiving side of a [`DeliveryQueue`].
#[derive(Debug)]
pub struct QueueInbox {
    shared: Arc<Shared>,
}

impl QueueInbox {
    /// Whether the sender has ended the queue.
    pub fn has_ended(&self) -> bool {
        self.shared.state.lock().ended
    }

    fn pop(&self, state: &mut State) -> Result<Delivery, TryRecvError> {
        let was_full = state.queue.len() >= self.shared.capacity;
        match state.queue.pop_front() {
            Some(delivery) => {
                state.taken += 1;
                if was_full {
                    self.shared.room.notify_waiters();
                }
                Ok(delivery)
            }
            None if state.ended => Err(TryRecvError::Ended),
            None => Err(TryRecvError::Empty),
        }
    }
}

impl Inbox for QueueInbox {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let mut state = self.shared.state.lock();
        match self.pop(&mut state) {
            Ok(delivery) => Poll::Ready(Some(delivery)),
            Err(TryRecvError::Ended) => Poll::Ready(None),
            Err(TryRecvError::Empty) => {
                state.receiver = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn try_next(&mut self) -> Result<Delivery, TryRecvError> {
        let mut state = self.shared.state.lock();
        self.pop(&mut state)
    }

    fn lagged(&self) -> u64 {
        self.shared.state.lock().lagged
    }
}

impl Drop for QueueInbox {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        state.receiver_gone = true;
        let abandoned = std::mem::take(&mut state.queue);
        drop(state);
        drop(abandoned);
        self.shared.room.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
