//! What goes through the ring: events, and what callers ask of the worker, in one order. So an
//! answer tells of everything that was accepted before it was asked for.

use daemoneye_eventbus::{EventBusStatistics, SubscribeError, UnsubscribeError};
use tokio::sync::oneshot;

use super::slot::Slot;
use crate::draft::Draft;

/// One message to the worker.
pub(super) enum Message {
    /// An accepted event.
    Event(Box<Draft>),
    Subscribe {
        slot: Box<Slot>,
        reply: oneshot::Sender<Result<(), SubscribeError>>,
    },
    Unsubscribe {
        id: String,
        reply: oneshot::Sender<Result<(), UnsubscribeError>>,
    },
    Statistics {
        reply: oneshot::Sender<EventBusStatistics>,
    },
    /// Wakes a worker that sleeps, so that it sees that the bus is closing.
    Nudge,
}
