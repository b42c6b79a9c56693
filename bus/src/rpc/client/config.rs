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
}

impl RpcClientConfig {
    /// A client whose replies arrive on `control.rpc.reply.ADDRESS`: the id of whoever asks (A2).
    pub fn new(address: ReplyAddress) -> Self {
        Self { address, deadline: DEFAULT_DEADLINE, pending_limit: DEFAULT_PENDING_LIMIT }
    }

    /// How long a call waits that says nothing else.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How many requests may wait for their reply at once; one more is refused.
    #[must_use]
    pub fn with_pending_limit(mut self, requests: usize) -> Self {
        self.pending_limit = requests;
        self
    }
}
