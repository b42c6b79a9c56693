//! The limits of a client, each with its unit, default and rule.

use std::time::Duration;

use crate::identity::Credential;

/// How a client introduces itself, and its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientConfig {
    /// Name of the client, 1–64 bytes; the `publisher` of its events.
    pub name: String,
    /// How long connecting, hello and welcome may take together. Default 5 s.
    pub connect_limit: Duration,
    /// How long `publish` waits for room in the outbox before it errs (C14). Default 30 s.
    pub publish_limit: Duration,
    /// How long any request waits for its reply (C14). Default 10 s.
    pub request_limit: Duration,
    /// Bytes of events accepted and not yet written; beyond them `publish` waits. Never more than
    /// the publish window the broker grants. Default 1 MiB.
    pub outbox_limit_bytes: usize,
    /// What it proves with that it has its name (A4). Default nothing: it is an observer.
    pub credential: Credential,
}

impl ClientConfig {
    /// The defaults, under a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            connect_limit: Duration::from_secs(5),
            publish_limit: Duration::from_secs(30),
            request_limit: Duration::from_secs(10),
            outbox_limit_bytes: 1 << 20,
            credential: Credential::None,
        }
    }

    /// Sets what it proves its name with.
    #[must_use]
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    /// Sets how long `publish` waits for room.
    #[must_use]
    pub fn with_publish_limit(mut self, limit: Duration) -> Self {
        self.publish_limit = limit;
        self
    }

    /// Sets how long any request waits for its reply.
    #[must_use]
    pub fn with_request_limit(mut self, limit: Duration) -> Self {
        self.request_limit = limit;
        self
    }

    /// Sets how long connecting may take.
    #[must_use]
    pub fn with_connect_limit(mut self, limit: Duration) -> Self {
        self.connect_limit = limit;
        self
    }

    /// Sets the bytes of events accepted and not yet written; the broker's publish window bounds
    /// them, too.
    #[must_use]
    pub fn with_outbox_limit_bytes(mut self, bytes: usize) -> Self {
        self.outbox_limit_bytes = bytes;
        self
    }
}
