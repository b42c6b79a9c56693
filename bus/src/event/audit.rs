//! Audit events: who did what to which thing, and whether it was allowed.

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::EventHeader;

/// One auditable action.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditEvent {
    /// What every event has.
    pub header: EventHeader,
    /// Who acted.
    pub actor: ByteString,
    /// What they did, for example `subscribe`.
    pub action: ByteString,
    /// To what, for example a topic.
    pub resource: ByteString,
    /// Whether it was allowed.
    pub outcome: AuditOutcome,
    /// Why, in a sentence.
    pub reason: Option<ByteString>,
}

/// How an audited action ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// It was done.
    #[default]
    Allowed,
    /// It was refused.
    Refused,
    /// It was tried and failed.
    Failed,
}
