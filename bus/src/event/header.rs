//! What every event has, whatever its kind.

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

/// Named values a collector adds; keys are unique, order is kept.
pub type Metadata = Vec<(ByteString, ByteString)>;

/// Who saw it, when, and how urgent it is.
///
/// Of a source that numbers and stamps what it sends, no two events have the same `source`,
/// `source_sequence`, `observed_unix_ns` and `observed_monotonic_ns`. By these four a reader knows
/// an event that arrives twice, having been under way and on disk when a process died (R5): the id
/// that a bus gave it is another one then, and so is a correlation that follows from it (C8).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventHeader {
    /// The collector that made the event, for example `procmond`; M3 filters by it.
    pub source: ByteString,
    /// The source's own running number, from 1 in each of its lives: a gap tells a reader that
    /// something is missing.
    pub source_sequence: u64,
    /// When the source observed it: wall clock, nanoseconds since the Unix epoch. For people.
    pub observed_unix_ns: u64,
    /// The same moment on `CLOCK_MONOTONIC`, nanoseconds; comparable between processes of one host.
    pub observed_monotonic_ns: u64,
    /// Urgency; an event without one counts as [`Priority::Normal`].
    pub priority: Option<Priority>,
    /// Free-form additions of the collector.
    pub metadata: Metadata,
    /// Where the event belongs; travels in the envelope, so that a bus can complete it.
    pub routing: Routing,
}

/// Urgency of an event, lowest first (M3). Tasks have priorities of their own (R3).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// 1: may wait.
    Low = 1,
    /// 2: the default.
    #[default]
    Normal = 2,
    /// 3: look soon.
    High = 3,
    /// 4: look now.
    Critical = 4,
}

/// Session and origin of an event (CONTRACT §7), kept outside the payload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Routing {
    /// The connector (collector instance) that carried the event in.
    pub connector_id: Option<ByteString>,
    /// The session as the connector knows it.
    pub native_session_id: Option<ByteString>,
    /// The session as the agent knows it.
    pub session_id: Option<ByteString>,
    /// The host or bridge the event came from; empty for this host.
    pub origin: Option<ByteString>,
}

impl Priority {
    /// The priority of a wire or configuration number; `None` outside 1–4.
    pub fn from_level(level: u32) -> Option<Self> {
        match level {
            1 => Some(Self::Low),
            2 => Some(Self::Normal),
            3 => Some(Self::High),
            4 => Some(Self::Critical),
            _ => None,
        }
    }

    /// The number of this priority, 1–4.
    pub fn level(self) -> u32 {
        self as u32
    }
}

impl EventHeader {
    /// The value of a metadata key, if the collector set it.
    pub fn metadata_value(&self, key: &str) -> Option<&ByteString> {
        self.metadata.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}
