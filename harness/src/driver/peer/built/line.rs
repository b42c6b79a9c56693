//! A connection to a server: what waits to be written, who writes it, and what was read.
//!
//! As our own client does: whoever finds nothing waiting writes at once, from its own thread; one that
//! publishes in quick succession appends, and writes whenever enough has gathered. The rest is the
//! writer's.

use std::io;
use std::task::{Context, Poll, ready};

use daemoneye_eventbus::clock::monotonic_ns;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::socket::Stream;

/// Publishes closer together than this are a flood, nanoseconds; as for our own client.
const FLOOD_GAP_NS: u64 = 5_000;
/// Bytes a publisher gathers before it writes them itself; as for our own client.
const GATHER_BYTES: usize = 16 << 10;
/// Bytes that may wait; then a publisher waits. As for our own client.
const OUTBOX_LIMIT_BYTES: usize = 1 << 20;
/// Bytes read at once at most, but for a longer message; as for our own client.
const READ_BYTES: usize = 64 << 10;
/// A message longer than this is none, bytes.
const MESSAGE_LIMIT_BYTES: usize = 2 << 20;

/// A connection that is written to by a publisher and its writer.
pub(super) struct Line {
    pub(super) stream: Stream,
    /// A lock, as two threads write; held for an append and at most one write that never waits.
    outbox: Mutex<Outbox>,
    /// Something waits for the writer.
    wake: Notify,
    /// There is room again, or nothing will be taken any more.
    room: Notify,
}

#[derive(Default)]
struct Outbox {
    gathered: Vec<u8>,
    /// The writer is writing, or about to; nobody else does.
    with_writer: bool,
    last_ns: u64,
    /// Why nothing is taken any more.
    ended: Option<String>,
}

impl Line {
    pub(super) fn new(stream: Stream) -> Self {
        let (wake, room) = (Notify::new(), Notify::new());
        Self { stream, outbox: Mutex::new(Outbox::default()), wake, room }
    }

    /// Appends what `put` writes once there is room, and writes it if nobody else does; the reason
    /// where nothing is taken any more.
    pub(super) async fn say(&self, mut put: impl FnMut(&mut Vec<u8>)) -> Result<(), String> {
        loop {
            if let Some(said) = self.try_say(&mut put) {
                return said;
            }
            let room = self.room.notified();
            tokio::pin!(room);
            room.as_mut().enable();
            if let Some(said) = self.try_say(&mut put) {
                return said;
            }
            room.await;
        }
    }

    /// `None` while there is no room.
    fn try_say(&self, put: &mut impl FnMut(&mut Vec<u8>)) -> Option<Result<(), String>> {
        let mut outbox = self.outbox.lock();
        if let Some(why) = &outbox.ended {
            return Some(Err(why.clone()));
        }
        if outbox.gathered.len() >= OUTBOX_LIMIT_BYTES {
            return None;
        }
        put(&mut outbox.gathered);
        let now_ns = monotonic_ns();
        let in_flood = now_ns.saturating_sub(outbox.last_ns) < FLOOD_GAP_NS;
        outbox.last_ns = now_ns;
        let waits = in_flood && outbox.gathered.len() < GATHER_BYTES;
        if !outbox.with_writer && (waits || !self.write_now(&mut outbox.gathered)) {
            outbox.with_writer = true;
            drop(outbox);
            self.wake.notify_one();
        }
        Some(Ok(()))
    }

    /// Whether everything is written.
    fn write_now(&self, gathered: &mut Vec<u8>) -> bool {
        let mut written = 0;
        while written < gathered.len() {
            match self.stream.try_write(&gathered[written..]) {
                Ok(bytes) => written += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Whether it is full or broken, the writer will find out.
                Err(_) => break,
            }
        }
        gathered.drain(..written);
        gathered.is_empty()
    }

    /// The writer: ends when a write fails.
    pub(super) async fn write_all(&self) {
        let mut in_hand = Vec::new();
        loop {
            let mut written = 0;
            while written < in_hand.len() {
                match self.stream.write_some(&in_hand[written..]).await {
                    Ok(bytes) => written += bytes,
                    Err(error) => return self.end(&error.to_string()),
                }
            }
            in_hand = self.take(in_hand);
            self.room.notify_waiters();
            if in_hand.is_empty() {
                self.wake.notified().await;
            }
        }
    }

    /// What has gathered, for an empty buffer in its place; without any, publishers write again.
    fn take(&self, mut buffer: Vec<u8>) -> Vec<u8> {
        buffer.clear();
        let mut outbox = self.outbox.lock();
        std::mem::swap(&mut buffer, &mut outbox.gathered);
        outbox.with_writer = !buffer.is_empty();
        buffer
    }

    /// Nothing is taken any more, for this reason.
    pub(super) fn end(&self, why: &str) {
        self.outbox.lock().ended.get_or_insert_with(|| why.to_owned());
        self.room.notify_waiters();
        self.stream.close();
    }
}

/// What was read of a connection and not yet taken.
pub(super) struct Reading {
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
}

impl Reading {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; READ_BYTES], begin: 0, end: 0 }
    }

    pub(super) fn filled(&self) -> &[u8] {
        &self.buffer[self.begin..self.end]
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.begin += bytes;
    }

    /// Reads what is there; false at the end.
    pub(super) fn poll_fill(
        &mut self,
        stream: &Stream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<bool>> {
        if self.begin > 0 {
            self.buffer.copy_within(self.begin..self.end, 0);
            (self.begin, self.end) = (0, self.end - self.begin);
        }
        if self.end == self.buffer.len() {
            if self.end >= MESSAGE_LIMIT_BYTES {
                return Poll::Ready(Err(io::Error::other("a message over the limit")));
            }
            self.buffer.resize(self.end * 2, 0);
        }
        let read = ready!(stream.poll_read(cx, &mut self.buffer[self.end..]))?;
        self.end += read;
        Poll::Ready(Ok(read > 0))
    }
}
