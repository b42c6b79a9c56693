//! The receiving side of a remote subscription: a local queue that gives credit back.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::session::{Alive, Session};
use crate::contract::{Delivery, Inbox, QueueInbox, TryRecvError};
use crate::wire::proto::{self, frame::Body};

/// Share of the window taken before credit is given back: often enough that the broker never
/// runs dry, seldom enough to cost nothing.
const CREDIT_SHARE: u64 = 4;

/// Receives what the reader queued for one subscription.
pub(super) struct RemoteInbox {
    queue: QueueInbox,
    session: Arc<Session>,
    subscription: u32,
    /// Events taken and not yet given back.
    taken: u64,
    give_back_at: u64,
    _alive: Arc<Alive>,
}

impl RemoteInbox {
    pub(super) fn new(
        queue: QueueInbox,
        session: Arc<Session>,
        alive: Arc<Alive>,
        subscription: u32,
        window: u64,
    ) -> Self {
        let give_back_at = (window / CREDIT_SHARE).max(1);
        Self { queue, session, subscription, taken: 0, give_back_at, _alive: alive }
    }

    fn took(&mut self, delivery: Delivery) -> Delivery {
        self.taken += 1;
        if self.taken >= self.give_back_at {
            let credit = proto::Credit { subscription: self.subscription, events: self.taken };
            self.session.send(Body::Credit(credit));
            self.taken = 0;
        }
        delivery
    }
}

impl Inbox for RemoteInbox {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        self.queue.poll_next(cx).map(|next| next.map(|delivery| self.took(delivery)))
    }

    fn try_next(&mut self) -> Result<Delivery, TryRecvError> {
        self.queue.try_next().map(|delivery| self.took(delivery))
    }

    fn lagged(&self) -> u64 {
        self.queue.lagged()
    }
}

impl Drop for RemoteInbox {
    fn drop(&mut self) {
        if !self.queue.has_ended() && !self.session.is_over() {
            let request = proto::UnsubscribeRequest {
                subscription: Some(self.subscription),
                ..Default::default()
            };
            self.session.send(Body::Unsubscribe(request));
        }
    }
}
