//! What a native subscription asks for. Looked at after an event was completed.

use bytestring::ByteString;
use daemoneye_eventbus::{CollectionEvent, EventKind};

use super::session::SessionId;

/// Which events a subscriber gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum SharingFilter {
    /// All.
    #[default]
    All,
    /// Those this connector carried in.
    Connector(ByteString),
    /// Those of this session, of however many connectors.
    Session(SessionId),
    /// Those of this kind.
    Kind(EventKind),
}

impl SharingFilter {
    /// Whether an event passes.
    pub fn passes(&self, event: &CollectionEvent) -> bool {
        let routing = &event.header().routing;
        match self {
            Self::All => true,
            Self::Connector(wanted) => routing.connector_id.as_ref() == Some(wanted),
            Self::Session(wanted) => routing.session_id.as_deref() == Some(wanted.as_str()),
            Self::Kind(wanted) => event.kind() == *wanted,
        }
    }
}
