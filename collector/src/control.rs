//! A collector's part in the control plane: it joins its agent, shows life and does what it is asked
//! (CONTRACT §6).
//!
//! An [`AgentLink`] rides on the collector's own bus. Events do not depend on it: a collector whose
//! agent does not answer goes on collecting, and goes on trying to join.

mod handler;
mod joined;
mod link;

pub use link::AgentLink;

/// Name of the agent as publisher, subscriber and member.
pub const AGENT_NAME: &str = "daemoneye-agent";
