//! One end of a connection of the harness to itself.

/// A connected socket that is opened and closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedSocket {
    /// Its own address with port.
    pub local_address: String,
    /// The other end's address with port.
    pub remote_address: String,
    /// The process that holds it.
    pub pid: u32,
}
