//! The limits of a client, each with its unit, default and rule.

use std::time::Duration;

use super::Reconnect;
use crate::contract::Confirmation;
use crate::hops::HopLog;
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
    /// Bytes of events of one lane accepted and not yet written; beyond them `publish` waits. Never
    /// more than the publish window the broker grants. Default 1 MiB.
    pub outbox_limit_bytes: usize,
    /// When `publish` succeeds (W6). Default `Fire`.
    pub confirmation: Confirmation,
    /// How long `publish` waits for a confirmation once the event is accepted (C14). Default 2 min:
    /// as long as a broken connection is sought.
    pub confirm_limit: Duration,
    /// Events of one lane that wait for their confirmation; beyond them `publish` waits. Never more
    /// than the broker allows. Default 1024.
    pub unconfirmed_limit_events: usize,
    /// What to do when the connection breaks (W5); `None`: this handle ends. Default to connect again
    /// for 2 min.
    pub reconnect: Option<Reconnect>,
    /// What it proves with that it has its name (A4). Default nothing: it is an observer.
    pub credential: Credential,
    /// Where it notes when a hop of an event ended, published or received; `None` costs nothing. Default
    /// `None`.
    pub hops: Option<HopLog>,
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
            confirmation: Confirmation::Fire,
            confirm_limit: Duration::from_mins(2),
            unconfirmed_limit_events: 1024,
            reconnect: Some(Reconnect::default()),
            credential: Credential::None,
            hops: None,
        }
    }

    /// Sets what it proves its name with.
    #[must_use]
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    /// Sets where it notes when hops ended.
    #[must_use]
    pub fn with_hops(mut self, log: HopLog) -> Self {
        self.hops = Some(log);
        self
    }

    /// Sets when `publish` succeeds.
    #[must_use]
    pub fn with_confirmation(mut self, confirmation: Confirmation) -> Self {
        self.confirmation = confirmation;
        self
    }

    /// Sets how long `publish` waits for a confirmation.
    #[must_use]
    pub fn with_confirm_limit(mut self, limit: Duration) -> Self {
        self.confirm_limit = limit;
        self
    }

    /// Sets what to do when the connection breaks.
    #[must_use]
    pub fn with_reconnect(mut self, reconnect: Option<Reconnect>) -> Self {
        self.reconnect = reconnect;
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
