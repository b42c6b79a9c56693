//! Trigger requests: one collector asks another to look closer.

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::EventHeader;

/// A request for analysis, published on `control.trigger.request`.
///
/// Its urgency is the header's priority.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TriggerRequest {
    /// What every event has.
    pub header: EventHeader,
    /// Name of this request, unique.
    pub trigger_id: ByteString,
    /// The collector that shall act.
    pub target_collector: ByteString,
    /// What it shall do, for example `binary_hash`.
    pub analysis_type: ByteString,
    /// The process to look at.
    pub target_pid: Option<u32>,
    /// The file to look at.
    pub target_path: Option<ByteString>,
}
