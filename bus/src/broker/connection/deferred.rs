//! Events of a client that wait for a full `block` subscriber, in order.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use tokio::time::Instant;

/// Encoded events not yet routed, oldest first, and what the oldest waits for.
#[derive(Debug, Default)]
pub(super) struct Deferred {
    /// Each with the length of the frame it came in, bytes.
    events: VecDeque<(Box<[u8]>, usize)>,
    frame_bytes: usize,
    waiting: Option<Wait>,
}

/// What the oldest event waits for.
#[derive(Debug)]
pub(super) struct Wait {
    room: Arc<Notify>,
    notified: Pin<Box<OwnedNotified>>,
    since: Instant,
}

impl Wait {
    /// Begins to wait: from here on no notification is missed.
    pub(super) fn begin(room: Arc<Notify>) -> Self {
        let mut notified = Box::pin(Arc::clone(&room).notified_owned());
        notified.as_mut().enable();
        Self { room, notified, since: Instant::now() }
    }

    pub(super) fn is_for(&self, room: &Arc<Notify>) -> bool {
        Arc::ptr_eq(&self.room, room)
    }
}

impl Deferred {
    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Bytes of the frames these events came in: as the publish window counts them.
    pub(super) fn frame_bytes(&self) -> usize {
        self.frame_bytes
    }

    pub(super) fn push(&mut self, event: &[u8], frame_bytes: usize) {
        self.frame_bytes += frame_bytes;
        self.events.push_back((event.into(), frame_bytes));
    }

    /// The oldest event, lent out: [`take_back`](Self::take_back) or [`pop`](Self::pop) comes next.
    pub(super) fn lend_oldest(&mut self) -> Option<Box<[u8]>> {
        self.events.front_mut().map(|(event, _)| std::mem::take(event))
    }

    /// The event that was lent out must wait on.
    pub(super) fn take_back(&mut self, event: Box<[u8]>) {
        if let Some((place, _)) = self.events.front_mut() {
            *place = event;
        }
    }

    pub(super) fn pop(&mut self) {
        if let Some((_, frame_bytes)) = self.events.pop_front() {
            self.frame_bytes -= frame_bytes;
        }
        self.waiting = None;
    }

    /// Waits for another room; the oldest event's limit goes on.
    pub(super) fn wait_for(&mut self, mut wait: Wait) {
        if let Some(before) = &self.waiting {
            wait.since = before.since;
        }
        self.waiting = Some(wait);
    }

    /// When the oldest event began to wait.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        self.waiting.as_ref().map(|wait| wait.since)
    }

    /// Waits for room; for ever when nothing waits. Cancel safe.
    pub(super) async fn room(&mut self) {
        match &mut self.waiting {
            Some(wait) => wait.notified.as_mut().await,
            None => std::future::pending().await,
        }
    }
}
