//! What a client has accepted and not yet written, and when it is written.
//!
//! A publisher that finds the outbox idle writes at once, from its own thread. One that publishes
//! in quick succession appends, and writes whenever enough has gathered; the session's writer
//! picks up the rest. So a single event waits for nobody, and a flood costs one system call for
//! hundreds.

use std::io;

use super::ledger::Ledger;
use crate::transport::Stream;

/// Publishes closer together than this are a flood, nanoseconds: about the cost of one write, so
/// that gathering begins to pay where writing each would keep the publisher busy.
const FLOOD_GAP_NS: u64 = 5_000;
/// Bytes a publisher gathers before it writes them itself: measured, larger gains under 5 %.
const GATHER_BYTES: usize = 16 << 10;
/// Capacity a buffer keeps when it is empty, bytes.
const KEPT_BYTES: usize = 64 << 10;

/// Bytes on their way to the broker. One lock guards it, held for an append and at most one write
/// that never waits.
#[derive(Debug)]
pub(super) struct Outbox {
    /// Frames that must not wait behind events: credits, requests, signs of life.
    control: Vec<u8>,
    /// Publish frames, and a goodbye at the very end.
    events: Vec<u8>,
    /// Being written; whole frames but for what is already gone.
    writing: Vec<u8>,
    written: usize,
    /// The session's writer is writing, or about to; nobody else does.
    with_writer: bool,
    /// Publish bytes written and not granted back; over the window events stay here.
    ungranted_bytes: u64,
    window_bytes: u64,
    /// Written or not, the events the broker may not have dealt with.
    ledger: Ledger,
    last_publish_ns: u64,
    failed: Option<io::ErrorKind>,
}

/// What the caller has to do after an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: it is written, or somebody will.
    Nothing,
    /// Wake the session's writer.
    WakeWriter,
}

impl Outbox {
    pub(super) fn new(window_bytes: u64) -> Self {
        Self {
            control: Vec::new(),
            events: Vec::new(),
            writing: Vec::new(),
            written: 0,
            with_writer: false,
            ungranted_bytes: 0,
            window_bytes,
            ledger: Ledger::default(),
            last_publish_ns: 0,
            failed: None,
        }
    }

    /// Event bytes accepted and not yet taken to be written.
    pub(super) fn event_bytes(&self) -> usize {
        self.events.len()
    }

    /// Events accepted and not known to have been dealt with by the broker.
    pub(super) fn undelivered(&self) -> u64 {
        self.ledger.outstanding()
    }

    /// Where publish frames are appended; [`published`](Self::published) must follow.
    pub(super) fn events(&mut self) -> &mut Vec<u8> {
        &mut self.events
    }

    /// Where other frames are appended; [`urgent`](Self::urgent) must follow.
    pub(super) fn control(&mut self) -> &mut Vec<u8> {
        &mut self.control
    }

    /// A publish frame of this many bytes was appended.
    pub(super) fn published(&mut self, stream: &Stream, now_ns: u64, bytes: usize) -> Next {
        self.ledger.accepted(bytes);
        let in_flood = now_ns.saturating_sub(self.last_publish_ns) < FLOOD_GAP_NS;
        self.last_publish_ns = now_ns;
        if self.with_writer {
            return Next::Nothing;
        }
        if in_flood && self.events.len() < GATHER_BYTES {
            self.with_writer = true;
            return Next::WakeWriter;
        }
        self.write_now(stream)
    }

    /// A frame that must not wait was appended.
    pub(super) fn urgent(&mut self, stream: &Stream) -> Next {
        if self.with_writer { Next::Nothing } else { self.write_now(stream) }
    }

    /// The broker dealt with publish bytes.
    pub(super) fn granted(&mut self, stream: &Stream, bytes: u64) -> Next {
        self.ungranted_bytes = self.ungranted_bytes.saturating_sub(bytes);
        self.ledger.granted(bytes);
        if self.events.is_empty() { Next::Nothing } else { self.urgent(stream) }
    }

    fn write_now(&mut self, stream: &Stream) -> Next {
        while self.gather() {
            match stream.try_write(&self.writing[self.written..]) {
                Ok(bytes) => self.written += bytes,
                Err(error) => {
                    if error.kind() != io::ErrorKind::WouldBlock {
                        self.failed = Some(error.kind());
                    }
                    self.with_writer = true;
                    return Next::WakeWriter;
                }
            }
        }
        Next::Nothing
    }

    /// For the session's writer: the next bytes to write, or `None` when publishers write again.
    pub(super) fn take(&mut self) -> Option<Vec<u8>> {
        self.with_writer = self.gather();
        if !self.with_writer {
            return None;
        }
        let mut bytes = std::mem::take(&mut self.writing);
        bytes.drain(..self.written);
        self.written = 0;
        Some(bytes)
    }

    /// Puts what may be written into `writing`; false if there is nothing.
    fn gather(&mut self) -> bool {
        if self.written < self.writing.len() {
            return true;
        }
        self.writing.clear();
        self.writing.shrink_to(KEPT_BYTES);
        self.written = 0;
        self.writing.append(&mut self.control);
        if self.ungranted_bytes < self.window_bytes && !self.events.is_empty() {
            self.ungranted_bytes += self.events.len() as u64;
            if self.writing.is_empty() {
                std::mem::swap(&mut self.writing, &mut self.events);
            } else {
                self.writing.append(&mut self.events);
            }
        }
        !self.writing.is_empty()
    }
}
