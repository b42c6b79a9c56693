//! Filesystem events, published by fsmond.

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::EventHeader;

/// One change or access in a watched folder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilesystemEvent {
    /// What every event has.
    pub header: EventHeader,
    /// What happened; decides the default topic (T8).
    pub operation: FilesystemOperation,
    /// The path it happened to.
    pub path: ByteString,
    /// The path before a rename.
    pub previous_path: Option<ByteString>,
    /// Size after the operation, bytes.
    pub size_bytes: Option<u64>,
    /// Permission bits, Unix notation.
    pub permissions: Option<u32>,
    /// Owner's numeric id or SID.
    pub user_id: Option<ByteString>,
    /// Process that did it, when known.
    pub pid: Option<u32>,
    /// SHA-256 of the content, 64 hexadecimal digits.
    pub content_sha256: Option<ByteString>,
}

/// What happened to a path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilesystemOperation {
    /// It appeared.
    #[default]
    Created,
    /// Its content changed.
    Modified,
    /// It disappeared.
    Deleted,
    /// It has another name.
    Renamed,
    /// Its permissions, owner or times changed.
    Attributes,
    /// It was read.
    Accessed,
    /// Many changes at once; metadata counts them.
    Bulk,
    /// It looks odd; metadata says how.
    Anomaly,
}
