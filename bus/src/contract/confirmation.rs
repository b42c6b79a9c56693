//! What a publisher waits for (C7, W6).

use serde::{Deserialize, Serialize};

/// When `publish` succeeds on a bus in another process.
///
/// What is not `Fire` is kept until it is confirmed, and sent again after the connection broke;
/// subscribers get it once all the same. Buses in the publisher's own process accept at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirmation {
    /// Once the event is taken into the publisher's own bounded outbox. It may be lost with the
    /// connection.
    #[default]
    Fire,
    /// Once it has its place in the broker's order.
    Accepted,
    /// Once every matching `block` subscription has taken it.
    Delivered,
}
