//! The bus the agent migrates from: a central crossbeam queue, one routing thread, one crossbeam
//! channel per subscriber (CONTRACT §8).
//!
//! It obeys the contract (C1–C14, M1–M5); [`CrossbeamConfig::faithful`] brings back what the old
//! bus did otherwise (V1–V5), so that it can be shown. It is the performance reference: the way
//! of an event is one allocation and one channel operation in `publish`, and per subscriber one
//! channel operation in the routing thread. No lock is taken on that way while nobody waits.
//!
//! - `config`: settings; `bus`: the handle publishers and subscribers use;
//! - `gate`: what publishers and the routing thread share; `control`: what callers ask of it;
//! - `router`: the routing thread; `slot`: one subscription in it; `handoff`: how it waits
//!   for a full subscriber; `line`: the way to one receiver, and the receiver's end of it;
//! - `noting`: when hops of events ended, for whoever asks.

mod bus;
mod config;
mod control;
mod gate;
mod handoff;
mod line;
mod noting;
mod router;
mod slot;

pub use bus::{HighPerformanceEventBusImpl, LocalEventBus, StartError};
pub use config::{
    CrossbeamConfig, DEFAULT_CENTRAL_CAPACITY_EVENTS, DEFAULT_HAND_OFF_LIMIT,
    DEFAULT_PUBLISH_LIMIT, DEFAULT_SUBSCRIBER_LIMIT, HandOff, Sharing,
};

#[cfg(test)]
mod tests;
