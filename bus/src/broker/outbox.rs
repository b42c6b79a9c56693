//! Bytes on their way to one connection.
//!
//! Whoever routed a round writes it at once, without waiting. What the socket does not take is
//! left to the connection's own task, and until that is done nobody else writes: order is kept.

use std::io;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::transport::Stream;

/// Capacity an outbox keeps when it is empty, bytes; a burst's buffer is given back.
const KEPT_BYTES: usize = 64 << 10;

/// The outgoing bytes of one connection; owned by the hub.
#[derive(Debug)]
pub(super) struct Outbox {
    stream: Arc<Stream>,
    /// Not yet handed to the socket.
    bytes: Vec<u8>,
    /// Taken by the connection's task and not yet written.
    in_task: usize,
    /// Whether the connection's task is writing; then nobody else does.
    blocked: bool,
    /// Wakes the connection's task.
    wake: Arc<Notify>,
    /// A write failed; the connection's task will find out and end.
    failed: bool,
}

impl Outbox {
    pub(super) fn new(stream: Arc<Stream>, wake: Arc<Notify>) -> Self {
        Self { stream, bytes: Vec::new(), in_task: 0, blocked: false, wake, failed: false }
    }

    /// Where frames are appended.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Bytes not yet taken by the socket.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() + self.in_task
    }

    /// Writes what the socket takes right now.
    pub(super) fn flush(&mut self) {
        if self.blocked || self.failed || self.bytes.is_empty() {
            return;
        }
        let mut written = 0;
        while written < self.bytes.len() {
            match self.stream.try_write(&self.bytes[written..]) {
                Ok(bytes) => written += bytes,
                Err(error) => {
                    self.failed = error.kind() != io::ErrorKind::WouldBlock;
                    self.blocked = true;
                    self.wake.notify_one();
                    break;
                }
            }
        }
        if written == self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_BYTES);
        } else {
            self.bytes.drain(..written);
        }
    }

    /// For the connection's task: everything to write, or `None` when it is done and whoever
    /// routes writes again.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        self.in_task = self.bytes.len();
        self.blocked = self.in_task > 0;
        self.blocked.then(|| std::mem::take(&mut self.bytes))
    }
}
