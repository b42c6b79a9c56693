//! A collector's part in the control plane: it joins its agent, shows life and does what it is asked
//! (CONTRACT §6).
//!
//! An [`AgentLink`] rides on the collector's own bus. Events do not depend on it: a collector whose
//! agent does not answer goes on collecting, and goes on trying to join. On the bus of the agent's
//! own process there are no names to join by; there it answers, and that is all. A [`Steering`]
//! changes it while it runs; a [`HealthAnnouncer`] tells unasked how it is, on any bus.

mod announcer;
mod figures;
mod handler;
mod joined;
mod link;
mod pauses;
mod steering;

pub use announcer::HealthAnnouncer;
pub use link::AgentLink;
pub use steering::{LiveSource, Steering};

/// Name of the agent as publisher, subscriber and member.
pub const AGENT_NAME: &str = "daemoneye-agent";
