//! What callers ask of the routing thread. It answers between two events, and also while it
//! waits for a full subscriber.

use std::time::Instant;

use daemoneye_eventbus::{ShutdownError, SubscribeError, SubscriptionStatistics, UnsubscribeError};
use tokio::sync::oneshot;

use super::slot::Slot;

/// Requests that may wait for the routing thread; further callers wait their turn.
pub(super) const CONTROL_CAPACITY: usize = 64;

/// What travels in the central queue.
pub(super) enum Message {
    /// An accepted event.
    Event(std::sync::Arc<daemoneye_eventbus::BusEvent>),
    /// Wakes a sleeping routing thread, so that it looks at its requests.
    Nudge,
}

/// One request with the way to answer it.
pub(super) enum Control {
    Subscribe { slot: Box<Slot>, reply: oneshot::Sender<Result<(), SubscribeError>> },
    Unsubscribe { id: String, reply: oneshot::Sender<Result<(), UnsubscribeError>> },
    Statistics { reply: oneshot::Sender<Report> },
    Shutdown(Closing),
}

/// An order to end.
pub(super) struct Closing {
    /// When to stop waiting for subscribers; `None` when that is beyond the clock.
    pub(super) deadline: Option<Instant>,
    /// When the order was given.
    pub(super) ordered: Instant,
    pub(super) reply: oneshot::Sender<Result<(), ShutdownError>>,
}

/// The routing thread's figures.
#[derive(Debug, Clone, Default)]
pub(super) struct Report {
    pub(super) delivered: u64,
    pub(super) dropped: u64,
    pub(super) active: usize,
    pub(super) subscriptions: Vec<SubscriptionStatistics>,
}
