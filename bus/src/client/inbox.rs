//! The receiving side of a remote subscription: a local queue that gives credit back and
//! acknowledges what must be.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::link::{Alive, Link};
use super::standing::Standing;
use crate::contract::{Delivery, Inbox, QueueInbox, Resumed, TryRecvError};

/// Share of the window taken before credit is given back: often enough that the broker never
/// runs dry, seldom enough to cost nothing.
const CREDIT_SHARE: u64 = 4;

/// Receives what the reader queued for one subscription.
pub(super) struct RemoteInbox {
    /// There until this is dropped.
    queue: Option<QueueInbox>,
    link: Arc<Link>,
    standing: Arc<Standing>,
    /// Events taken and not yet given back.
    taken: u64,
    give_back_at: u64,
    _alive: Arc<Alive>,
}

impl RemoteInbox {
    pub(super) fn new(
        queue: QueueInbox,
        link: Arc<Link>,
        alive: Arc<Alive>,
        standing: Arc<Standing>,
        window: u64,
    ) -> Self {
        let give_back_at = (window / CREDIT_SHARE).max(1);
        Self { queue: Some(queue), link, standing, taken: 0, give_back_at, _alive: alive }
    }

    fn took(&mut self, delivery: Delivery) -> Delivery {
        if let Some((number, position)) = self.standing.taken(delivery.position) {
            self.link.acknowledge(&self.standing, number, position);
        }
        self.taken += 1;
        if self.taken >= self.give_back_at {
            self.link.give_credit(&self.standing, std::mem::take(&mut self.taken));
        }
        delivery
    }
}

impl Inbox for RemoteInbox {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        let Some(queue) = &mut self.queue else { return Poll::Ready(None) };
        queue.poll_next(cx).map(|next| next.map(|delivery| self.took(delivery)))
    }

    fn try_next(&mut self) -> Result<Delivery, TryRecvError> {
        let queue = self.queue.as_mut().ok_or(TryRecvError::Ended)?;
        queue.try_next().map(|delivery| self.took(delivery))
    }

    fn lagged(&self) -> u64 {
        self.queue.as_ref().map_or(0, Inbox::lagged)
    }

    fn resumed(&self) -> Resumed {
        self.standing.resumed()
    }
}

impl Drop for RemoteInbox {
    fn drop(&mut self) {
        let has_ended = self.queue.as_ref().is_none_or(QueueInbox::has_ended);
        // First, so that whoever gives the subscription a new number sees that nobody receives.
        self.queue = None;
        if !has_ended && let Some(number) = self.standing.number() {
            self.link.end_subscription(number);
        }
    }
}
