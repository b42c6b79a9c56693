//! The operator's tool against a broker that runs: a process of its own on a real socket.
//!
//! Tests that interrupt the tool, give it a terminal or read the mode of a file are for Unix: Windows
//! has Ctrl-C for a whole console alone, and no modes. So are the commands of OPERATIONS.md, which a
//! Unix shell runs.

#![expect(clippy::unwrap_used, reason = "a test's unwrap is its assertion")]

#[path = "eventbus_online/collectors.rs"]
mod collectors;
#[cfg(unix)]
#[path = "eventbus_online/document.rs"]
mod document;
#[path = "eventbus_online/fixture.rs"]
mod fixture;
#[path = "eventbus_online/identity.rs"]
mod identity;
#[path = "eventbus_online/publish.rs"]
mod publish;
#[path = "eventbus_online/stats.rs"]
mod stats;
#[path = "eventbus_online/subscribe.rs"]
mod subscribe;
#[path = "eventbus_online/subscriptions.rs"]
mod subscriptions;
#[path = "eventbus_online/tap.rs"]
mod tap;
#[path = "eventbus_online/target.rs"]
mod target;
#[path = "eventbus_online/top.rs"]
mod top;
#[path = "eventbus_online/topics.rs"]
mod topics;
