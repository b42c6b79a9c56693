//! What a client needs to know.

use std::time::Duration;

use super::super::DEFAULT_DEADLINE;
use crate::event::ReplyAddress;

/// Requests that may wait for their reply at once, by default: several per second for as long as
/// the usual deadline.
const DEFAULT_PENDING_LIMIT: usize = 1024;

/// Settings of an [`RpcClient`](super::RpcClient).
#[derive(Debug, Clone)]
pub struct RpcClientConfig {
    pub(super) address: ReplyAddress,
    pub(super) deadline: Duration,
    pub(super) pending_limit: usize,
    pub(super) takes_any_publisher: bool,
}

impl RpcClientConfig {
    /// A client whose replies arrive on `control.rpc.reply.ADDRESS`: the id of whoever asks (A2).
    pub fn new(address: ReplyAddress) -> Self {
        Self {
            address,
            deadline: DEFAULT_DEADLINE,
            pending_limit: DEFAULT_PENDING_LIMIT,
            takes_any_publisher: false,
        }
    }

    /// How long a call waits that says nothing else.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Takes a named member's reply whoever its publisher is: for a bus whose handles have no names
    /// of their own.
    #[must_use]
    pub fn with_any_publisher(mut self) -> Self {
        self.takes_any_publisher = true;
        self
    }

    /// How many requests may wait for their reply at once; one more is refused.
    #[must_use]
    pub fn with_pending_limit(mut self, requests: usize) -> Self {
        self.pending_limit = requests;
        self
    }
}
