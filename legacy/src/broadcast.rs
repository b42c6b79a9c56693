//! The bus of the document "EventBus": one ring for all, on tokio's broadcast channel (CONTRACT §7).
//!
//! Publishing waits for nobody. Who lags more than the ring holds loses the oldest events, is told
//! how many by `lagged()`, and reads on without an error. Everything else is the contract's: C1–C9
//! and M1–M5 hold while nobody lags so far.
//!
//! What departs from the contract, being what this bus is: a subscription has neither a capacity
//! nor a policy of its own (C11), for the ring has them, and with them the wait of `block`.
//! [`BroadcastConfig::backpressure`] brings that wait back, for the ring as a whole.
//!
//! - `config`: settings; `bus`: the handle publishers and subscribers use;
//! - `ring`: the one critical section of a publish; `published`: what lies in the ring;
//! - `standing`: how far a subscription has come; `inbox`: its receiver's end.

mod bus;
mod config;
mod inbox;
mod published;
mod ring;
mod standing;

pub use bus::BroadcastEventBus;
pub use config::{
    BroadcastConfig, DEFAULT_PUBLISH_LIMIT, DEFAULT_RING_CAPACITY_EVENTS, DEFAULT_SUBSCRIBER_LIMIT,
    EventError, MAX_RING_CAPACITY_EVENTS,
};

#[cfg(test)]
mod tests;
