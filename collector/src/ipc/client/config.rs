//! [`IpcClientConfig`]: how a client introduces itself, and how long it waits.

use std::time::Duration;

use daemoneye_eventbus::SourceCaps;

use super::super::Offer;
use super::IpcReconnect;

/// How a client asks.
///
/// ```
/// use std::time::Duration;
///
/// use collector_core::SourceCaps;
/// use collector_core::ipc::IpcClientConfig;
///
/// let config = IpcClientConfig::new("operator")
///     .with_required(SourceCaps::PROCESS)
///     .with_ask_limit(Duration::from_secs(5));
/// assert_eq!(config.offer.client, "operator");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpcClientConfig {
    /// What it speaks and wants, on every connection.
    pub offer: Offer,
    /// How long connecting and negotiating may take. Default 5 s.
    pub connect_limit: Duration,
    /// How long a request may take, the search for the collector included, at most an hour. Default
    /// 30 s.
    pub ask_limit: Duration,
    /// Pauses before the collector is sought again.
    pub reconnect: IpcReconnect,
}

impl IpcClientConfig {
    /// A client of this name that wants nothing but to ask.
    pub fn new(client: impl Into<String>) -> Self {
        Self {
            offer: Offer::new(client),
            connect_limit: Duration::from_secs(5),
            ask_limit: Duration::from_secs(30),
            reconnect: IpcReconnect::default(),
        }
    }

    /// Sets what it would use.
    #[must_use]
    pub fn with_wanted(mut self, capabilities: SourceCaps) -> Self {
        self.offer = self.offer.with_wanted(capabilities);
        self
    }

    /// Sets what it cannot do without.
    #[must_use]
    pub fn with_required(mut self, capabilities: SourceCaps) -> Self {
        self.offer = self.offer.with_required(capabilities);
        self
    }

    /// Sets how long connecting may take.
    #[must_use]
    pub fn with_connect_limit(mut self, limit: Duration) -> Self {
        self.connect_limit = limit;
        self
    }

    /// Sets how long a request may take.
    #[must_use]
    pub fn with_ask_limit(mut self, limit: Duration) -> Self {
        self.ask_limit = limit;
        self
    }

    /// Sets the pauses before the collector is sought again.
    #[must_use]
    pub fn with_reconnect(mut self, reconnect: IpcReconnect) -> Self {
        self.reconnect = reconnect;
        self
    }
}
