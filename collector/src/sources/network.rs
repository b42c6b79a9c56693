//! The network source: scans the sockets of this host, compares, and tells what changed.
//!
//! A reader makes a scan of the system; a `Census` compares it with what is known, without any
//! clock or system; rules look for what is odd about the difference; the scanner turns all of it
//! into events. What is already there at the first scan is told as opened, with the metadata
//! `enumerated` = `true`. After that every connection is told once when it is opened and once when
//! it is closed, and in between whenever its state or its owner is another.
//!
//! - A connection is the same as long as its addresses are, its socket is, and its state goes
//!   forward. Addresses that are used again are another connection, with another `connection_id`.
//! - A connection that was ended by this side stays in `TIME_WAIT` for some time. It is closed when
//!   it is first seen so, with that state and the owner it had; nothing is told when the system has
//!   forgotten it. One that was so before it was first seen is told opened and closed at once.
//! - A socket without a peer has an empty `remote_address`, and with UDP no state.
//! - IPv4 addresses are shown as such even when they belong to a socket of IPv6, so that both ends
//!   of a connection have the same text.
//! - Of several processes that hold a socket, one is told.
//! - On Linux these are the sockets of the collector's own network namespace; on Windows all. On
//!   other systems nothing reads them yet, and the source does not start.

mod anomaly;
mod census;
mod event;
#[cfg_attr(
    not(any(test, target_os = "linux", windows)),
    expect(dead_code, reason = "there is no reader that fills it")
)]
mod observation;
mod reader;
mod scanner;
#[cfg_attr(
    not(any(test, target_os = "linux", windows)),
    expect(dead_code, reason = "there is no reader that asks it")
)]
mod wanted;

pub use scanner::NetworkScanner;

use super::scanning::ScanningSource;

/// Watches the connections of this host.
///
/// Anomalies name their rule in the metadata `rule`:
///
/// - `exposed_listener`: a process began to listen for TCP where other hosts can reach it; the
///   event is about that socket.
/// - `connection_burst`: a process opened many connections from one scan to the next; the event
///   has its `pid`, and `connections` and `threshold` in its metadata.
/// - `connection_limit`: there are more connections than are watched at once, and new ones are
///   not told; `untold` and `limit` in the metadata count them. Told once, until all are told
///   again.
pub type NetworkSource = ScanningSource<NetworkScanner>;
