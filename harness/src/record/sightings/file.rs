//! A file of the harness in a watched folder.

/// A file that is made, written to and closed, and removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedFile {
    /// Its path, which no other file of the case has.
    pub path: String,
    /// Its length once it is closed, bytes.
    pub written_bytes: u64,
}
