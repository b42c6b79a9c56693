//! The limits of a broker, each with its unit, default and rule.

use std::time::Duration;

use crate::acl::{AccessControl, Role};
use crate::hops::HopLog;
use crate::wire::{DEFAULT_PAYLOAD_LIMIT_BYTES, ENVELOPE_LIMIT_BYTES};

/// Limits and rules of a [`DaemoneyeBroker`](super::DaemoneyeBroker).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokerConfig {
    /// Most subscriptions at once; the next is refused (C9). Default 1000.
    pub subscriber_limit: usize,
    /// Most connections at once, of all listeners together; the next is told so when it has said
    /// hello, and closed (W8). At each listener as many more may stand that have not. Default 256.
    pub connection_limit: usize,
    /// Largest encoded payload, bytes; a larger one is refused at `publish` (W2). Default 1 MiB.
    pub payload_limit_bytes: usize,
    /// How long an embedded `publish` waits for room before it errs (C14). Default 30 s.
    pub publish_limit: Duration,
    /// How long a full `block` subscriber may hold up a connected publisher; then the event is
    /// dropped for that subscriber and counted. Default 120 s.
    pub stall_limit: Duration,
    /// Publish bytes a client may have on their way; more would be a breach of the protocol.
    /// Default 1 MiB.
    pub publish_window_bytes: usize,
    /// Bytes gathered for one connection's socket; beyond them events wait per subscription, by
    /// its policy. Default 1 MiB.
    pub outbox_limit_bytes: usize,
    /// Bytes of answers and of all else but events waiting for a client that does not read; one that
    /// lets more wait is closed (W3). Default 4 MiB.
    pub reply_limit_bytes: usize,
    /// Bytes held back for all subscriptions of one connection without credit; beyond them each of
    /// them counts as full. Default 64 MiB.
    pub backlog_limit_bytes: usize,
    /// Subscriptions of one connection; the next is refused (C9). Default 256.
    pub connection_subscriber_limit: usize,
    /// How long a new connection may take to say hello (W4). Default 5 s.
    pub handshake_limit: Duration,
    /// How often either side shows life; three silent intervals end a connection (W4).
    /// At least 1 ms; default 10 s.
    pub heartbeat_interval: Duration,
    /// Events of one lane a client may have sent to be confirmed beyond those that are; more would be
    /// a breach of the protocol. Default 4096 (W6).
    pub unconfirmed_limit_events: usize,
    /// How long what a client had waits for it after its connection broke (W5, W6). Default 35 s:
    /// longer than a client pauses between two attempts.
    pub recovery_window: Duration,
    /// What is kept for late subscribers that ask for the last events; `None` keeps nothing. Default
    /// nothing.
    pub retention: Option<Retention>,
    /// Who may publish and subscribe what (A1). Default: the table of the contract (A2).
    pub access: AccessControl,
    /// Refusals of one origin that are told on `admin.audit` at once; after those, one a second (A5).
    /// Default 10.
    pub audits_at_once: u64,
    /// What a client of the same user without a token is; `None` refuses it. Default observer (A4).
    pub unidentified: Option<Role>,
    /// Where it notes when a hop of an event ended; `None` costs nothing. Default `None`.
    pub hops: Option<HopLog>,
}

/// What a broker keeps for late subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// Events of one topic. Default 64.
    pub events_per_topic: usize,
    /// Bytes of all of them together. Default 16 MiB.
    pub bytes: usize,
    /// How old they may be. Default 10 min.
    pub age: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { events_per_topic: 64, bytes: 16 << 20, age: Duration::from_mins(10) }
    }
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            subscriber_limit: 1000,
            connection_limit: 256,
            payload_limit_bytes: DEFAULT_PAYLOAD_LIMIT_BYTES,
            publish_limit: Duration::from_secs(30),
            stall_limit: Duration::from_mins(2),
            publish_window_bytes: 1 << 20,
            outbox_limit_bytes: 1 << 20,
            reply_limit_bytes: 4 << 20,
            backlog_limit_bytes: 64 << 20,
            connection_subscriber_limit: 256,
            handshake_limit: Duration::from_secs(5),
            heartbeat_interval: Duration::from_secs(10),
            unconfirmed_limit_events: 4096,
            recovery_window: Duration::from_secs(35),
            retention: None,
            access: AccessControl::standard(),
            audits_at_once: 10,
            unidentified: Some(Role::Observer),
            hops: None,
        }
    }
}

impl BrokerConfig {
    /// Longest frame but for a delivery, bytes (W2). A reply that would be longer is cut.
    pub(super) fn frame_limit_bytes(&self) -> usize {
        self.payload_limit_bytes + ENVELOPE_LIMIT_BYTES
    }

    /// Sets where it notes when hops ended.
    #[must_use]
    pub fn with_hops(mut self, log: HopLog) -> Self {
        self.hops = Some(log);
        self
    }

    /// Sets the limit of subscriptions.
    #[must_use]
    pub fn with_subscriber_limit(mut self, subscriptions: usize) -> Self {
        self.subscriber_limit = subscriptions;
        self
    }

    /// Sets the limit of connections.
    #[must_use]
    pub fn with_connection_limit(mut self, connections: usize) -> Self {
        self.connection_limit = connections;
        self
    }

    /// Sets the limit of a payload.
    #[must_use]
    pub fn with_payload_limit_bytes(mut self, bytes: usize) -> Self {
        self.payload_limit_bytes = bytes;
        self
    }

    /// Sets how long an embedded `publish` waits.
    #[must_use]
    pub fn with_publish_limit(mut self, limit: Duration) -> Self {
        self.publish_limit = limit;
        self
    }

    /// Sets how long a subscriber may hold up a connected publisher.
    #[must_use]
    pub fn with_stall_limit(mut self, limit: Duration) -> Self {
        self.stall_limit = limit;
        self
    }

    /// Sets the bytes of answers that may wait for a client that does not read.
    #[must_use]
    pub fn with_reply_limit_bytes(mut self, bytes: usize) -> Self {
        self.reply_limit_bytes = bytes;
        self
    }

    /// Sets the bytes held back for one connection.
    #[must_use]
    pub fn with_backlog_limit_bytes(mut self, bytes: usize) -> Self {
        self.backlog_limit_bytes = bytes;
        self
    }

    /// Sets how long a handshake may take.
    #[must_use]
    pub fn with_handshake_limit(mut self, limit: Duration) -> Self {
        self.handshake_limit = limit;
        self
    }

    /// Sets how long what a client had waits for it.
    #[must_use]
    pub fn with_recovery_window(mut self, window: Duration) -> Self {
        self.recovery_window = window;
        self
    }

    /// Sets what is kept for late subscribers.
    #[must_use]
    pub fn with_retention(mut self, retention: Retention) -> Self {
        self.retention = Some(retention);
        self
    }

    /// Sets who may publish and subscribe what.
    #[must_use]
    pub fn with_access(mut self, access: AccessControl) -> Self {
        self.access = access;
        self
    }

    /// Sets what a client without a token is; with `None` nobody is admitted without one.
    #[must_use]
    pub fn with_unidentified(mut self, role: Option<Role>) -> Self {
        self.unidentified = role;
        self
    }

    /// Sets how many refusals of one origin are told at once.
    #[must_use]
    pub fn with_audits_at_once(mut self, refusals: u64) -> Self {
        self.audits_at_once = refusals;
        self
    }

    /// Sets how often either side shows life.
    #[must_use]
    pub fn with_heartbeat_interval(mut self, interval: Duration) -> Self {
        self.heartbeat_interval = interval;
        self
    }
}
