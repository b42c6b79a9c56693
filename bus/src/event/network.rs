//! Network events, published by netmond.

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::EventHeader;

/// One fact about one connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkEvent {
    /// What every event has.
    pub header: EventHeader,
    /// Why the event was made; decides its default topic (T8).
    pub change: NetworkChange,
    /// The collector's name for the connection, stable while it lives.
    pub connection_id: ByteString,
    /// `tcp`, `udp`, `unix`, …
    pub protocol: ByteString,
    /// Local address with port.
    pub local_address: ByteString,
    /// Remote address with port; empty while listening.
    pub remote_address: ByteString,
    /// State as the system names it, for example `ESTABLISHED`.
    pub state: Option<ByteString>,
    /// Owning process, when readable.
    pub pid: Option<u32>,
    /// Bytes sent so far.
    pub sent_bytes: Option<u64>,
    /// Bytes received so far.
    pub received_bytes: Option<u64>,
    /// Name asked for, for [`NetworkChange::Dns`].
    pub dns_query: Option<ByteString>,
}

/// Why a [`NetworkEvent`] was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkChange {
    /// A new connection.
    #[default]
    Opened,
    /// Its state changed.
    Changed,
    /// It is gone.
    Closed,
    /// A name lookup.
    Dns,
    /// A traffic sample.
    Traffic,
    /// It behaves oddly; metadata says how.
    Anomaly,
}
