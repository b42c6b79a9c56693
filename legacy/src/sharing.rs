//! The multiplexer: one ring, one worker, and for each subscriber a filter and a bounded queue
//! (CONTRACT §7).
//!
//! The worker tries each queue once and waits for none, so nobody delays anybody: who has no room
//! loses that event, and it counts as lost by that subscriber alone. It also completes events: a
//! registration binds the session a connector knows to the one the agent knows, and later events
//! that name only the former leave the bus with both.
//!
//! What departs from the contract, being what this bus is: no publisher waits for a subscriber, so a
//! `block` subscription loses like `drop-newest` (C11); and the session is added to what was sent
//! (C6).
//!
//! - `config`: settings; `bus`: the handle publishers and subscribers use; `message`: what goes
//!   through the ring;
//! - `worker`: the thread that shares events out; `slot`: one subscription in it;
//! - `filter`, `session`, `binding`: what of the native subscriptions and sessions is this bus's own.

mod binding;
mod bus;
mod config;
mod filter;
mod message;
mod session;
mod slot;
mod worker;

pub use binding::MAX_BINDINGS;
pub use bus::{DEFAULT_QUEUE_CAPACITY_EVENTS, SharingEventBus, Subscribed};
pub use config::{
    DEFAULT_PUBLISH_LIMIT, DEFAULT_RING_CAPACITY_EVENTS, DEFAULT_SUBSCRIBER_LIMIT,
    MAX_RING_CAPACITY_EVENTS, SharingConfig, StartError,
};
pub use filter::SharingFilter;
pub use session::{MAX_SESSION_ID_BYTES, SessionId, SessionIdError};

#[cfg(test)]
mod tests;
