//! Telling unasked how one is, on `control.health.status`: changes at once, telemetry now and then.
//!
//! Whose an announcement is, receivers learn from the name of the bus handle (A4). On a bus whose
//! handles have no names they have the `source` of its header, which proves nothing.

use bytestring::ByteString;
use thiserror::Error;

use super::codec::{BodyError, decode_status, decode_telemetry, encode_status, encode_telemetry};
use super::status::StatusReport;
use super::telemetry::Telemetry;
use crate::contract::{BusEvent, EventBus, PublishError};
use crate::event::{CollectionEvent, ControlMessage, ControlSubject, EventHeader};

/// As messages name a change of status.
const STATUS: &str = "status";
/// As messages name telemetry.
const TELEMETRY: &str = "telemetry";

/// What is told unasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announcement {
    /// How a member is has changed.
    Status(StatusReport),
    /// What a member has done, and what it uses.
    Telemetry(Telemetry),
}

/// Why an announcement was not made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnnounceError {
    /// It is longer than a message may be.
    #[error("invalid body: {0}")]
    Body(#[from] BodyError),
    /// The bus did not accept it.
    #[error("the announcement was not sent: {0}")]
    NotSent(#[from] PublishError),
}

impl AnnounceError {
    /// Whether the bus has ended, so that announcing again is of no use.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::NotSent(PublishError::Closed | PublishError::Disconnected { .. }))
    }
}

impl Announcement {
    /// What an event announces; `None` when it is no announcement, or cannot be read.
    pub fn of(event: &BusEvent) -> Option<Self> {
        let CollectionEvent::Control(message) = &event.event else { return None };
        if message.subject != ControlSubject::Status {
            return None;
        }
        match &*message.operation {
            STATUS => decode_status(&message.body).ok().map(Self::Status),
            TELEMETRY => decode_telemetry(&message.body).ok().map(Self::Telemetry),
            _ => None,
        }
    }

    fn message(&self, source: &str) -> Result<ControlMessage, BodyError> {
        let (operation, sequence, body) = match self {
            Self::Status(status) => (STATUS, status.sequence, encode_status(status)?),
            Self::Telemetry(telemetry) => {
                (TELEMETRY, telemetry.sequence, encode_telemetry(telemetry))
            }
        };
        let header = EventHeader {
            source: source.into(),
            source_sequence: sequence,
            ..EventHeader::default()
        };
        Ok(ControlMessage {
            header,
            subject: ControlSubject::Status,
            operation: ByteString::from_static(operation),
            body,
            ..ControlMessage::default()
        })
    }
}

/// Tells something unasked, signed by this source.
///
/// Waits as long as the bus takes to accept it (C14). Cancelling it, the announcement is made whole
/// or not at all.
pub async fn announce(
    bus: &dyn EventBus,
    source: &str,
    announcement: &Announcement,
) -> Result<(), AnnounceError> {
    let message = announcement.message(source)?;
    bus.publish(CollectionEvent::Control(message), None).await?;
    Ok(())
}
