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
    /// Whole frames, of which the first `written` bytes are in the socket.
    bytes: Vec<u8>,
    written: usize,
    /// Taken by the connection's task and not yet written.
    in_task: usize,
    /// Whether the connection's task is writing; then nobody else does.
    blocked: bool,
    /// Wakes the connection's task.
    wake: Arc<Notify>,
    /// A write failed; the connection's task will find out and end.
    failed: bool,
    replies: Replies,
}

/// How many bytes of answers the peer has not taken yet. Counted in two generations instead of a
/// list of answers, so it may be above the truth for a while and is never below it.
#[derive(Debug, Default)]
struct Replies {
    /// Appended before `boundary`.
    older: usize,
    /// Appended since.
    newer: usize,
    /// Bytes appended in all when the count of `newer` began.
    boundary: u64,
    /// Bytes written in all.
    written: u64,
}

/// What the connection's task writes in the hub's stead.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    /// Whole frames.
    pub(super) bytes: Vec<u8>,
    /// How many of them are in the socket.
    pub(super) written: usize,
}

impl Outbox {
    pub(super) fn new(stream: Arc<Stream>, wake: Arc<Notify>) -> Self {
        Self {
            stream,
            bytes: Vec::new(),
            written: 0,
            in_task: 0,
            blocked: false,
            wake,
            failed: false,
            replies: Replies::default(),
        }
    }

    /// Where frames are appended.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Bytes not yet taken by the socket.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.written + self.in_task
    }

    /// An answer was appended.
    pub(super) fn replied(&mut self, bytes: usize) {
        self.replies.newer += bytes;
    }

    /// Bytes of answers the peer has not taken, at most.
    pub(super) fn unread_reply_bytes(&mut self) -> usize {
        let appended = self.replies.written + self.len() as u64;
        self.replies.turn(appended);
        self.replies.older + self.replies.newer
    }

    /// Writes what the socket takes right now.
    pub(super) fn flush(&mut self) {
        if self.blocked || self.failed || self.bytes.is_empty() {
            return;
        }
        while self.written < self.bytes.len() {
            match self.stream.try_write(&self.bytes[self.written..]) {
                Ok(bytes) => {
                    self.written += bytes;
                    self.replies.written += bytes as u64;
                }
                Err(error) => {
                    self.failed = error.kind() != io::ErrorKind::WouldBlock;
                    self.blocked = true;
                    self.wake.notify_one();
                    break;
                }
            }
        }
        if self.written == self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_BYTES);
            self.written = 0;
        }
    }

    /// For the connection's task: everything to write, or `None` when it is done and whoever
    /// routes writes again.
    pub(super) fn take(&mut self) -> Option<Unwritten> {
        self.replies.written += self.in_task as u64;
        self.in_task = self.bytes.len() - self.written;
        self.blocked = self.in_task > 0;
        self.blocked.then(|| Unwritten {
            bytes: std::mem::take(&mut self.bytes),
            written: std::mem::take(&mut self.written),
        })
    }
}

impl Unwritten {
    /// What is still to write, if anything.
    pub(super) fn rest(&self) -> Option<&[u8]> {
        self.bytes.get(self.written..).filter(|rest| !rest.is_empty())
    }
}

impl Replies {
    /// Forgets what has gone.
    fn turn(&mut self, appended: u64) {
        if self.written == appended {
            self.newer = 0;
        }
        if self.written >= self.boundary {
            self.older = std::mem::take(&mut self.newer);
            self.boundary = appended;
        }
    }
}
