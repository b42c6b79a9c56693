//! Process events, published by procmond.

use bytestring::ByteString;
use serde::{Deserialize, Serialize};

use super::EventHeader;

/// One fact about one process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProcessEvent {
    /// What every event has.
    pub header: EventHeader,
    /// Why the event was made; decides its default topic (T8).
    pub change: ProcessChange,
    /// Process id.
    pub pid: u32,
    /// Parent's process id, when readable.
    pub ppid: Option<u32>,
    /// Short name as the kernel reports it.
    pub name: ByteString,
    /// Path of the executable, when readable.
    pub executable_path: Option<ByteString>,
    /// Arguments one by one, never joined (V8).
    pub arguments: Vec<ByteString>,
    /// Start time: wall clock, nanoseconds since the Unix epoch.
    pub start_time_unix_ns: Option<u64>,
    /// CPU use since the last scan, percent of one core.
    pub cpu_percent: Option<f64>,
    /// Resident memory, bytes.
    pub memory_bytes: Option<u64>,
    /// Owner: numeric id on Unix, SID on Windows.
    pub user_id: Option<ByteString>,
    /// Owner's name, when it resolves.
    pub user_name: Option<ByteString>,
    /// SHA-256 of the executable, 64 hexadecimal digits.
    pub executable_sha256: Option<ByteString>,
    /// False when the collector lacked the rights to read the details.
    pub accessible: bool,
    /// Exit status, for [`ProcessChange::Exited`] when known.
    pub exit_code: Option<i32>,
}

/// Why a [`ProcessEvent`] was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessChange {
    /// New since the last scan.
    #[default]
    Started,
    /// Gone since the last scan.
    Exited,
    /// The same process runs another executable.
    Executed,
    /// Its figures (CPU, memory, user) changed.
    Metadata,
    /// It has another parent.
    Tree,
    /// Its executable was hashed or no longer matches.
    Integrity,
    /// It behaves oddly; metadata says how.
    Anomaly,
    /// Listed by a bulk enumeration.
    Enumerated,
}
