//! The receiver's end: takes out of the ring what is for its subscription.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use daemoneye_eventbus::TryRecvError;
use daemoneye_eventbus::contract::{Delivery, Inbox};
use tokio::sync::broadcast::{self, error};

use super::published::Published;
use super::ring::{Admitted, Ring};
use super::standing::Standing;

/// The receiving end, inside an `EventReceiver`.
pub(super) struct RingInbox {
    id: String,
    key: u64,
    /// Events asked for when subscribing.
    replayed: VecDeque<Delivery>,
    channel: broadcast::Receiver<Arc<Published>>,
    standing: Arc<Standing>,
    /// Not owned: receivers do not keep a bus alive that nobody can publish to.
    ring: Weak<Ring>,
    /// Whether its owner was told that events are lost.
    has_warned: bool,
}

impl RingInbox {
    /// The end of a new subscription.
    pub(super) fn new(id: String, admitted: Admitted, ring: Weak<Ring>) -> Self {
        let Admitted { key, replayed, channel, standing } = admitted;
        Self { id, key, replayed, channel, standing, ring, has_warned: false }
    }

    /// The event as it is for this subscription, unless it is for others or counts as lost.
    fn claim(&self, published: &Published) -> Option<Delivery> {
        let delivery = published.delivery_to(self.key)?;
        self.standing.receive(delivery.position).then_some(delivery)
    }

    /// Once: whoever reads on should know that it is not everything.
    fn warn_of_losses(&mut self) {
        let lost = self.standing.lost();
        if lost > 0 && !self.has_warned {
            self.has_warned = true;
            tracing::warn!(subscriber = %self.id, lost, "lagged behind the ring and lost events");
        }
    }
}

impl Inbox for RingInbox {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Delivery>> {
        match self.try_next() {
            Ok(delivery) => return Poll::Ready(Some(delivery)),
            Err(TryRecvError::Ended) => return Poll::Ready(None),
            Err(TryRecvError::Empty) => self.standing.sleep(cx.waker()),
        }
        // Whatever came before the waker was left is seen now; whatever comes later finds it.
        match self.try_next() {
            Ok(delivery) => Poll::Ready(Some(delivery)),
            Err(TryRecvError::Ended) => Poll::Ready(None),
            Err(TryRecvError::Empty) => Poll::Pending,
        }
    }

    fn try_next(&mut self) -> Result<Delivery, TryRecvError> {
        if let Some(delivery) = self.replayed.pop_front() {
            return Ok(delivery);
        }
        self.warn_of_losses();
        loop {
            if self.standing.has_ended() {
                return self.standing.take_rest().ok_or(TryRecvError::Ended);
            }
            match self.channel.try_recv() {
                Ok(published) => {
                    if let Some(delivery) = self.claim(&published) {
                        return Ok(delivery);
                    }
                }
                // Who pushed them out has counted them.
                Err(error::TryRecvError::Lagged(_)) => {}
                // A bus that is gone has ended its subscriptions first.
                Err(error::TryRecvError::Empty | error::TryRecvError::Closed) => {
                    return Err(TryRecvError::Empty);
                }
            }
        }
    }

    fn lagged(&self) -> u64 {
        self.standing.lost()
    }
}

impl Drop for RingInbox {
    fn drop(&mut self) {
        // The ring may be the last to hold the standing, and then drops it under its lock.
        drop(self.standing.take_sleeper());
        if let Some(ring) = self.ring.upgrade() {
            ring.leave(self.key);
        }
    }
}
