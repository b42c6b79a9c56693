//! Which event of which publisher: the identity everything else refers to.

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

/// Identity of one published event, unique on this host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventId {
    /// Name of the publisher, as its connection was introduced.
    pub publisher: ByteString,
    /// One life of that publisher; a random number.
    pub incarnation: u64,
    /// The publisher's running number, from 1.
    pub sequence: u64,
}
