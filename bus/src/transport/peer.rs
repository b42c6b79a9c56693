//! Who is at the other end, as the system tells.

/// The process behind a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Whether it runs as the same effective user as this one.
    pub(crate) is_same_user: bool,
    /// Its process id as it connected, for audits: nothing is decided by it.
    pub(crate) pid: Option<u32>,
}
