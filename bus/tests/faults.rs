//! An adversary at the broker's socket and at the client's: whatever a peer does, it is told and
//! closed, its slot is free again, and nobody else is harmed (C10, C13, C14, W1–W4, W7, W8).
//!
//! The peers speak by hand over plain sockets or pipes. Tests of socket files are for Unix, where
//! they are, and so are those whose peer reads and writes at the same time; what a pipe does
//! otherwise is said at the tests that are ignored for it. Leaks of descriptors and threads have a
//! process of their own, `faults_leak.rs`.

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

#[cfg(unix)]
#[path = "faults/deaf.rs"]
mod deaf;
#[path = "faults/denied.rs"]
mod denied;
#[path = "faults/ending.rs"]
mod ending;
#[path = "faults/envelope.rs"]
mod envelope;
#[path = "faults/fake_broker.rs"]
mod fake_broker;
#[path = "faults/flood.rs"]
mod flood;
#[path = "faults/garbage.rs"]
mod garbage;
#[path = "faults/handshake.rs"]
mod handshake;
#[path = "faults/heartbeat.rs"]
mod heartbeat;
#[path = "faults/identity.rs"]
mod identity;
#[path = "faults/inspection.rs"]
mod inspection;
#[path = "faults/killed.rs"]
mod killed;
#[path = "faults/lanes.rs"]
mod lanes;
#[path = "faults/limits.rs"]
mod limits;
#[path = "faults/returning.rs"]
mod returning;
#[cfg(unix)]
#[path = "faults/selfish.rs"]
mod selfish;
#[path = "faults/siege.rs"]
mod siege;
#[cfg(unix)]
#[path = "faults/socket.rs"]
mod socket;
#[path = "faults/stress.rs"]
mod stress;
#[path = "faults/undelivered.rs"]
mod undelivered;
