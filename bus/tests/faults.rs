//! An adversary at the broker's socket and at the client's: whatever a peer does, it is told and
//! closed, its slot is free again, and nobody else is harmed (C10, C13, C14, W1–W4, W7, W8).
//!
//! The peers speak by hand over plain sockets or pipes. Tests of socket files are for Unix, where
//! they are, and so are, as yet, those that wait for a bounded socket to fill or for a connection to
//! end while somebody still holds it: a pipe does either otherwise. Leaks of descriptors and threads
//! have a process of their own, `faults_leak.rs`.

#![cfg_attr(windows, expect(dead_code, reason = "some peers are for tests that run on Unix alone"))]
#![expect(clippy::unwrap_used, reason = "a test's unwrap is its assertion")]
#![expect(clippy::cast_possible_truncation, reason = "a varint is cut into bytes on purpose")]

#[path = "raw/encode.rs"]
mod encode;
#[path = "raw/peer.rs"]
mod peer;
#[path = "raw/served.rs"]
mod served;
#[cfg(unix)]
#[path = "raw/unix.rs"]
mod system;
#[cfg(windows)]
#[path = "raw/windows.rs"]
mod system;

#[path = "faults/denied.rs"]
mod denied;
#[cfg(unix)]
#[path = "faults/ending.rs"]
mod ending;
#[path = "faults/envelope.rs"]
mod envelope;
#[cfg(unix)]
#[path = "faults/fake_broker.rs"]
mod fake_broker;
#[cfg(unix)]
#[path = "faults/flood.rs"]
mod flood;
#[path = "faults/garbage.rs"]
mod garbage;
#[path = "faults/handshake.rs"]
mod handshake;
#[cfg(unix)]
#[path = "faults/heartbeat.rs"]
mod heartbeat;
#[path = "faults/identity.rs"]
mod identity;
#[cfg(unix)]
#[path = "faults/inspection.rs"]
mod inspection;
#[path = "faults/killed.rs"]
mod killed;
#[cfg(unix)]
#[path = "faults/lanes.rs"]
mod lanes;
#[path = "faults/limits.rs"]
mod limits;
#[cfg(unix)]
#[path = "faults/selfish.rs"]
mod selfish;
#[cfg(unix)]
#[path = "faults/siege.rs"]
mod siege;
#[cfg(unix)]
#[path = "faults/socket.rs"]
mod socket;
#[cfg(unix)]
#[path = "faults/stress.rs"]
mod stress;
#[cfg(unix)]
#[path = "faults/undelivered.rs"]
mod undelivered;
