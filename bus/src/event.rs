//! The event model: what a collector saw, in one shape for every bus.
//!
//! An event is a [`CollectionEvent`]: a kind-specific body and an [`EventHeader`] that all kinds
//! share. Strings are [`ByteString`]s, so that a decoded event needs one allocation for all its
//! text and a clone copies no text at all. Units are part of field names.
//!
//! This room knows nothing of topics, buses or wires.

mod audit;
mod caps;
mod control;
mod filesystem;
mod header;
mod network;
mod performance;
mod process;
mod trigger;

pub use audit::{AuditEvent, AuditOutcome};
pub use bytestring::ByteString;
pub use caps::SourceCaps;
pub use control::{
    ControlBody, ControlBodyError, ControlMessage, ControlSubject, MAX_CONTROL_BODY_BYTES,
    MAX_REPLY_ADDRESS_BYTES, ReplyAddress, ReplyAddressError,
};
pub use filesystem::{FilesystemEvent, FilesystemOperation};
pub use header::{EventHeader, Metadata, Priority, Routing};
pub use network::{NetworkChange, NetworkEvent};
pub use performance::{PerformanceEvent, PerformanceScope};
pub use process::{ProcessChange, ProcessEvent};
pub use trigger::TriggerRequest;

use serde::{Deserialize, Serialize};

/// Anything a bus carries, audit records included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CollectionEvent {
    /// A process started, exited or was described.
    Process(ProcessEvent),
    /// A connection, name lookup or traffic sample.
    Network(NetworkEvent),
    /// A change or access in a watched folder.
    Filesystem(FilesystemEvent),
    /// One measured value.
    Performance(PerformanceEvent),
    /// One collector asks another for analysis.
    TriggerRequest(TriggerRequest),
    /// Who did what, and whether it was allowed.
    Audit(AuditEvent),
    /// A request, reply or announcement of the control plane.
    Control(ControlMessage),
}

/// The kind of a [`CollectionEvent`], without its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// [`CollectionEvent::Process`].
    Process,
    /// [`CollectionEvent::Network`].
    Network,
    /// [`CollectionEvent::Filesystem`].
    Filesystem,
    /// [`CollectionEvent::Performance`].
    Performance,
    /// [`CollectionEvent::TriggerRequest`].
    TriggerRequest,
    /// [`CollectionEvent::Audit`].
    Audit,
    /// [`CollectionEvent::Control`].
    Control,
}

impl CollectionEvent {
    /// Which kind this is.
    pub fn kind(&self) -> EventKind {
        match self {
            Self::Process(_) => EventKind::Process,
            Self::Network(_) => EventKind::Network,
            Self::Filesystem(_) => EventKind::Filesystem,
            Self::Performance(_) => EventKind::Performance,
            Self::TriggerRequest(_) => EventKind::TriggerRequest,
            Self::Audit(_) => EventKind::Audit,
            Self::Control(_) => EventKind::Control,
        }
    }

    /// What every kind has: source, stamps, priority, metadata, routing.
    pub fn header(&self) -> &EventHeader {
        match self {
            Self::Process(event) => &event.header,
            Self::Network(event) => &event.header,
            Self::Filesystem(event) => &event.header,
            Self::Performance(event) => &event.header,
            Self::TriggerRequest(event) => &event.header,
            Self::Audit(event) => &event.header,
            Self::Control(message) => &message.header,
        }
    }

    /// The same, to fill in before publishing.
    pub fn header_mut(&mut self) -> &mut EventHeader {
        match self {
            Self::Process(event) => &mut event.header,
            Self::Network(event) => &mut event.header,
            Self::Filesystem(event) => &mut event.header,
            Self::Performance(event) => &mut event.header,
            Self::TriggerRequest(event) => &mut event.header,
            Self::Audit(event) => &mut event.header,
            Self::Control(message) => &mut message.header,
        }
    }

    /// The process the event is about, when it is about one.
    pub fn pid(&self) -> Option<u32> {
        match self {
            Self::Process(event) => Some(event.pid),
            Self::Network(event) => event.pid,
            Self::Filesystem(event) => event.pid,
            Self::Performance(event) => event.pid,
            Self::TriggerRequest(event) => event.target_pid,
            Self::Audit(_) | Self::Control(_) => None,
        }
    }

    /// The event's priority; [`Priority::Normal`] when it names none (M3).
    pub fn priority(&self) -> Priority {
        self.header().priority.unwrap_or_default()
    }
}

impl EventKind {
    /// Every kind, in wire order.
    pub const ALL: [Self; 7] = [
        Self::Process,
        Self::Network,
        Self::Filesystem,
        Self::Performance,
        Self::TriggerRequest,
        Self::Audit,
        Self::Control,
    ];

    /// The kind's name as used in scenario files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Network => "network",
            Self::Filesystem => "filesystem",
            Self::Performance => "performance",
            Self::TriggerRequest => "trigger_request",
            Self::Audit => "audit",
            Self::Control => "control",
        }
    }
}
