//! The receiving end of a subscription, the same for every bus.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::{BusEvent, Resumed, TryRecvError};

/// One event on its way to one subscription.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The event, shared by all its receivers.
    pub event: Arc<BusEvent>,
    /// Its number among the events that matched this subscription, from 1; a gap is a loss.
    pub position: u64,
}

/// Where a bus puts the events of one subscription. Implemented once per kind of queue.
///
/// Dropping it ends the subscription (C10).
pub trait Inbox: Send {
    /// The next event, `None` after the last one; wakes the task when there is news.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>>;

    /// The next event, if one is waiting.
    fn try_next(&mut self) -> Result<Delivery, TryRecvError>;

    /// Events lost so far by this subscription's policy.
    fn lagged(&self) -> u64;

    /// How often the subscription was taken up again after its connection broke (W5).
    fn resumed(&self) -> Resumed {
        Resumed::default()
    }
}

/// Receives the events of one subscription, in order.
///
/// Also a [`Stream`]. Dropping it ends the subscription. Receiving is cancel safe: an event is
/// taken only by the call that returns it.
pub struct EventReceiver {
    inbox: Box<dyn Inbox>,
    position: u64,
}

impl EventReceiver {
    /// A receiver over a bus's own queue.
    pub fn new(inbox: impl Inbox + 'static) -> Self {
        Self { inbox: Box::new(inbox), position: 0 }
    }

    /// The next event, or `None` when the subscription has ended and is drained (C13).
    pub async fn recv(&mut self) -> Option<Arc<BusEvent>> {
        std::future::poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// The next event, if one is waiting.
    pub fn try_recv(&mut self) -> Result<Arc<BusEvent>, TryRecvError> {
        let delivery = self.inbox.try_next()?;
        self.position = delivery.position;
        Ok(delivery.event)
    }

    /// [`recv`](Self::recv) for hand-written futures.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Arc<BusEvent>>> {
        self.inbox.poll_next(cx).map(|next| {
            next.map(|delivery| {
                self.position = delivery.position;
                delivery.event
            })
        })
    }

    /// Events this subscription lost so far by its policy (C11), and with broken connections as
    /// far as their number is known (W5).
    pub fn lagged(&self) -> u64 {
        self.inbox.lagged()
    }

    /// How often the subscription was taken up again after its connection broke, and what that
    /// cost (W5). Never for a bus in the receiver's own process.
    pub fn resumed(&self) -> Resumed {
        self.inbox.resumed()
    }

    /// Number of the last received event among those that matched, from 1; 0 before the first.
    /// It jumps by more than one where events were lost.
    pub fn position(&self) -> u64 {
        self.position
    }
}

impl Stream for EventReceiver {
    type Item = Arc<BusEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_recv(cx)
    }
}

impl std::fmt::Debug for EventReceiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventReceiver").field("position", &self.position).finish_non_exhaustive()
    }
}
